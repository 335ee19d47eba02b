"""Runs cells as a notebook's kernel would: IPython's own shell, its outputs kept as nbformat's."""

from __future__ import annotations

import base64
import io
import sys
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

MOST_TEXT = 100_000
"""Characters of text that one cell may show; what is over is counted and dropped."""
MOST_OUTPUTS = 100
"""Displays (pictures, tables) that one cell may show."""
MOST_DATA = 4 * 2**20
"""Characters that the displays of one cell may have together."""


class Outputs:
    """The outputs of the running cell, in order, within limits."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forgets everything: a new cell begins."""
        self.items: list[dict[str, Any]] = []
        self.text = self.dropped = self.displays = self.data = 0

    def write(self, name: str, text: str) -> None:
        """Adds text of a stream."""
        kept = text[: max(0, MOST_TEXT - self.text)]
        self.text += len(kept)
        self.dropped += len(text) - len(kept)
        if not kept:
            return
        if self.items and self.items[-1].get("name") == name:
            self.items[-1]["text"] += kept
        else:
            self.items.append({"output_type": "stream", "name": name, "text": kept})

    def add(self, output: dict[str, Any]) -> None:
        """Adds a display, a result or an error."""
        size = sum(len(str(value)) for value in output.get("data", {}).values())
        if self.displays >= MOST_OUTPUTS or self.data + size > MOST_DATA:
            self.dropped += size
            return
        self.displays += 1
        self.data += size
        self.items.append(output)

    def finish(self) -> list[dict[str, Any]]:
        """All outputs, with a last line that says what was dropped."""
        if self.dropped:
            text = f"\n[{self.dropped} more characters were printed; they are not kept]\n"
            self.items.append({"output_type": "stream", "name": "stdout", "text": text})
        return self.items


OUTPUTS = Outputs()


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of the cells."""

    def __init__(self, name: str):
        self.name = name

    def write(self, text: str) -> int:
        """Keeps the text among the cell's outputs."""
        OUTPUTS.write(self.name, str(text))
        return len(text)

    def writable(self) -> bool:
        """Always."""
        return True


def _as_text(data: dict[str, Any]) -> dict[str, Any]:
    """Pictures as nbformat holds them: base64, where an object gives its bytes."""
    return {
        kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for kind, value in data.items()
    }


class _Publisher(DisplayPublisher):
    def publish(self, data: Any, metadata: Any = None, source: Any = None, **_: Any) -> None:
        OUTPUTS.add({"output_type": "display_data", "data": _as_text(data), "metadata": {}})


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: Any = None) -> None:
        OUTPUTS.add(
            {
                "output_type": "execute_result",
                "data": _as_text(format_dict),
                "metadata": {},
                "execution_count": self.prompt_count,
            }
        )


class CellShell(InteractiveShell):
    """IPython's shell without a kernel around it."""

    displayhook_class = _Hook
    display_pub_class = _Publisher

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window to open; `%matplotlib inline` asks for none."""

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        OUTPUTS.add(
            {
                "output_type": "error",
                "ename": etype.__name__,
                "evalue": str(evalue)[:MOST_TEXT],
                "traceback": [line[:MOST_TEXT] for line in stb],
            }
        )

    def run(self, source: str) -> list[dict[str, Any]]:
        """Runs a cell.

        Args:
            source: Its code, magics included.

        Returns:
            Its outputs as nbformat's dictionaries.
        """
        OUTPUTS.clear()
        self.run_cell(source, store_history=True)
        return OUTPUTS.finish()


def make_shell() -> CellShell:
    """The one shell of this process. The template makes it, for all its children."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    return CellShell.instance(config=config)


def redirect() -> None:
    """From here on what is printed is the running cell's output."""
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
