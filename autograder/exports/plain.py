"""Grades as a plain CSV file: one row for each student and lab, for a spreadsheet.

nbgrader's own CSV breaks at a comma in a name, and gives 0 to what is not graded; this one does
neither. For the single cells there are the JSON Lines of `autograder.exports.jsonl`.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from autograder.exports.grades import Exporter, Grades, number, replace, text

WHO = ["student", "first_name", "last_name", "email", "lms_user_id"]
WHAT = ["lab", "status", "submitted", "score", "max_score", "raw_score", "late_penalty", "remarks"]


class PlainExporter(Exporter):
    """`nbgrader export --exporter autograder.exports.plain.PlainExporter`."""

    default = "grades.csv"

    def write(self, grades: Grades, target: Path) -> None:
        """Writes the file."""
        page = io.StringIO(newline="")
        rows = csv.writer(page)
        rows.writerow([*WHO, *WHAT])
        for grade in grades:
            person = grade.person
            who = [person.id, person.first_name, person.last_name, person.email]
            scored = grade.score is not None
            rows.writerow(
                [
                    *map(text, [*who, person.lms_user_id, grade.lab, grade.status]),
                    grade.submitted.isoformat(" ") if grade.submitted else "",
                    number(grade.score),
                    number(grade.max_score),
                    number(grade.raw_score if scored else None),
                    number(grade.penalty if scored else None),
                    text("\n".join(filter(None, [grade.reason, grade.words]))),
                ]
            )
        replace(target, page.getvalue())
