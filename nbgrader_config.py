"""Makes this folder an nbgrader course, graded by the autograder; its settings: `course.toml`."""

from pathlib import Path

from autograder.engine import configure

c = get_config()  # noqa: F821

configure(c, Path(__file__).parent)
