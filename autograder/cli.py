"""The `autograder` command. Exit status: 0 done, 1 something falls short, 2 bad usage, 3 not
graded.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from autograder import bank, book, classroom, fill, notebook, scaffold, truth
from autograder.course import Course
from autograder.errors import NotGraded, UsageError
from autograder.host import Template, TemplateDied
from autograder.lab import Lab
from autograder.result import GRADED, NOT_GRADED, Result
from autograder.subject.limits import Limits
from autograder.workers import Grader, Workers

DONE, SHORT, USAGE, UNGRADED = 0, 1, 2, 3

_messages = Console(stderr=True, highlight=False)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: Those of the command line, by default the process's own.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except UsageError as error:
        _messages.print(f"autograder: {error}", markup=False, soft_wrap=True)
        return USAGE
    except TemplateDied as error:
        _messages.print(f"autograder: {error}", markup=False, soft_wrap=True)
        return UNGRADED
    except KeyboardInterrupt:
        _messages.print("autograder: stopped; run the same command again to go on.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder", description="Builds, releases, grades and proves the labs of a course."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("grade", help="grade a notebook, or a whole class")
    command.add_argument("what", metavar="FILE.ipynb|LAB", help="a notebook, or a lab's name")
    command.add_argument("--lab", help="the lab of FILE.ipynb, if its name does not say")
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.add_argument("--device", choices=["auto", "cpu", "gpu"], default="auto")
    command.add_argument("--jobs", type=_positive, help="workers for a class (default: cores)")
    command.add_argument("--force", action="store_true", help="grade again what is graded")
    command.set_defaults(run=_grade)

    command = commands.add_parser("fill", help="make a submission from a plain Python file")
    command.add_argument("lab", metavar="LAB")
    command.add_argument("file", metavar="FILE.py", type=Path)
    command.add_argument("-o", "--output", metavar="OUT.ipynb", type=Path)
    command.set_defaults(run=_fill)

    command = commands.add_parser("verify", help="prove labs: solution, stub, wheats, chaffs")
    command.add_argument("labs", metavar="LAB", nargs="*")
    command.add_argument("--json", action="store_true", help="print the proof as JSON")
    command.add_argument("--jobs", type=_positive, help="workers (default: cores)")
    command.set_defaults(run=_verify)

    command = commands.add_parser("new", help="start a lab: both folders, with an example")
    command.add_argument("lab", metavar="LAB")
    command.set_defaults(run=_new)

    command = commands.add_parser("release", help="generate labs/ and solutions/ from source/")
    command.add_argument("labs", metavar="LAB", nargs="*")
    command.add_argument("--check", action="store_true", help="only say whether they are fresh")
    command.set_defaults(run=_release)

    command = commands.add_parser("book", help="build the course book: docs/ and the solutions")
    command.add_argument("-o", "--output", metavar="DIR", type=Path)
    command.add_argument("--no-run", action="store_true", help="do not execute the notebooks")
    command.set_defaults(run=_book)

    command = commands.add_parser("report", help="write the report of a class as a web page")
    command.add_argument("labs", metavar="LAB", nargs="*")
    command.add_argument("-o", "--output", metavar="OUT.html", type=Path)
    command.set_defaults(run=_report)
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _device(wanted: str) -> str:
    """The device to use; a GPU is there if its driver's device file is."""
    present = Path("/dev/nvidia0").exists()
    if wanted == "gpu" and not present:
        raise UsageError("There is no GPU on this machine: use --device cpu.")
    return "gpu" if present and wanted != "cpu" else "cpu"


def _grade(options: argparse.Namespace) -> int:
    path = Path(options.what)
    course = Course.find()
    if options.what in course.lab_names and not path.is_file():
        return _grade_class(course, course.lab(options.what), options)
    if path.suffix != ".ipynb" and not path.is_file():
        course.lab(options.what)  # says which labs there are
    return _grade_file(course, path, options)


def _grade_file(course: Course, path: Path, options: argparse.Namespace) -> int:
    if not path.is_file():
        raise UsageError(f"There is no file {path}.")
    device = _device(options.device)
    try:
        document = notebook.read(path)
    except NotGraded as cause:
        name = course.lab(options.lab).name if options.lab else _named(course, path)
        result = Result(name, str(path), NOT_GRADED, str(cause), device)
    else:
        lab = course.lab(options.lab) if options.lab else _lab_of(course, path, document)
        _prepare(course, lab, device)
        grader = Grader(course, lab, device)
        try:
            result = grader.grade(str(path), document)
        finally:
            grader.close()
    if options.json:
        print(json.dumps(result.summary(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        _show(result)
    return DONE if result.status == GRADED else UNGRADED


def _prepare(course: Course, lab: Lab, device: str) -> None:
    """Does, with a progress bar, what has to be done once for a course."""
    if bank.known(course, truth.load(course, lab), device):
        return
    with Workers(course, lab, device) as workers, _bar() as bar:
        workers.prepare(_follow(bar, f"{lab.name}: its chaffs, once for this course"))


def _named(course: Course, path: Path) -> str:
    return path.stem if path.stem in course.lab_names else ""


def _lab_of(course: Course, path: Path, document: Any) -> Lab:
    """The lab that a notebook belongs to: by its name, or by the cells that it has."""
    if path.stem in course.lab_names:
        return course.lab(path.stem)
    names = {notebook.grade_id(cell) for cell in document.cells} - {""}
    shared = {
        lab.name: len(names & {notebook.grade_id(cell) for cell in lab.release.cells})
        for lab in course.labs()
    }
    best = max(shared, key=lambda name: shared[name], default="")
    if not best or shared[best] < 2:
        raise UsageError(f"Which lab is {path.name}? Say it with --lab LAB.")
    return course.lab(best)


def _show(result: Result) -> None:
    console = Console(highlight=False)
    if result.status != GRADED:
        console.print(f"{result.submission}: not graded. {result.reason}", markup=False)
        return
    table = Table("cell", "points", "status", "why", title=f"{result.lab}: {result.submission}")
    for cell in result.cells:
        points = "by hand" if cell.score is None else f"{cell.score:.2f} / {cell.max_score:g}"
        named = [
            f"{name.replace('_', ' ')}: {text}"
            for name, text in zip(cell.misconceptions, cell.explanations, strict=True)
        ]
        table.add_row(cell.cell, points, cell.status, "\n".join([cell.message, *named]).strip())
    console.print(table)
    console.print(
        f"score {result.score:.2f} of {result.max_score:g}, "
        f"{result.seconds:.1f} s on the {result.device}"
    )


def _grade_class(course: Course, lab: Lab, options: argparse.Namespace) -> int:
    started = time.monotonic()
    classroom.handed_in(course, lab)
    with Workers(course, lab, _device(options.device), options.jobs) as workers, _bar() as bar:
        workers.prepare(_follow(bar, f"{lab.name}: its chaffs, once for this course"))
        progress = _follow(bar, f"{lab.name}: submissions")
        results = classroom.grade(course, lab, workers, force=options.force, progress=progress)
    if options.json:
        print(json.dumps([result.summary() for result in results], ensure_ascii=False, indent=2))
    else:
        show_class(lab, results, time.monotonic() - started)
    return DONE if all(result.status == GRADED for result in results) else UNGRADED


def _bar() -> Progress:
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    return Progress(*columns, TimeElapsedColumn(), console=_messages)


def _follow(bar: Progress, text: str) -> Callable[[int, int], None]:
    """A line of the progress bar, made when there is something to show."""
    tasks: list[TaskID] = []

    def progress(done: int, total: int) -> None:
        if not tasks:
            tasks.append(bar.add_task(text))
        bar.update(tasks[0], completed=done, total=total)

    return progress


def show_class(lab: Lab, results: list[Result], seconds: float) -> None:
    """Prints a line for each student.

    Args:
        lab: The lab.
        results: Their results.
        seconds: How long grading took.
    """
    console = Console(highlight=False)
    table = Table("student", "score", "what to say", title=lab.name)
    for result in results:
        if result.status != GRADED:
            table.add_row(result.submission, "not graded", result.reason)
            continue
        names = dict.fromkeys(name for cell in result.cells for name in cell.misconceptions)
        untouched = all(cell.status == "not attempted" for cell in result.cells if cell.score == 0)
        said = ", ".join(name.replace("_", " ") for name in names)
        if not said and result.score < result.max_score:
            said = "not attempted" if untouched and not result.score else "see the feedback"
        said = "\n".join(filter(None, [said, *result.remarks]))
        table.add_row(result.submission, f"{result.score:.2f} / {result.max_score:g}", said)
    console.print(table)
    graded = sum(result.status == GRADED for result in results)
    console.print(
        f"{graded} graded, {len(results) - graded} not graded, in {seconds:.0f} s. "
        f"Feedback is in feedback/, scores in nbgrader's gradebook."
    )


def _fill(options: argparse.Namespace) -> int:
    course = Course.find()
    lab = course.lab(options.lab)
    filled = fill.fill(lab.release, lab, options.file)
    output = options.output or Path(f"{lab.name}.ipynb")
    if output.exists() and options.output is None:
        raise UsageError(f"{output} is there already: say with -o where to write.")
    try:
        nbformat.write(filled, output)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from None
    print(output)
    return DONE


def _verify(options: argparse.Namespace) -> int:
    from autograder.verify import verify

    course = Course.find()
    proofs = []
    for lab in course.labs(options.labs):
        started = time.monotonic()
        with Workers(course, lab, "cpu", options.jobs) as workers:
            proofs.append(verify(course, lab, workers))
        _messages.print(f"{lab.name}: {time.monotonic() - started:.0f} s", markup=False)
    ok = all(proof.ok for proof in proofs)
    if options.json:
        data = {"ok": ok, "labs": [proof.as_data() for proof in proofs]}
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return DONE if ok else SHORT
    table = Table("lab", "solution", "stub", "wheats passed", "chaffs caught", "chaffs named", "ok")
    for proof in proofs:
        total = proof.chaffs["total"]
        table.add_row(
            proof.lab,
            f"{proof.solution['score']:g} / {proof.solution['max_score']:g}",
            f"{proof.stub['score']:g} / {proof.stub['max_score']:g}",
            f"{proof.wheats['passed']} / {proof.wheats['total']}",
            f"{proof.chaffs['caught']} / {total}",
            f"{proof.chaffs['named']} / {total}",
            "yes" if proof.ok else "NO",
        )
    console = Console(highlight=False)
    console.print(table)
    for proof in proofs:
        for problem in proof.problems:
            console.print(f"{proof.lab}: {problem}", markup=False, soft_wrap=True)
    return DONE if ok else SHORT


def _release(options: argparse.Namespace) -> int:
    from autograder.release import release, stale

    course = Course.find()
    out_of_date = []
    with Template(Limits()) as template:
        for lab in course.labs(options.labs):
            if options.check:
                out_of_date += stale(course, lab, template)
            else:
                release(course, lab, template)
                print(f"labs/{lab.name}, solutions/{lab.name}")
    for name in out_of_date:
        _messages.print(f"{name} is not what source/ gives: run `autograder release`.")
    return SHORT if out_of_date else DONE


def _new(options: argparse.Namespace) -> int:
    course = Course.find()
    for path in scaffold.new(course, options.lab):
        print(path)
    _messages.print(
        f"Fill in what says {scaffold.BLANK}, put your own lab in the example's place, then run "
        f"`autograder release {options.lab}` and `autograder verify {options.lab}`.",
        soft_wrap=True,
    )
    return DONE


def _book(options: argparse.Namespace) -> int:
    course = Course.find()
    output = options.output or course.root / "book"
    pages = book.build(course, output, run=not options.no_run)
    for page in pages:
        print(page)
    return DONE


def _report(options: argparse.Namespace) -> int:
    from autograder.report import write

    course = Course.find()
    output = options.output or course.root / "report.html"
    write(course, course.labs(options.labs), output)
    print(output)
    return DONE


if __name__ == "__main__":
    sys.exit(main())
