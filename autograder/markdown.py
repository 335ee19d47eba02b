"""Markdown as safe HTML: a page of ours holds texts that students wrote.

No markup of theirs gets through, nothing is fetched from elsewhere, and formulas become MathML, so
that no script has to run.
"""

from __future__ import annotations

import html
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from latex2mathml.converter import convert_to_element
from markupsafe import Markup
from mistune import HTMLRenderer
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from autograder.pictures import sound

LONGEST_FORMULA = 5000

_ATTRIBUTES = {
    "accent", "columnalign", "columnspacing", "display", "displaystyle", "fence", "form",
    "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "rowspacing", "rspace",
    "scriptlevel", "separator", "stretchy", "width", "xmlns",
}  # fmt: skip
"""What a formula may set: nothing that links, loads or styles."""


class _Renderer(HTMLRenderer):
    """Markup is shown as text; only pictures that came with the cell are pictures."""

    def __init__(self, attachments: Mapping[str, Mapping[str, str]], shift: int):
        super().__init__(escape=True)
        self.attachments = attachments
        self.shift = shift

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return super().heading(text, min(level + self.shift, 6))

    def image(self, text: str, url: str, title: str | None = None) -> str:
        alt = html.escape(html.unescape(text) or "A picture of this cell")
        attached = sound(self.attachments.get(url.removeprefix("attachment:"), {}))
        for kind, picture in attached.items():
            if kind.startswith("image/"):
                return f'<img src="data:{kind};base64,{picture}" alt="{alt}">'
        return self.link(alt, url, title)

    def multiline_math(self, text: str) -> str:
        return text

    def block_math(self, body: str) -> str:
        return mathml(body, "block")

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")


@lru_cache(maxsize=4096)
def mathml(latex: str, display: str) -> str:
    """A formula as MathML; one that cannot be read is shown as it was written."""
    try:
        if len(latex) > LONGEST_FORMULA:
            raise ValueError
        root = convert_to_element(latex, display=display)
    except Exception:  # the parser has many kinds of errors; each means the same here
        return f"<code>{html.escape(latex)}</code>"
    for node in root.iter():
        _tidy(node)
    root.set("alttext", latex.strip())
    return ET.tostring(root, encoding="unicode")


def _tidy(node: ET.Element) -> None:
    """Leaves nothing but mathematics, in the part of MathML that browsers know."""
    for name, value in [*node.attrib.items()]:
        del node.attrib[name]
        if name in _ATTRIBUTES:
            node.set(name, html.unescape(value))
    node.text = html.unescape(node.text) if node.text else node.text
    variant = node.get("mathvariant", "normal")
    if variant != "normal" and node.text:
        node.text = "".join(_styled(letter, variant) for letter in node.text)
        node.set("mathvariant", "normal")
    before = None
    for child in node:  # a sign after an operator is a sign, as after nothing
        text = html.unescape(child.text or "").strip()
        if child.tag == "mo" and text in ("-", "−", "+") and before == "mo":
            child.set("form", "prefix")
        before = "mi" if text in (")", "]", "}", "|", "!") else child.tag


def _styled(letter: str, variant: str) -> str:
    """Browsers know bold or script letters in formulas by their code points alone."""
    plain = unicodedata.name(letter, "").replace(" LETTER", "")
    plain = plain.removeprefix("LATIN ").removeprefix("GREEK ")
    style = variant.upper().replace("BOLD-", "BOLD ")
    for name in (f"MATHEMATICAL {style} {plain}", f"{style} {plain}"):
        with suppress(KeyError):
            return unicodedata.lookup(name)
    return letter


@lru_cache(maxsize=4096)
def _plain(source: str, shift: int) -> str:
    return str(MarkdownWithMath(renderer=_Renderer({}, shift)).render(source))


def to_html(source: str, attachments: Mapping[str, Any] | None = None, shift: int = 0) -> Markup:
    """Markdown as HTML.

    Args:
        source: The text; the same text is converted once.
        attachments: The pictures of its cell.
        shift: How many levels its headings are lowered.
    """
    try:
        if attachments:
            renderer = _Renderer(attachments, shift)
            return Markup(MarkdownWithMath(renderer=renderer).render(source))
        return Markup(_plain(source, shift))
    except RecursionError:  # lists in lists in lists
        return Markup(f"<pre>{html.escape(source)}</pre>")


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """The filter of nbconvert's templates, for pages that are nbgrader's own."""
    return to_html(source, context.get("cell", {}).get("attachments"))
