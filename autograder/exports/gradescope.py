"""Grades for Gradescope: a `results.json` for each submission.

Gradescope takes no file for a class: its autograder writes one `results.json` for each submission.
So a lab's folder is such an autograder, which runs no code of a student: it hands out the result
`<student>/results.json` by the submitter's email.

References:
    "Autograder Specifications", https://gradescope-autograders.readthedocs.io/en/latest/specs/;
    "Submission Metadata",
    https://gradescope-autograders.readthedocs.io/en/latest/submission_metadata/
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from traitlets import Enum

from autograder.exports.grades import WAITS, Exporter, Grade, Grades, Mark, replace

ZIP_DATE = (1980, 1, 1, 0, 0, 0)
EXECUTABLE = 0o100755
SETUP = "#!/bin/sh\n"
RUN = """#!/usr/bin/env python3
import json
import pathlib
import shutil

root = pathlib.Path("/autograder")
users = json.loads((root / "submission_metadata.json").read_text())["users"]
students = json.loads((root / "source" / "students.json").read_text())
found = [students[user["email"].lower()] for user in users if user["email"].lower() in students]
result = root / "source" / found[0] / "results.json"
shutil.copyfile(result, root / "results" / "results.json")
"""


class GradescopeExporter(Exporter):
    """`nbgrader export --exporter autograder.exports.gradescope.GradescopeExporter`."""

    default = "gradescope"
    visibility = Enum(
        ["visible", "after_published", "after_due_date", "hidden"],
        default_value="visible",
        help="when students see the results",
    ).tag(config=True)

    def unmapped(self, grades: Grades) -> list[str]:
        """Whom a submission on Gradescope cannot be told to belong to."""
        names = [person.id for person in grades.people if not person.email]
        if not names:
            return []
        return [
            "The gradebook has no email of these students, by which Gradescope knows them: "
            f"{', '.join(names)}."
        ]

    def write(self, grades: Grades, target: Path) -> None:
        """Writes the folder, or the zip if the target's name ends so."""
        pages: dict[str, str | None] = {
            f"{grade.lab}/{grade.person.id}/results.json": self._page(grade) for grade in grades
        }
        emails = {person.email.lower(): person.id for person in grades.people if person.email}
        for lab in grades.labs:
            pages[f"{lab}/students.json"] = json.dumps(emails, ensure_ascii=False, indent=2) + "\n"
            pages[f"{lab}/setup.sh"], pages[f"{lab}/run_autograder"] = SETUP, RUN
        if target.suffix == ".zip":
            unfinished = target.with_name(f"{target.name}.new")
            with zipfile.ZipFile(unfinished, "w") as archive:
                for name, page in pages.items():
                    if page is not None:
                        info = zipfile.ZipInfo(name, ZIP_DATE)
                        info.external_attr = EXECUTABLE << 16
                        archive.writestr(info, page, zipfile.ZIP_DEFLATED)
            unfinished.replace(target)
            return
        for name, page in pages.items():
            path = target / name
            if page is None:
                path.unlink(missing_ok=True)  # of an earlier export: it is no longer true
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(path, page)
            if path.name in ("setup.sh", "run_autograder"):
                path.chmod(EXECUTABLE)

    def _page(self, grade: Grade) -> str | None:
        """The text of a `results.json`; without a score there is none: it would read as 0."""
        if grade.score is None:
            return None
        results: dict[str, Any] = {
            "score": round(grade.score, 6),
            "output": grade.words,
            "output_format": "text",
            "test_output_format": "text",
            "visibility": self.visibility,
            "stdout_visibility": "hidden",
            "tests": [self._test(mark) for mark in grade.marks if mark.max_score is not None],
            "extra_data": {"student": grade.person.id, "lab": grade.lab},
        }
        if grade.result is not None:
            results["execution_time"] = round(grade.result.seconds, 3)
        return json.dumps(results, ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    def _test(self, mark: Mark) -> dict[str, Any]:
        said = [mark.comment]
        if mark.verdict is not None:
            said = [mark.verdict.message, *mark.verdict.explanations, mark.comment]
        if mark.status == WAITS:
            said.insert(0, "This answer is graded by a person, who has not done so yet.")
        score, most = mark.score or 0.0, mark.max_score or 0.0
        return {
            "name": mark.cell,
            "score": score,
            "max_score": most,
            "status": "passed" if score >= most else "failed",
            "output": "\n".join(filter(None, said)),
            "output_format": "text",
            "visibility": self.visibility,
        }
