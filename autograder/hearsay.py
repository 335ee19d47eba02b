"""What a submission says of its failures, in words that it cannot have learnt from a hidden case.

Feedback repeats how an exercise failed: the kind of the exception, the line, the probe's sentence.
The subject wrote all of them, so they could carry what it has seen: the name of an exception made
of a case's numbers, a sentence that spells them. Here only that passes which the notebook or our
own code already says.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import layerlab
from autograder.scrutiny import Reading

OWN = "an error of its own"
"""What an exception is called whose name the notebook does not hold."""
UNSAID = "…"
_LONGEST = 1_000
"""Characters that no sentence of our own exceeds."""

_OTHERS = frozenset(
    """
    AbortedError AlreadyExistsError CancelledError DataLossError DeadlineExceededError
    FailedPreconditionError InternalError InvalidArgumentError NotFoundError
    OperatorNotAllowedInGraphError OutOfRangeError PermissionDeniedError ResourceExhaustedError
    UnavailableError UnimplementedError UnknownError SymbolicTensorError StagingError
    InaccessibleTensorError LinAlgError AxisError MissingMethod ProbeError
    """.split()
)
"""Exceptions of TensorFlow and NumPy, and the probe's own kinds."""

_WORD = re.compile(r"[^\W\d]\w*")
_SHAPE = re.compile(r"\([\d, ]*(?:None)?[\d, ]*\)")


def retold(error: dict[str, Any], reading: Reading) -> dict[str, str]:
    """An error of an observation in words that give nothing away.

    Args:
        error: What the subject says: `type`, `where`, `line`, `text`.
        reading: The submission's source.

    Returns:
        The same fields. The `text` of what has a `where` is not the probe's own, and stays as it
        is: it is never part of feedback.
    """
    kind, where, line = error["type"], error["where"], error.get("line", "")
    known = kind in _OTHERS or kind in reading.words or hasattr(builtins, kind)
    return {
        "type": kind if known else OWN,
        "where": _sentence(where, reading, "its code") if where else "",
        "line": line if line in reading.lines else "",
        "text": error["text"] if where else _sentence(error["text"], reading, f"It raises {OWN}."),
    }


def passed_on(text: str, reading: Reading, hidden: Path) -> str:
    """A text for feedback, without the words that only the submission can have made.

    Args:
        text: What is wrong with an exercise, in words of ours and of the subject.
        reading: The submission's source.
        hidden: The lab's hidden folder, whose tests have words of their own.
    """
    ours = _vocabulary() | _words_of(hidden)
    return _WORD.sub(
        lambda found: found[0] if found[0] in ours or found[0] in reading.words else UNSAID, text
    )


def _sentence(text: str, reading: Reading, otherwise: str) -> str:
    """A sentence of our own, its gaps filled as it says where the notebook has the words."""
    for pieces in _sentences():
        found = _gaps(text, pieces) if len(text) <= _LONGEST else None
        if found is not None:
            gaps = [gap if _sayable(gap, reading) else UNSAID for gap in found]
            return "".join(p + gap for p, gap in zip(pieces, [*gaps, ""], strict=True))
    return otherwise


def _gaps(text: str, pieces: tuple[str, ...]) -> list[str] | None:
    """What stands between the pieces of a sentence; `None` if the text is not that sentence.

    Written out, since a regular expression takes for ever on a text that is made for that.
    """
    first, *others = pieces
    if not text.startswith(first) or (not others and text != first):
        return None
    gaps, place = [], len(first)
    for number, piece in enumerate(others, start=1):
        last = number == len(others)
        found = len(text) - len(piece) if last else text.find(piece, place)
        if found < place or not text.startswith(piece, found):
            return None
        gaps.append(text[place:found])
        place = found + len(piece)
    return gaps


def _sayable(text: str, reading: Reading) -> bool:
    rest = _SHAPE.sub("", text)  # a shape is left out of feedback
    words = _WORD.findall(rest)
    if any(character.isdigit() for character in _WORD.sub("", rest)):
        return False
    return all(word in reading.words or word in _vocabulary() for word in words)


@cache
def _sentences() -> list[tuple[str, ...]]:
    """What our own code in the subject can say, as pieces with gaps; the longest first."""
    found = {tuple(_pieces(node)) for path in _in_the_subject() for node in _texts(_tree(path))}
    ordered = sorted(found, key=lambda pieces: -sum(map(len, pieces)))
    return [pieces for pieces in ordered if any(map(_WORD.search, pieces))]


@cache
def _vocabulary() -> frozenset[str]:
    names = {name for name in dir(builtins) if not name.startswith("_")}
    spoken = [_HERE / f"{name}.py" for name in ("answer", "banned", "examine", "graphs", "host")]
    words = _said([*_in_the_subject(), *spoken, _HERE / "session.py", _PACKAGE / "compare.py"])
    return frozenset(names | _OTHERS | words)


@cache
def _words_of(hidden: Path) -> frozenset[str]:
    return frozenset(_said(sorted(hidden.glob("*.py"))))


def _said(paths: Iterable[Path]) -> set[str]:
    """The words of all texts in some files of code."""
    trees = map(_tree, paths)
    texts = (node for tree in trees for node in _texts(tree))
    return {word for node in texts for piece in _pieces(node) for word in _WORD.findall(piece)}


_HERE = Path(__file__).parent
_PACKAGE = Path(str(layerlab.__file__)).parent


def _in_the_subject() -> list[Path]:
    """Our own code that speaks there."""
    names = ("child", "wire")
    subject = [_HERE / "subject" / f"{name}.py" for name in names]
    return [*sorted((_PACKAGE / "probe").glob("*.py")), *subject]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _texts(tree: ast.Module) -> Iterator[ast.expr]:
    inner = {id(part) for node in ast.walk(tree) for part in _parts(node)}
    for node in ast.walk(tree):
        if id(node) in inner or not isinstance(node, (ast.JoinedStr, ast.Constant)):
            continue
        if isinstance(node, ast.JoinedStr) or isinstance(node.value, str):
            yield node


def _parts(node: ast.AST) -> list[ast.expr]:
    """What is no text of its own: the pieces of an f-string, and docstrings."""
    if isinstance(node, ast.JoinedStr):
        return node.values
    return [node.value] if isinstance(node, ast.Expr) else []


def _pieces(node: ast.expr) -> list[str]:
    """The fixed pieces of a text, with a gap between each two."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    pieces = [""]
    for part in node.values if isinstance(node, ast.JoinedStr) else ():
        if isinstance(part, ast.Constant):
            pieces[-1] += str(part.value)
        else:
            pieces.append("")
    return pieces
