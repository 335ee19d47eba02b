"""Makes a folder an nbgrader course that this engine grades."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from autograder import formgrader, settings
from autograder.errors import UsageError


def configure(config: Any, root: str | Path) -> None:
    """Sets all that nbgrader has to know; a course's `nbgrader_config.py` calls it.

    Args:
        config: nbgrader's configuration.
        root: The course's folder.
    """
    config.CourseDirectory.source_directory = "source"
    config.CourseDirectory.release_directory = "labs"
    config.CourseDirectory.solution_directory = "solutions"
    config.CourseDirectory.ignore = [
        ".ipynb_checkpoints",
        "*.pyc",
        "__pycache__",
        ".pytest_cache",
        ".DS_Store",
        "*.py",
        "hints.toml",
    ]

    # Solutions are kept without outputs, so they are not executed here.
    config.GenerateSolution.preprocessors = [
        "nbgrader.preprocessors.IncludeHeaderFooter",
        "nbgrader.preprocessors.LockCells",
        "nbgrader.preprocessors.ClearOutput",
    ]

    # The places where the autograder enters nbgrader's own pipeline.
    config.Autograde.sanitize_preprocessors = [
        "autograder.gradebook.EnterSettings",
        "autograder.preprocessors.RestoreCells",
        "nbgrader.preprocessors.DeduplicateIds",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.Autograde.autograde_preprocessors = [
        "autograder.preprocessors.Examine",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    config.AssignLatePenalties.plugin_class = "autograder.gradebook.LatePenalty"

    # Each preprocessor is nbgrader's or ours: what they leave is validated once, at the end.
    config.NotebookExporter.optimistic_validation = True
    config.FeedbackExporter.optimistic_validation = True

    # A page of our own for each student; formgrader has the rubric beside a written answer.
    config.GenerateFeedback.exporter_class = "autograder.feedback.FeedbackExporter"
    config.GenerateFeedback.preprocessors = ["autograder.feedback.Grades"]
    formgrader.configure(config)

    try:
        course = settings.load(Path(root)).course
    except UsageError as error:
        # An error here would make nbgrader go on with its own defaults, the sandbox left out. As
        # it is, grading stops with the same sentence, and the exchange has no course.
        print(f"autograder: {error}", file=sys.stderr)
        return
    config.CourseDirectory.course_id = course.id
    config.NbGraderAPI.timezone = course.timezone.key
