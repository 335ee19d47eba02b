"""A small course of two labs with a gradebook, for the tests of grades out and submissions in."""

import shutil
import warnings

from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from autograder.course import CONFIG, Course
from autograder.gradebook import existing

LAB, OTHER = "lab06_depthwise_conv", "lab02_mean_zero_init"
STUDENTS = {
    "ada": {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.edu",
        "lms_user_id": "1001",
    },
    "jose": {
        "first_name": "José",
        "last_name": "Núñez, Jr.",
        "email": "jose@example.edu",
        "lms_user_id": "1002",
    },
    "mallory": {"first_name": '=HYPERLINK("http://x")', "last_name": "@Mallory"},
    "sam1": {"first_name": "Sam", "last_name": "Smith"},
    "sam2": {"first_name": "Sam", "last_name": "Smith"},
}


def make(original, root):
    """The course; its gradebook knows the students, the labs and their cells, and no grade."""
    shutil.copyfile(original.root / CONFIG, root / CONFIG)
    for lab in (LAB, OTHER):
        for part in ("source", "labs"):
            (root / part / lab).mkdir(parents=True)
        shutil.copyfile(original.lab(lab).source, root / "source" / lab / f"{lab}.py")
        name = f"{lab}.ipynb"
        shutil.copyfile(original.root / "labs" / lab / name, root / "labs" / lab / name)
    (root / "gradebook.db").touch()
    course = Course(root)
    with existing(course) as book:
        for student, known in STUDENTS.items():
            book.add_student(student, **known)
        for lab in course.labs():
            book.add_assignment(lab.name)
            book.add_notebook(lab.name, lab.name)
            for cell in lab.graded_cells:
                book.add_grade_cell(
                    cell.grade_id, lab.name, lab.name, max_score=cell.points, cell_type="code"
                )
                if cell.by_hand:
                    book.add_solution_cell(cell.grade_id, lab.name, lab.name)
    return course


def score(book: Gradebook, lab, student, share=1.0):
    """Enters a submission with this share of the points of every automatically graded cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, at every new submission
        submission = book.add_submission(lab.name, student)
    for cell in lab.graded_cells:
        grade = book.find_grade(cell.grade_id, lab.name, lab.name, student)
        grade.needs_manual_grade = cell.by_hand
        grade.auto_score = None if cell.by_hand else share * cell.points
    book.db.commit()
    return submission
