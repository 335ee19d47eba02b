"""`about`: what of this environment can change a result, beside what the lab was made with."""

from __future__ import annotations

import html
import importlib.metadata
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILENAME = "environment.json"
"""Beside the notebook: what the lab was made with."""
SETTINGS = {
    "backend": "tensorflow",
    "dtype policy": "float32",
    "image data format": "channels_last",
}
"""What the labs are written for: Keras's settings as they are after its installation."""
_CHANGES = {
    "layerlab": "check() may judge otherwise",
    "tensorflow": "rounding and errors may differ",
    "keras": "defaults and the numbers that a seed draws may differ",
    "numpy": "the numbers that a seed draws may differ",
}
"""What another version can change."""
_REMEDIES = {
    "backend": "set the environment variable KERAS_BACKEND=tensorflow and restart the kernel",
    "dtype policy": 'run keras.config.set_dtype_policy("float32")',
    "image data format": 'run keras.config.set_image_data_format("channels_last")',
}


@dataclass(frozen=True)
class Row:
    """One property of the environment.

    Args:
        name: What it is.
        yours: What it is here.
        theirs: What the lab was made with; empty where that is not known or does not matter.
        advice: A sentence: what a difference could change and what to do; empty if nothing.
    """

    name: str
    yours: str
    theirs: str = ""
    advice: str = ""


class About:
    """The environment, as a card in a notebook and as plain text elsewhere.

    Args:
        rows: Its properties.
        unknown: Why there is nothing to compare them with; empty if there is.
    """

    def __init__(self, rows: list[Row], unknown: str = ""):
        self.rows = rows
        self.unknown = unknown

    @property
    def advice(self) -> list[str]:
        """What could change a result, a sentence each."""
        return [row.advice for row in self.rows if row.advice]

    def summary(self) -> str:
        """The first line."""
        if self.advice:
            count = len(self.advice)
            return f"{count} {'thing' if count == 1 else 'things'} here could change a result."
        if self.unknown:
            return self.unknown
        return "Nothing here should change a result."

    @property
    def _state(self) -> tuple[str, str]:
        if self.advice:
            return "failed", "✗"
        return ("idle", "·") if self.unknown else ("passed", "✓")

    def __repr__(self) -> str:
        names = max(len(row.name) for row in self.rows)
        yours = max(len(row.yours) for row in self.rows)
        lines = [f"{self._state[1]} {self.summary()}"]
        lines += [f"  - {sentence}" for sentence in self._sentences()]
        lines += ["", f"  {'':{names}}  {'yours':{yours}}  the lab's"]
        lines += [f"  {row.name:{names}}  {row.yours:{yours}}  {row.theirs}" for row in self.rows]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        state, sign = self._state
        sentences = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in self._sentences())
        rows = "".join(
            f'<tr><th scope="row">{html.escape(row.name)}</th>'
            f"<td{_BAD if row.advice else ''}>{html.escape(row.yours)}{'*' * bool(row.advice)}</td>"
            f"<td>{html.escape(row.theirs)}</td></tr>"
            for row in self.rows
        )
        return (
            f'<section class="layerlab-about {state}" role="status" aria-label="environment">'
            f'{_STYLE}<p class="ll-head"><span aria-hidden="true">{sign}</span> '
            f"{html.escape(self.summary())}</p>{f'<ul>{sentences}</ul>' if sentences else ''}"
            '<table><thead><tr><td></td><th scope="col">yours</th><th scope="col">the lab\'s</th>'
            f"</tr></thead><tbody>{rows}</tbody></table></section>"
        )

    def _sentences(self) -> list[str]:
        return [*self.advice, *([self.unknown] if self.advice and self.unknown else [])]


def about() -> None:
    """Shows what of this environment can change a result, and how it differs from the lab's.

    A card in a notebook, plain text elsewhere. What the lab was made with stands in
    `environment.json` beside the notebook.

    Example:
    >>> import layerlab
    >>> layerlab.about()  # doctest: +SKIP
    ✓ Nothing here should change a result.
    """
    theirs, unknown = made_with(Path.cwd())
    card = About(compare(here(), theirs), unknown)
    interactive = sys.modules.get("IPython")  # where it is not imported, nobody is in a notebook
    if interactive is None or interactive.get_ipython() is None:
        print(card)
    else:
        interactive.display.display(card)


def made_with(folder: Path) -> tuple[dict[str, str], str]:
    """What the lab in a folder was made with, or why that is not known."""
    try:
        data = json.loads((folder / FILENAME).read_text(encoding="utf-8"))
        return {str(name): str(value) for name, value in data.items()}, ""
    except FileNotFoundError:
        return {}, f"{FILENAME} is not in {folder}: keep it beside the notebook, as released."
    except (OSError, ValueError, AttributeError):
        return {}, f"{FILENAME} is damaged: copy it anew from the released lab."


def here() -> dict[str, str]:
    """This environment: versions, settings of Keras, devices."""
    import keras
    import tensorflow as tf

    import layerlab

    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    found = {
        "layerlab": layerlab.__version__,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in ("tensorflow", "keras", "numpy")},
        "backend": keras.config.backend(),
        "dtype policy": keras.config.dtype_policy().name,
        "image data format": keras.config.image_data_format(),
        "device": ", ".join(gpus) or f"CPU ({platform.machine()})",
    }
    if gpus:
        on = tf.config.experimental.tensor_float_32_execution_enabled()
        found["TF32"] = "on" if on else "off"
    return found


def compare(yours: Mapping[str, str], theirs: Mapping[str, str]) -> list[Row]:
    """Sets this environment beside what a lab was made with.

    Args:
        yours: What `here` found.
        theirs: What stands in `environment.json`.
    """
    expected = {**SETTINGS, **theirs}
    return [
        Row(name, value, expected.get(name, ""), _advice(name, value, expected.get(name, "")))
        for name, value in yours.items()
    ]


def _advice(name: str, yours: str, theirs: str) -> str:
    if name == "TF32" and yours == "on":
        return (
            "Your GPU rounds the factors of products to 10 bits (TF32), the grader does not: run "
            "tf.config.experimental.enable_tensor_float_32_execution(False)."
        )
    if not theirs:
        return ""
    if name == "python":
        oldest = theirs.removeprefix(">=")
        if _numbers(yours) < _numbers(oldest):
            return f"Your Python is {yours}, the lab needs {oldest}: install a later one."
    elif name in _REMEDIES and yours != theirs:
        return f"Your {name} is {yours}, the lab's is {theirs}: {_REMEDIES[name]}."
    elif name in _CHANGES and _release(name, yours) != _release(name, theirs):
        wanted = (
            f"./{name}-{theirs}-py3-none-any.whl" if name == "layerlab" else f"{name}=={theirs}"
        )
        return (
            f"Your {name} is {yours}, the lab was made with {theirs}; {_CHANGES[name]}: "
            f"run `{sys.executable} -m pip install {wanted}`."
        )
    return ""


def _release(name: str, version: str) -> tuple[int, ...]:
    """What of a version counts: NumPy keeps its numbers within a major version, the others mend
    only faults within a minor one; ours counts whole.
    """
    return _numbers(version)[: {"numpy": 1, "layerlab": 9}.get(name, 2)]


def _numbers(version: str) -> tuple[int, ...]:
    found = []
    for part in version.split("."):
        digits = "".join(character for character in part if character.isdigit())
        if not digits:
            break
        found.append(int(digits))
    return tuple(found)


_BAD = ' class="ll-bad"'
_STYLE = """<style>
.layerlab-about{border:1px solid #888;border-left-width:6px;border-radius:4px;padding:.4em .8em;
max-width:60em;overflow-x:auto}
.layerlab-about.passed{border-left-color:#1a7f37}.layerlab-about.failed{border-left-color:#b3261e}
.layerlab-about .ll-head{font-weight:bold;margin:.2em 0}
.layerlab-about table{border-collapse:collapse;margin:.3em 0}
.layerlab-about th,.layerlab-about td{border:1px solid #ccc;padding:.1em .5em;text-align:left}
.layerlab-about td.ll-bad{font-weight:bold;border:2px solid #b3261e}
</style>"""
