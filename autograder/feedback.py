"""The feedback page: nbgrader's own, made quickly."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode

_NO_ALT = re.compile(r"<img(?![^>]*\salt=)")


class FeedbackExporter(HTMLExporter):
    """Makes HTML of a notebook as nbconvert does, up to its pass through BeautifulSoup.

    That pass takes most of the time and leaves little behind: what a page of nbgrader's keeps of
    it, a text for pictures that have none, is done here. Cells that many submissions share are
    highlighted once.
    """

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Converts a notebook; arguments and result as in `HTMLExporter`."""
        resources = self._init_resources(resources)
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name"))
        types = WidgetsDataTypeFilter(
            notebook_metadata=self._nb_metadata, parent=self, resources=resources
        )
        self.register_filter("highlight_code", _highlighter(lexer))
        self.register_filter("filter_data_type", types)
        html, resources = TemplateExporter.from_notebook_node(self, nb, resources, **kw)
        return _NO_ALT.sub('<img alt="A figure of this cell"', html), resources


@cache
def _highlighter(lexer: str | None) -> Callable[..., str]:
    highlight = Highlight2HTML(pygments_lexer=lexer)

    @lru_cache(maxsize=4096)
    def highlighted(source: str, language: str | None, magics: str | None) -> str:
        return str(highlight(source, language, {"magics_language": magics} if magics else None))

    def apply(source: str, language: str | None = None, metadata: Any = None) -> str:
        return highlighted(source, language, (metadata or {}).get("magics_language"))

    return apply
