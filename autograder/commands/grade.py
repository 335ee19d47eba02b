"""`autograder grade`: one notebook, or a whole class."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder import bank, classroom, gpu, notebook, regrade, truth
from autograder.commands import DONE, SHORT, UNGRADED, Commands, positive
from autograder.course import Course
from autograder.errors import NotGraded, UsageError
from autograder.faults import told
from autograder.lab import Lab
from autograder.lock import one_writer
from autograder.result import GRADED, NOT_GRADED, Result
from autograder.sandbox import LAYERS, UNSANDBOXED
from autograder.terminal import bar, follow, say
from autograder.workers import Grader, Workers

if TYPE_CHECKING:
    from autograder.cluster import Cluster


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("grade", help="grade a notebook, or a whole class")
    command.add_argument("what", metavar="FILE.ipynb|LAB", help="a notebook, or a lab's name")
    command.add_argument("--lab", help="the lab of FILE.ipynb, if its name does not say")
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.add_argument("--device", choices=["auto", "cpu", "gpu"], default="auto")
    command.add_argument(
        "--jobs",
        type=positive,
        help="workers (default: as cores, memory and the GPU's memory allow)",
    )
    again = command.add_mutually_exclusive_group()
    again.add_argument("--force", action="store_true", help="grade again what is graded")
    again.add_argument(
        "--regrade",
        action="store_true",
        help="grade again what a changed grader may see otherwise; says whose score moves; asks",
    )
    command.add_argument("--yes", action="store_true", help="with --regrade: do not ask")
    command.add_argument(
        "--no-sandbox",
        action="store_true",
        help="run submissions without bubblewrap: they see the machine, and the network",
    )
    elsewhere = command.add_mutually_exclusive_group()
    elsewhere.add_argument(
        "--scheduler", metavar="ADDRESS", help="grade a class on the workers of a Dask scheduler"
    )
    for option, what in (
        ("--slurm", "dask_jobqueue.SLURMCluster"),
        ("--kubernetes", "KubeCluster"),
    ):
        elsewhere.add_argument(
            option,
            metavar="FILE",
            type=Path,
            help=f"grade a class on workers of its own: YAML, the arguments of Dask's {what}",
        )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Grades what is named; prints the scores and why."""
    path = Path(options.what)
    course = Course.find()
    if options.yes and not options.regrade:
        raise UsageError("--yes goes with --regrade: nothing else asks.")
    if options.what in course.lab_names and not path.is_file():
        return _grade_class(course, course.lab(options.what), options)
    if path.suffix != ".ipynb" and not path.is_file():
        course.lab(options.what)  # says which labs there are
    if options.scheduler or options.slurm or options.kubernetes:
        raise UsageError("A cluster grades a class, one notebook is graded here: name a lab.")
    if options.regrade:
        raise UsageError("--regrade is for a class: name a lab.")
    return _grade_file(course, path, options)


def _device(wanted: str) -> str:
    """The device to use."""
    if wanted == "gpu" and not gpu.present():
        raise UsageError("There is no GPU on this machine: use --device cpu.")
    return "gpu" if wanted != "cpu" and gpu.present() else "cpu"


def _layers(options: argparse.Namespace) -> tuple[str, ...]:
    return UNSANDBOXED if options.no_sandbox else LAYERS


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
        layers = _layers(options)
        _prepare(course, lab, device, layers)
        grader = Grader(course, lab, device, layers=layers)
        try:
            result = grader.grade(str(path), document)
        finally:
            grader.close()
    if options.json:
        print(json.dumps(result.summary(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        _show(result)
    return DONE if result.status == GRADED else UNGRADED


def _prepare(course: Course, lab: Lab, device: str, layers: tuple[str, ...]) -> None:
    """Does, with a progress bar, what has to be done once for a course."""
    if bank.known(course, truth.load(course, lab), device):
        return
    with Workers(course, lab, device, layers=layers) as workers, bar() as lines:
        workers.prepare(follow(lines, f"{lab.name}: its chaffs, once for this course"))


def _named(course: Course, path: Path) -> str:
    return path.stem if path.stem in course.lab_names else ""


def _lab_of(course: Course, path: Path, document: Any) -> Lab:
    """The lab that a notebook belongs to: by its name, or by the cells that it has."""
    if path.stem in course.lab_names:
        return course.lab(path.stem)
    names = {notebook.grade_id(cell) for cell in document.cells} - {""}
    lab = notebook.closest(names, course.labs())
    if lab is None:
        raise UsageError(f"Which lab is {path.name}? Say it with --lab LAB.")
    return lab


def _show(result: Result) -> None:
    console = Console(highlight=False)
    if result.status != GRADED:
        console.print(f"{result.submission}: not graded. {result.reason}", markup=False)
        return
    for clause in result.conduct:
        console.print(f"Suspicious: this submission {clause}.", markup=False)
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
    with told(), one_writer(course), _workers(course, lab, options) as workers:
        with bar() as lines:
            workers.prepare(follow(lines, f"{lab.name}: its chaffs, once for this course"))
            progress = follow(lines, f"{lab.name}: submissions")
            if not options.regrade:
                results = classroom.grade(
                    course, lab, workers, force=options.force, progress=progress
                )
            else:
                proposal = regrade.propose(course, lab, workers, progress)
        if options.regrade:
            return _regrade_class(course, lab, workers, proposal, options)
    if options.json:
        print(json.dumps([result.summary() for result in results], ensure_ascii=False, indent=2))
    else:
        _show_class(course, lab, results, time.monotonic() - started)
        old = regrade.affected(course, lab, workers.device)
        if old:
            say(
                f"{len(old)} of these scores are from before the grader changed: "
                f"`autograder grade {lab.name} --regrade` says which of them would move, and asks."
            )
    return DONE if all(result.status == GRADED for result in results) else UNGRADED


@contextmanager
def _workers(course: Course, lab: Lab, options: argparse.Namespace) -> Iterator[Workers]:
    """The workers that are asked for: of this machine, or of a cluster."""
    layers, place = _layers(options), _place(options)
    if place is None:
        with Workers(course, lab, _device(options.device), options.jobs, layers=layers) as workers:
            yield workers
        return
    with place as cluster:
        device = cluster.device(options.device)
        executor = cluster.executor(device)
        with Workers(
            course, lab, device, cluster.size, layers=layers, executor=executor
        ) as workers:
            yield workers


def _place(options: argparse.Namespace) -> AbstractContextManager[Cluster] | None:
    """Where else than on this machine a class is graded."""
    if not (options.scheduler or options.slurm or options.kubernetes):
        return None
    try:
        from autograder import cluster
    except ImportError:
        raise UsageError(
            "Workers on other machines need Dask: install it with `pip install distributed`."
        ) from None
    if options.scheduler:
        if options.jobs:
            raise UsageError("A scheduler has the workers that it has: leave --jobs out.")
        return cluster.reached(options.scheduler)
    kind = "slurm" if options.slurm else "kubernetes"
    return cluster.started(kind, getattr(options, kind), options.jobs)


def _regrade_class(
    course: Course,
    lab: Lab,
    workers: Workers,
    proposal: regrade.Proposal,
    options: argparse.Namespace,
) -> int:
    """Shows whose score moves; writes it if that is wanted, or if nothing moves."""
    if not options.json:
        _show_moves(lab, proposal)
    agreed = options.yes or not proposal.moves or _agrees()
    if agreed:
        regrade.write(course, lab, workers, proposal)
    if options.json:
        data = {
            "students": proposal.students,
            "moves": [asdict(move) for move in proposal.moves],
            "failed": [result.summary() for result in proposal.failed],
            "written": agreed,
        }
        print(json.dumps(data, ensure_ascii=False, indent=2))
    elif not agreed:
        say("Nothing was written; the new results wait: the same command asks again, or --yes.")
    if not agreed:
        return SHORT
    return UNGRADED if proposal.failed else DONE


def _agrees() -> bool:
    """Whether a person says so; where there is none, nobody has."""
    if not sys.stdin.isatty():
        return False
    say("Write these scores into the gradebook? [y/N]")
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _show_moves(lab: Lab, proposal: regrade.Proposal) -> None:
    console = Console(highlight=False)
    table = Table("student", "cell", "score", "why", title=f"{lab.name}: scores that move")
    for move in proposal.moves:
        old, new = ("none" if each is None else f"{each:.2f}" for each in (move.old, move.new))
        held = "" if move.by_hand is None else f"\n{move.by_hand:g} by hand: that counts"
        row = (move.student, move.cell, f"{old} → {new}{held}", move.why)
        table.add_row(*map(Text, row))
    if proposal.moves:
        console.print(table)
    for result in proposal.failed:
        console.print(
            f"{result.submission} keeps its score: it could not be graded again. {result.reason}",
            markup=False,
        )
    moved = len({move.student for move in proposal.moves})
    console.print(
        f"{len(proposal.students)} were graded again, since what their result depends on has "
        f"changed; the score of {moved} moves."
    )


def _show_class(course: Course, lab: Lab, results: list[Result], seconds: float) -> None:
    """Prints a line for each student.

    Args:
        course: The course.
        lab: The lab.
        results: Their results.
        seconds: How long grading took.
    """
    console = Console(highlight=False)
    table = Table("student", "score", "what to say", title=lab.name)
    roster = {student.id for student in course.settings.students}
    for result in results:
        if result.status != GRADED:
            table.add_row(result.submission, "not graded", result.reason)
            continue
        names = dict.fromkeys(name for cell in result.cells for name in cell.misconceptions)
        untouched = all(cell.status == "not attempted" for cell in result.cells if cell.score == 0)
        said = ", ".join(name.replace("_", " ") for name in names)
        if not said and result.score < result.max_score:
            said = "not attempted" if untouched and not result.score else "see the feedback"
        stranger = "not in the roster" if roster and result.submission not in roster else ""
        conduct = [f"suspicious: it {clause}" for clause in result.conduct]
        said = "\n".join(filter(None, [said, *result.remarks, *conduct, stranger]))
        table.add_row(result.submission, f"{result.score:.2f} / {result.max_score:g}", said)
    console.print(table)
    graded = sum(result.status == GRADED for result in results)
    console.print(
        f"{graded} graded, {len(results) - graded} not graded, in {seconds:.0f} s. "
        f"Feedback is in feedback/, scores in nbgrader's gradebook."
    )
