"""`course.toml`: what a course is called, its labs and their dates, its late policy, its roster."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder import roster
from autograder.errors import UsageError
from autograder.roster import Student

FILE = "course.toml"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""What may be a course's id: nbgrader names folders after it."""
_DAY = 24 * 60 * 60


# How each key is read. What they raise says what is wanted.


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text in quotes")
    return value


def _id(value: Any) -> str:
    if not ID.fullmatch(_text(value)):
        raise ValueError("letters, digits and _ . - without a space")
    return str(value)


def _zone(value: Any) -> ZoneInfo:
    try:
        return ZoneInfo(_text(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('the name of a time zone, such as "Europe/Berlin" or "UTC"') from None


def _moment(value: Any) -> date:
    if not isinstance(value, date):  # a datetime is a date, too
        raise ValueError("a date, such as 2026-10-05 or 2026-10-05T18:00:00, without quotes")
    return value


def _number(low: float, high: float) -> Callable[[Any], float]:
    wanted = f"a number from {low:g} to {high:g}" if math.isfinite(high) else "a number from 0 up"

    def read(value: Any) -> float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise ValueError(wanted)
        return float(value)

    return read


_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Naming:
    """The table `[course]`.

    Args:
        id: What nbgrader's exchange and gradebook call the course.
        name: Its title.
        timezone: Where dates without an offset are meant, and how formgrader shows them.
        roster: The roster's file, seen from the course's folder; empty for none.
    """

    id: Annotated[str, _id] = "layerlab"
    name: Annotated[str, _text] = ""
    timezone: Annotated[ZoneInfo, _zone] = _UTC
    roster: Annotated[str, _text] = ""


@dataclass(frozen=True)
class Dates:
    """The table `[labs.NAME]`.

    Args:
        release: When students get the lab.
        due: When it has to be handed in.
    """

    release: Annotated[datetime | None, _moment] = None
    due: Annotated[datetime | None, _moment] = None


@dataclass(frozen=True)
class LatePolicy:
    """The table `[late]`: what being late costs. Without it, nothing.

    Args:
        percent_per_day: Percent of the earned points that each day begun after the due date takes.
        grace_minutes: How long after the due date nothing counts as late.
        maximum_percent: The most that is taken.
        closes_after_days: What is handed in later than this many days counts nothing.
    """

    percent_per_day: Annotated[float, _number(0, 100)] = 0.0
    grace_minutes: Annotated[float, _number(0, math.inf)] = 0.0
    maximum_percent: Annotated[float, _number(0, 100)] = 100.0
    closes_after_days: Annotated[float, _number(0, math.inf)] = math.inf

    def penalty(self, score: float, seconds_late: float) -> float:
        """The points that a submission loses.

        Args:
            score: The points that it earned.
            seconds_late: How long after the due date it was handed in.
        """
        if seconds_late <= self.grace_minutes * 60:
            return 0.0
        days = seconds_late / _DAY
        if days > self.closes_after_days:
            return score
        percent = min(self.percent_per_day * math.ceil(days), self.maximum_percent)
        return round(score * percent / 100, 6)


@dataclass(frozen=True)
class Settings:
    """What `course.toml` says.

    Args:
        course: How the course is called.
        labs: Dates of the labs that are chosen, in the course's order; empty for all in `source/`.
        late: What being late costs.
        students: The roster.
    """

    course: Naming = Naming()
    labs: dict[str, Dates] = field(default_factory=dict)
    late: LatePolicy = LatePolicy()
    students: tuple[Student, ...] = ()


def written(root: Path) -> list[str]:
    """Names of the labs in the `source/` of a course."""
    return sorted(path.parent.name for path in root.glob("source/*/*.py"))


def load(root: Path) -> Settings:
    """Reads a course's `course.toml` and its roster.

    Args:
        root: The course's folder; without the file, everything has its default.

    Raises:
        UsageError: Something in them is wrong; the message has a line for each thing, which says
            what to do.
    """
    try:
        data = tomllib.loads((root / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise UsageError(f"{FILE} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{FILE} is not UTF-8: save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{FILE} is not TOML: {error}.") from None
    problems: list[str] = []
    _unknown(data, ["course", "labs", "late"], "", problems)
    course = _fill(Naming, data.get("course", {}), "[course]", problems)
    late = _fill(LatePolicy, data.get("late", {}), "[late]", problems)
    labs = _labs(data.get("labs", {}), course.timezone, written(root), problems)
    students: tuple[Student, ...] = ()
    if course.roster:
        try:
            students = roster.read(root / course.roster)
        except UsageError as error:
            problems += [f"[course] roster: {line}" for line in str(error).splitlines()]
    if problems:
        raise UsageError("\n".join(f"{FILE}: {problem}" for problem in problems))
    return Settings(course, labs, late, students)


def _labs(
    tables: Any, zone: ZoneInfo, sources: Collection[str], problems: list[str]
) -> dict[str, Dates]:
    if not isinstance(tables, dict):
        problems.append("labs is not a table: write [labs.NAME] for each lab.")
        return {}
    labs = {}
    for name, table in tables.items():
        where = f"[labs.{name}]"
        if name not in sources:
            problems.append(f"{where}: there is no source/{name}/{name}.py{_meant(name, sources)}")
        dates = _fill(Dates, table, where, problems)
        dates = Dates(
            _in_zone(dates.release, zone, time.min),
            _in_zone(dates.due, zone, time(23, 59, 59)),  # a day without a time is due at its end
        )
        if dates.release and dates.due and dates.due <= dates.release:
            problems.append(f"{where} due is not after release: put one of them right.")
        labs[name] = dates
    return labs


def _in_zone(value: date | None, zone: ZoneInfo, of_day: time) -> datetime | None:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.combine(value, of_day)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _fill(table: type[Any], data: Any, where: str, problems: list[str]) -> Any:
    """A table's values; whatever is wrong becomes a problem, and has its default."""
    if not isinstance(data, dict):
        problems.append(f"{where} is {data!r}: write it as a table, {where} on a line of its own.")
        return table()
    hints = get_type_hints(table, include_extras=True)
    known = {name: hint.__metadata__[0] for name, hint in hints.items()}
    _unknown(data, known, f"{where} ", problems)
    values = {}
    for name in data.keys() & known.keys():
        try:
            values[name] = known[name](data[name])
        except ValueError as wanted:
            problems.append(f"{where} {name} is {_shown(data[name])}: write {wanted}.")
    return table(**values)


def _unknown(data: dict[str, Any], known: Collection[str], where: str, problems: list[str]) -> None:
    for name in data:
        if name not in known:
            problems.append(f"{where}{name!r} is nothing that is known here{_meant(name, known)}")


def _meant(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f": did you mean {close[0]}?" if close else f". There is: {', '.join(known) or 'none'}."


def _shown(value: Any) -> str:
    return value.isoformat() if isinstance(value, (date, time)) else repr(value)
