"""The checks of a course."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import Exchange
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from autograder.converting import configuration
from autograder.course import Course
from autograder.doctor import Finding, ok, problem, warning
from autograder.errors import UsageError
from autograder.lab import Lab
from autograder.settings import FILE


def settings(course: Course) -> Finding:
    """`course.toml` and the roster."""
    try:
        found = course.settings
    except UsageError as error:
        return problem(" ".join(str(error).splitlines()), f"Edit {course.root / FILE}.")
    if not (course.root / FILE).is_file():
        return ok(f"There is no {FILE}: no dates, no late policy, no roster.")
    aside = sorted({*course.written} - {*course.lab_names})
    if aside:
        return warning(
            f"{FILE} is right; it leaves aside {', '.join(aside)} of source/.",
            f"For each that belongs to the course: write [labs.{aside[0]}] into it.",
        )
    dated = sum(dates.due is not None for dates in found.labs.values())
    return ok(f"{FILE} is right; due dates: {dated}, students: {len(found.students)}.")


def labs(course: Course) -> Finding:
    """The labs as released, against `source/` and the dates."""
    names = course.lab_names
    if not names:
        return problem("source/ has no lab.", "`autograder new LAB` starts one.")
    for name in names:
        try:
            course.lab(name).hidden  # noqa: B018
        except UsageError as error:
            return problem(str(error), "Put the folder there, or take the lab out of source/.")
    labs = [course.lab(name) for name in names]
    released = [lab for lab in labs if _released(course, lab)]
    old = [lab.name for lab in released if _outline(lab.release) != _outline(lab.solution)]
    if old:
        return problem(
            f"What students have of {', '.join(old)} is not what source/ says.",
            f"autograder release {' '.join(old)}",
        )
    missing = [lab.name for lab in labs if lab not in released]
    if not missing:
        return ok(f"Released, with the text that source/ has: {len(labs)} of {len(labs)}.")
    now = datetime.now(UTC)
    dates = course.settings.labs
    late = [name for name in missing if name in dates and (dates[name].release or now) < now]
    said = f"; by their dates students should have {', '.join(late)}" if late else ""
    return warning(
        f"Not released: {len(missing)} of {len(labs)}{said}.",
        f"autograder release {' '.join(late or missing)}",
    )


def _released(course: Course, lab: Lab) -> bool:
    return (course.root / "labs" / lab.name / f"{lab.name}.ipynb").is_file()


def _outline(notebook: Any) -> list[tuple[str, float, str]]:
    """What a release has in common with its source: cells, points, and text outside solutions."""
    outline = []
    for cell in notebook.cells:
        info = cell.metadata.get("nbgrader", {})
        shown = "" if info.get("solution") else cell.source
        outline.append((cell.id, float(info.get("points") or 0), shown))
    return outline


def gradebook(course: Course) -> Finding:
    """Nbgrader's database: there, and writable."""
    url = make_url(CourseDirectory(config=_configuration(course)).db_url)
    shown = url.render_as_string(hide_password=True)
    path = Path(url.database or "")
    if url.get_backend_name() == "sqlite" and not (path.exists() or path.parts[0] == "file:"):
        if not os.access(path.parent, os.W_OK):
            return problem(
                f"No gradebook can be made in {path.parent}.", "Make it writable for you."
            )
        return ok(f"{shown} is made by the first `autograder release`.")
    try:
        engine = create_engine(url)
        with engine.connect() as connection:
            if "assignment" in inspect(connection).get_table_names():
                # Changes nothing, but needs what a change needs.
                connection.execute(text("UPDATE assignment SET name = name WHERE 1 = 0"))
                connection.rollback()
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return problem(
            f"{shown} cannot be used: {said}.",
            "Is the server up, the database made, its driver installed, may you write there? "
            "c.CourseDirectory.db_url in nbgrader_config.py names it.",
        )
    return ok(f"{shown} can be written.")


def exchange(course: Course) -> Finding:
    """The folder through which nbgrader hands labs out and takes them in."""
    config = _configuration(course)
    root = Path(Exchange(coursedir=CourseDirectory(config=config), config=config).root)
    if not root.is_dir():
        return warning(
            f"There is no exchange {root}: grading works, but not `nbgrader release_assignment` "
            "and `nbgrader collect`.",
            f"If students share this machine: sudo mkdir -p {root} && sudo chmod ugo+rwx {root}",
        )
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        return warning(f"You may not write in the exchange {root}.", f"sudo chmod ugo+rwx {root}")
    if stat.S_IMODE(root.stat().st_mode) & 0o007 != 0o007:
        return warning(
            f"Students may not write in the exchange {root}.", f"sudo chmod ugo+rwx {root}"
        )
    return ok(f"The exchange is {root}.")


def _configuration(course: Course) -> Any:
    course.settings  # noqa: B018  an error in it is told in one sentence, not twice
    return configuration(course)


def seed(course: Course) -> Finding:
    """The secret that hidden cases are drawn from: for its owner alone."""
    if os.environ.get("AUTOGRADER_SEED"):
        return ok("The seed comes from AUTOGRADER_SEED.")
    path = course.state / "seed"
    if not path.is_file():
        return ok("The seed is made on first use.")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return problem(
            f"Others on this machine can read {path}, and so know the hidden cases.",
            f"chmod 600 {path}; if students have been here: delete it, and cases are drawn anew.",
        )
    return ok(f"Only you can read {path}.")


def secrets(course: Course) -> Finding:
    """Whether git keeps out what must not be published."""
    if shutil.which("git") is None or _git(course, "rev-parse", "--is-inside-work-tree") is None:
        return ok("The course is in no git repository.")
    tracked = [name for name in _private(course) if _git(course, "ls-files", "--", name)]
    if tracked:
        return problem(
            f"In the git repository, and so in what is published: {', '.join(tracked)}.",
            f"git rm -r --cached {' '.join(tracked)}; what was pushed already is known.",
        )
    open_ = [name for name in _private(course) if _git(course, "check-ignore", "-q", name) is None]
    if open_:
        return warning(
            f"git does not ignore {', '.join(open_)}.", f"Add to .gitignore: {' '.join(open_)}"
        )
    return ok("git ignores the seed, the gradebook and what students hand in.")


def _private(course: Course) -> Iterator[str]:
    """What is secret or personal, as paths in the course; folders need not be there yet."""
    yield from (".autograder/seed", "gradebook.db")
    yield from (f"{name}/x" for name in ("submitted", "autograded", "feedback"))
    roster = course.settings.course.roster
    if roster and (course.root / roster).is_file():
        yield roster


def _git(course: Course, *arguments: str) -> str | None:
    """What git says; `None` if it fails."""
    done = subprocess.run(
        ["git", "-C", str(course.root), *arguments], capture_output=True, text=True, check=False
    )
    return None if done.returncode else done.stdout.strip()
