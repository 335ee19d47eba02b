"""Grades for Moodle: the CSV file that its gradebook imports.

Moodle asks at the import which column names the user (`Email address`, `ID number` or `Username`)
and which columns are grades and feedback; the heads below are those of its own export. It wants
feedback imported together with its grade, so each lab has both columns.

References:
    https://docs.moodle.org/en/Grade_import; `grade/import/csv/` in https://github.com/moodle/moodle
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from autograder.exports.grades import Exporter, Grades, number, replace, text


class MoodleExporter(Exporter):
    """`nbgrader export --exporter autograder.exports.moodle.MoodleExporter`.

    `Username` is the gradebook's student id, `ID number` its `lms_user_id`.
    """

    default = "moodle.csv"

    def unmapped(self, grades: Grades) -> list[str]:
        """Whom Moodle cannot find by what identifies most."""
        said = []
        for what, missing in (
            ("email", [person.id for person in grades.people if not person.email]),
            ("lms_user_id", [person.id for person in grades.people if not person.lms_user_id]),
        ):
            if missing:
                column = "Email address" if what == "email" else "ID number"
                said.append(
                    f"The gradebook has no {what} of these students; Moodle will not find them by "
                    f"{column!r}: {', '.join(missing)}."
                )
        return said

    def write(self, grades: Grades, target: Path) -> None:
        """Writes the file."""
        page = io.StringIO(newline="")
        rows = csv.writer(page)
        heads = [head for lab in grades.labs for head in (lab, f"{lab} (feedback)")]
        who = ["First name", "Last name", "Username", "ID number", "Email address"]
        rows.writerow([*who, *heads])
        for person in grades.people:
            names = [person.first_name, person.last_name, person.id]
            row = [text(value) for value in [*names, person.lms_user_id, person.email]]
            for lab in grades.labs:
                grade = grades.of[person.id, lab]
                row += [number(grade.score), text(grade.words)]
            rows.writerow(row)
        replace(target, page.getvalue())
