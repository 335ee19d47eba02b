"""Grades for Canvas: the CSV file that its gradebook imports.

Canvas reads a file of the shape that it exports: the columns `Student`, `ID`, `SIS User ID`,
`SIS Login ID`, `Section` and one `Name (assignment id)` for each assignment, the row
`Points Possible`, then the students. It looks a student up by `ID`, then by SIS ids, then by name,
and an assignment by the id in parentheses, then by its title.

References:
    "How do I import grades in the Gradebook?", Canvas instructor guide,
    https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807;
    `lib/gradebook_importer.rb` in https://github.com/instructure/canvas-lms
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from traitlets import Dict

from autograder.exports.grades import FORMULA, Exporter, Grades, number, replace, text


class CanvasExporter(Exporter):
    """`nbgrader export --exporter autograder.exports.canvas.CanvasExporter`.

    `ID` is the gradebook's `lms_user_id`, `SIS Login ID` its student id. A cell without a score is
    empty, as in Canvas's own export.
    """

    default = "canvas.csv"
    assignment_ids = Dict(
        help="Canvas's assignment id of each lab: the number at the end of the assignment's address"
    ).tag(config=True)

    def unmapped(self, grades: Grades) -> list[str]:
        """Who and what Canvas has to find without its own id."""
        said = []
        names = [person.id for person in grades.people if not person.lms_user_id]
        if names:
            said.append(
                "The gradebook has no lms_user_id of these students; Canvas will look for them by "
                f"login id, then by name: {', '.join(names)}."
            )
        odd = [person.id for person in grades.people if person.id.startswith(FORMULA)]
        if odd:
            said.append(
                "These ids look like formulas and are quoted, so Canvas may not know them: "
                f"{', '.join(odd)}."
            )
        labs = [lab for lab in grades.labs if lab not in self.assignment_ids]
        if labs:
            said.append(
                "c.CanvasExporter.assignment_ids in nbgrader_config.py has no id of these labs; "
                "Canvas will look for assignments of the same title and offer to make new ones: "
                f"{', '.join(labs)}."
            )
        return said

    def write(self, grades: Grades, target: Path) -> None:
        """Writes the file."""
        page = io.StringIO(newline="")
        rows = csv.writer(page)
        titles = [
            f"{lab} ({self.assignment_ids[lab]})" if lab in self.assignment_ids else lab
            for lab in grades.labs
        ]
        rows.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles])
        possible = [number(points) for points in grades.labs.values()]
        rows.writerow(["    Points Possible", "", "", "", "", *possible])
        for person in grades.people:
            scores = [number(grades.of[person.id, lab].score) for lab in grades.labs]
            who = [person.name, person.lms_user_id, "", person.id, ""]
            rows.writerow([*map(text, who), *scores])
        replace(target, page.getvalue())
