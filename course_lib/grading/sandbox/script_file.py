"""Notebooks that were exported: scripts and pages, read as the cells that they once were."""

import ast
import re
from html.parser import HTMLParser
from typing import Any

#: Jupytext's and nbconvert's marks between cells.
BETWEEN = re.compile(r"^# (?:%%.*|In ?\[[ \d*]*\]:\s*)$", re.MULTILINE)


def cells_of_text(text: str) -> dict[str, Any] | None:
    """Return the code cells of an exported notebook, or None for what is none."""
    if text.lstrip()[:1] == "<":
        page = _Page()
        page.feed(text)
        return _book("a page", page.found) if page.found else None
    parts = [part.strip() for part in BETWEEN.split(text)]
    if len(parts) == 1 and not _defines(text):
        return None
    return _book("a script", [part for part in parts if part])


def _book(kind: str, sources: list[str]) -> dict[str, Any]:
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return {"cells": cells, "exported": kind}


def _defines(text: str) -> bool:
    """Tell whether a text is Python that defines something."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body)


class _Page(HTMLParser):
    """Collects the code cells of a page that nbconvert wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = dict(attrs).get("class") or ""
        if tag == "div":
            self._code = "highlight" in classes and "hl-" in classes
        elif tag == "pre" and self._code:
            self._inside = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self._code = self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1] += data
