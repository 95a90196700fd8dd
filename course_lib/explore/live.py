"""Connect an explorer to the page through anywidget: the page sends keys, Python sends numbers."""

import os
from typing import Any

import anywidget
import traitlets
from IPython.display import display

from course_lib.explore import page
from course_lib.explore.explorer import Explorer


class Live(anywidget.AnyWidget):
    """The bridge of one explorer: `meta` once, then a `view` for every batch of moves."""

    meta = traitlets.Dict().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        super().__init__(
            _esm=page.module(explorer.script or explorer.name),
            _css=page.static("explorer.css"),
            meta=explorer.meta(),
            view=explorer.view(),
        )
        self.on_msg(self._receive)

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        """Apply a batch of moves and answer with one view that carries the batch's token."""
        for move in content.get("moves", []):
            apply(self._explorer, move)
        self.view = {**self._explorer.view(), "token": content.get("token", "")}


def apply(explorer: Explorer, move: dict[str, Any]) -> None:
    """Do one thing that the page asked for: a key, a slider's place, a button."""
    if "press" in move:
        explorer.press(move["press"])
    elif "place" in move:
        explorer.place(**move["place"])
    elif "act" in move:
        explorer.act(*move["act"])


def show_explorer(explorer: Explorer) -> None:
    """Show an explorer: a form that survives in the file, then the live one.

    A style in the first output hides whichever of the two is of no use. With COURSE_STATIC=1, set
    while notebooks are executed for keeping, and for an explorer that asks Python nothing, only the
    first is shown.
    """
    display({"text/html": explorer.html(), "text/plain": repr(explorer)}, raw=True)
    if os.environ.get("COURSE_STATIC") != "1" and not explorer.kernel_free:
        display(Live(explorer))
