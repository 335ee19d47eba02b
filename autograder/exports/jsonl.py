"""Every verdict as JSON Lines, for one's own analysis.

One line for each student, lab and graded cell: `pandas.read_json(FILE, lines=True)`. A lab without
marks has one line without a cell, so that nobody is missing. Reference: https://jsonlines.org
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder.exports.grades import Exporter, Grade, Grades, Mark, replace


class JsonLinesExporter(Exporter):
    """`nbgrader export --exporter autograder.exports.jsonl.JsonLinesExporter`."""

    default = "grades.jsonl"

    def write(self, grades: Grades, target: Path) -> None:
        """Writes the file."""
        lines = [
            json.dumps(_line(grade, mark), ensure_ascii=False, allow_nan=False)
            for grade in grades
            for mark in grade.marks or [Mark("", status=grade.status)]
        ]
        replace(target, "".join(f"{line}\n" for line in lines))


def _line(grade: Grade, mark: Mark) -> dict[str, Any]:
    person, verdict, result = grade.person, mark.verdict, grade.result
    return {
        "student": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "lms_user_id": person.lms_user_id,
        "lab": grade.lab,
        "cell": mark.cell or None,
        "status": mark.status,
        "score": mark.score,
        "max_score": mark.max_score,
        "auto_score": mark.auto_score,
        "manual_score": mark.manual_score,
        "extra_credit": mark.extra_credit,
        "misconceptions": verdict.misconceptions if verdict else [],
        "message": verdict.message if verdict else "",
        "comment": mark.comment,
        "lab_status": grade.status,
        "lab_score": grade.score,
        "lab_max_score": grade.max_score,
        "late_penalty": grade.penalty,
        "reason": grade.reason,
        "remarks": result.remarks if result else [],
        "conduct": result.conduct if result else [],
        "submitted": grade.submitted.isoformat() if grade.submitted else None,
        "device": result.device if result else None,
        "seconds": round(result.seconds, 3) if result else None,
        "versions": result.versions if result else {},
    }
