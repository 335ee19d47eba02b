"""`make screenshots`: the pictures of README.md and of `docs/`, of a class made for them.

The window, the class and the seed are always the same, so the pictures change with what is on them.
"""

import shutil
import tempfile
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from PIL import Image

from autograder import bank
from autograder.course import Course
from autograder.init import init
from autograder.notebook import grade_id
from autograder.release import enter
from browser import desk

ROOT = Path(__file__).parents[2]
LAB = "lab06_depthwise_conv"
ANSWER = (
    "Output channel 5 of every layer sees input channel 5 only, so the last one does, too. "
    "ReLU works on each number alone. A larger multiplier looks at the same channel more often."
)
COMMENT = "Right. And the smallest cure, in numbers?"
CLASS = {
    "ada": "windows_gathered",
    "ben": "kernel_flipped",
    "cleo": "matmul_per_channel",
    "dan": "multiplier_major",
    "eve": "picture_rolled",
    "finn": "kernel_flipped",
    "gita": "same_padding_symmetric",
    "hugo": "dilation_ignored",
    "iris": "kernel_flipped",
    "jan": "same_padding_symmetric",
    "kim": "strides_as_phases",
    "lea": "bias_left_out",
}
"""Students, and what of the lab's bank they hand in."""


def card(browser, person, folder):
    """What a student sees after `check` of a wrong layer."""
    lab = Course(ROOT).lab(LAB)
    notebook = lab.release
    shutil.copytree(ROOT / "labs" / LAB, person.folder / LAB)
    (chaff,) = [chaff for chaff in lab.chaffs if chaff.name == "kernel_flipped"]
    (wrong,) = [
        cell.source
        for cell in bank.notebook(lab, chaff).cells
        if grade_id(cell) == "depthwise_conv2d"
    ]
    with person.jupyter() as address, desk.sheet(browser, folder, (1280, 1000)) as page:
        page.goto(f"{address}/lab/tree/{LAB}/{LAB}.ipynb")
        desk.settle(page)
        desk.write(page, desk.cell(page, notebook, "depthwise_conv2d"), wrong)
        for name in ("imports", "depthwise_conv2d", "check_depthwise_conv2d"):
            desk.run_cell(page, desk.cell(page, notebook, name))
        desk.cell(page, notebook, "check_depthwise_conv2d").screenshot(path=folder / "check.png")


def formgrader(browser, person, folder):
    """A written answer beside its rubric, in manual grading."""
    with person.jupyter() as address, desk.sheet(browser, folder, (1280, 900)) as page:
        page.goto(f"{address}/formgrader/gradebook/{LAB}/{LAB}")
        page.locator("#main-table a").first.click()
        desk.give(page, "written_answer", "2", COMMENT)
        page.evaluate(
            "document.querySelector('#written_answer').closest('.panel').scrollIntoView()"
        )
        page.evaluate("window.scrollBy(0, -70)")  # from under formgrader's bar
        page.screenshot(path=folder / "formgrader.png")


def paper(browser, path, picture, size):
    """The top of a page that lies on disk."""
    with desk.sheet(browser, picture.parent, size) as page:
        page.goto(path.as_uri())
        page.screenshot(path=picture)


PICTURES = ("check.png", "feedback.png", "formgrader.png", "report.png")


def take(browser, folder):
    """Takes all pictures.

    Args:
        browser: The browser.
        folder: Where they and all that they need are made.
    """
    student = desk.Person(folder / "student", folder / "state", folder / "exchange", "cnn")
    card(browser, student, folder)
    original = Course(ROOT)
    course = init(folder / "course", [LAB], course_id="cnn")
    shutil.copytree(ROOT / "labs" / LAB, course.root / "labs" / LAB)
    if original.state.is_dir():
        shutil.copytree(original.state, course.state)
    lab = course.lab(LAB)
    enter(course, lab)
    solutions = {solution.name: solution for solution in (*lab.wheats, *lab.chaffs)}
    for name, solution in CLASS.items():
        notebook = bank.notebook(lab, solutions[solution])
        for cell in notebook.cells:
            if grade_id(cell) == "written_answer":
                cell.source = ANSWER
        path = course.root / "submitted" / name / LAB / f"{LAB}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    instructor = desk.Person(course.root, folder / "desk", folder / "exchange", "cnn")
    instructor.run("autograder", "grade", LAB)
    formgrader(browser, instructor, folder)
    # Formgrader shuffles submissions: so that the feedback is always the same, all get a grade.
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "cnn") as book:
        for name in CLASS:
            grade = book.find_grade("written_answer", LAB, LAB, name)
            grade.manual_score, grade.needs_manual_grade = 2, False
            book.find_comment("written_answer", LAB, LAB, name).manual_comment = COMMENT
        book.db.commit()
    instructor.run("nbgrader", "generate_feedback", LAB, "--force")
    instructor.run("autograder", "report")
    feedback = course.root / "feedback" / "ben" / LAB / f"{LAB}.html"
    paper(browser, feedback, folder / "feedback.png", (1000, 900))
    paper(browser, course.root / "report.html", folder / "report.png", (1280, 1100))


def main():
    """Puts the pictures into `docs/`, in few colours: they are small then."""
    with tempfile.TemporaryDirectory() as folder, desk.chromium() as browser:
        take(browser, Path(folder))
        for name in PICTURES:
            with Image.open(Path(folder, name)) as picture:
                few = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
            few.save(ROOT / "docs" / name, optimize=True)
            print(ROOT / "docs" / name)


if __name__ == "__main__":
    main()
