"""Hints at submissions that share code: their own, not what the lab or most of the class has.

The code of the exercise cells is cut into tokens by Pygments, without comments, docstrings and
layout; names that a student may choose are all the same, what a library is asked for (`tf.pad`,
`range`) keeps its name. All runs of `RUN` tokens are looked up in an index, as in Schleimer,
Wilkerson and Aiken, *Winnowing: Local Algorithms for Document Fingerprinting*, SIGMOD 2003. A run
that is in the released stub or the reference solution, or that many of the class have, says
nothing about two of them and is left out. So the order of functions does not matter, and the work
grows with the class, not with its square: no run that is followed up is in more than
`MOST_SHARING` submissions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Name, String, Text, Token

RUN = 16
"""Tokens, about two lines: the shortest stretch of code that is compared."""
LEAST_TOKENS = 100
"""About twelve lines: a pair is shown if it shares as many of its own, in an exercise or in all,"""
LEAST_SHARE = 0.6
"""and if these are as large a part of what the one with less code has of its own there."""
FEWEST_SHARING, MOST_SHARING = 6, 40
"""A run that more than a tenth of the class has is nobody's own; the tenth is kept within these."""

ALL = ""
"""All exercises together, among the names of single ones."""

Code = Mapping[str, str]
"""The source of each exercise cell, by its `grade_id`."""


@dataclass(frozen=True)
class Passage:
    """A stretch of one submission's code.

    Args:
        cell: Name of the exercise cell.
        line: Number of its first line in the cell.
        text: Its lines, whole.
    """

    cell: str
    line: int
    text: str


@dataclass(frozen=True)
class Pair:
    """Two submissions that share code.

    Args:
        first: The student who comes first by name.
        second: The other one.
        lines: Of the first that are its own and shared.
        own: Lines of each that are its own.
        passages: What they share: of the first, and of the second.
    """

    first: str
    second: str
    lines: int
    own: tuple[int, int]
    passages: list[tuple[Passage, Passage]]


def similar_pairs(submissions: Mapping[str, Code], known: Iterable[Code]) -> list[Pair]:
    """The pairs of a class that share code of their own, those that share most first.

    Args:
        submissions: The code of each student.
        known: Code that everybody may have: the released stub, the reference solution.
    """
    vocabulary: dict[str, int] = {}
    documents = {name: _Document(submissions[name], vocabulary) for name in sorted(submissions)}
    given = {run for code in known for run in _Document(code, vocabulary).runs}
    having = Counter(run for document in documents.values() for run in document.runs)
    many = min(max(FEWEST_SHARING, len(documents) // 10), MOST_SHARING)
    common = given | {run for run, count in having.items() if count > many}
    index: dict[str, list[str]] = defaultdict(list)
    for name, document in documents.items():
        document.discount(common)
        for run in document.runs:
            if having[run] > 1 and run not in common:
                index[run].append(name)
    together = Counter(pair for names in index.values() for pair in combinations(names, 2))
    pairs = [
        _compare(first, second, documents)
        for (first, second), runs in together.items()
        if runs + RUN > LEAST_TOKENS
    ]
    return sorted(filter(None, pairs), key=lambda pair: (-pair.lines, pair.first, pair.second))


class _Document:
    """A submission's code as text of one character a token."""

    def __init__(self, code: Code, vocabulary: dict[str, int]):
        self.code = code
        self.places: list[tuple[str, int]] = []
        characters = []
        for cell, source in code.items():
            for token, line in _tokens(source):
                characters.append(chr(vocabulary.setdefault(token, len(vocabulary))))
                self.places.append((cell, line))
        self.text = "".join(characters)
        self.own = [True] * len(self.text)

    @cached_property
    def runs(self) -> dict[str, list[int]]:
        """Where each run of tokens begins."""
        runs: dict[str, list[int]] = {}
        for start in range(len(self.text) - RUN + 1):
            if self.places[start][0] == self.places[start + RUN - 1][0]:
                runs.setdefault(self.text[start : start + RUN], []).append(start)
        return runs

    def discount(self, common: set[str]) -> None:
        """Tokens within a run that is common are not the student's own."""
        for run in common & self.runs.keys():
            for start in self.runs.pop(run):
                self.own[start : start + RUN] = [False] * RUN

    def near(self, place: int, later: int) -> bool:
        """Whether one token follows another on the same line or one of the next two."""
        (cell, line), (other, further) = self.places[place], self.places[later]
        return cell == other and place < later and further <= line + 2

    def own_lines(self, places: Iterable[int]) -> int:
        """On how many lines those of these tokens stand that are the student's own."""
        return len({self.places[place] for place in places if self.own[place]})

    def passage(self, start: int, end: int) -> Passage:
        """The lines on which these tokens stand."""
        cell, first = self.places[start]
        last = self.places[end - 1][1]
        return Passage(cell, first, "\n".join(self.code[cell].split("\n")[first - 1 : last]))


def _compare(first: str, second: str, documents: Mapping[str, _Document]) -> Pair | None:
    one, other = documents[first], documents[second]
    found = list(_stretches(one, other))
    places = [place for i, _, length in found for place in range(i, i + length)]
    shared = _by_cell(one, places)
    own = [_by_cell(document, range(len(document.text))) for document in (one, other)]
    if not any(
        shared[cell] >= LEAST_TOKENS
        and shared[cell] >= LEAST_SHARE * min(count[cell] for count in own)
        for cell in shared
    ):
        return None
    return Pair(
        first,
        second,
        one.own_lines(places),
        (one.own_lines(range(len(one.text))), other.own_lines(range(len(other.text)))),
        [
            (one.passage(i, end), other.passage(j, there))
            for i, end, j, there in _joined(found, one, other)
        ],
    )


def _by_cell(document: _Document, places: Iterable[int]) -> Counter[str]:
    """How many of these tokens are the student's own, in each cell and in all."""
    counts: Counter[str] = Counter()
    for place in places:
        if document.own[place]:
            counts.update((document.places[place][0], ALL))
    return counts


def _stretches(one: _Document, other: _Document) -> Iterator[tuple[int, int, int]]:
    """What two have in common, without overlap: where it begins in each, and its length."""
    starts = sorted(start for run in one.runs.keys() & other.runs for start in one.runs[run])
    end, used = 0, [False] * len(other.text)
    for start in starts:
        if start < end:
            continue
        length, there = max(
            (
                (_length(one, other, start, place), -place)
                for place in other.runs[one.text[start : start + RUN]]
                if not used[place]
            ),
            default=(0, 0),
        )
        if sum(one.own[start : start + length]) >= RUN // 2:
            yield start, -there, length
            end = start + length
            used[-there : length - there] = [True] * length


def _joined(
    found: Iterable[tuple[int, int, int]], one: _Document, other: _Document
) -> list[tuple[int, int, int, int]]:
    """Stretches that follow each other in both with hardly a line in between are shown as one."""
    joined: list[tuple[int, int, int, int]] = []
    for here, there, length in found:
        fresh = here, here + length, there, there + length
        if joined:
            begin, end, begins, ends = joined[-1]
            if one.near(end - 1, here) and other.near(ends - 1, there):
                joined[-1] = begin, fresh[1], begins, fresh[3]
                continue
        joined.append(fresh)
    return joined


def _length(one: _Document, other: _Document, here: int, there: int) -> int:
    """For how many tokens two go on alike, with nothing in between that everybody has."""
    length = RUN
    while (
        one.text[here + length - RUN + 1 : here + length + 1] in one.runs
        and one.text[here + length : here + length + 1]
        == other.text[there + length : there + length + 1]
        and one.places[here + length][0] == one.places[here][0]
        and other.places[there + length][0] == other.places[there][0]
    ):
        length += 1
    return length


def _tokens(source: str) -> Iterator[tuple[str, int]]:
    """The tokens of a cell, each with its line."""
    before: tuple[str, str] = ("", "")
    line = 1
    pending = 0  # line of a comma that may turn out to stand in front of a bracket
    for kind, text in PythonLexer(stripnl=False).get_tokens(source):
        here, line = line, line + text.count("\n")
        if kind in Text or kind in Comment or kind in String.Doc:
            continue
        token = text
        if kind in String and kind not in String.Interpol:
            token = "string"
        elif kind in Name and kind not in Name.Builtin and kind not in Name.Function.Magic:
            library = before[1] == "." and before[0] != "self"
            token = text if library else "name"
        elif kind in Token.Literal.Number:
            token = text
        if pending and token not in ")]}":
            yield ",", pending
        pending = here if token == "," else 0
        if token != "," and not (token == "string" and before[1] == "string"):
            yield token, here
        before = (before[1], text if token != "string" else token)
