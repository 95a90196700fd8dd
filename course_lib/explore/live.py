"""Connect an explorer to the page through anywidget: the page sends moves, Python sends numbers."""

import os
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets
from IPython.display import display

from course_lib.explore import page

#: Does one thing that the page asks for.
Move = Callable[[dict[str, Any]], None]
#: Returns what is drawn now.
Look = Callable[[], dict[str, Any]]


class Live(anywidget.AnyWidget):
    """The bridge of one explorer: `meta` once, then a `view` for every batch of moves."""

    meta = traitlets.Dict().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, script: str, meta: dict[str, Any], look: Look, move: Move) -> None:
        self._look, self._move = look, move
        super().__init__(
            _esm=page.module(script),
            _css=page.static("explorer.css"),
            meta=meta,
            view=look(),
        )
        self.on_msg(self._receive)

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        """Apply a batch of moves and answer with one view that carries the batch's token."""
        for move in content.get("moves", []):
            self._move(move)
        self.view = {**self._look(), "token": content.get("token", "")}


def show_still(html: str, text: str) -> None:
    """Show the form that needs no Python, as HTML and as text."""
    display({"text/html": html, "text/plain": text}, raw=True)


def show_live(script: str, meta: dict[str, Any], look: Look, move: Move) -> None:
    """Show the form that asks Python; not while notebooks are executed for keeping.

    Those who execute them set COURSE_STATIC=1.
    """
    if os.environ.get("COURSE_STATIC") != "1":
        display(Live(script, meta, look, move))
