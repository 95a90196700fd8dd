"""Asking whether somebody wants to join: a form where there is a front end, else one line."""

from collections.abc import Callable
from html import escape
from typing import Any

from course_lib.errors import CourseError
from course_lib.workbook.ask import display
from course_lib.workbook.sharing.sharing import WHAT_IS_SENT

EXPORTED = "My name may stand in what the instructor keeps"


def ask_to_join(join: Callable[[str, bool], str]) -> None:
    """Show what is sent, a field for a name, a box to tick, and two buttons.

    Args:
        join: takes a name and whether it may be exported; returns a sentence or raises CourseError.
    """
    import ipywidgets as widgets

    name = widgets.Text(description="Name:", placeholder="or a nickname, or nothing")
    export = widgets.Checkbox(value=False, description=EXPORTED, indent=False)
    yes = widgets.Button(description="Join", button_style="primary")
    no = widgets.Button(description="Not now")
    said = widgets.HTML(value="")

    def clicked(_: Any) -> None:
        yes.disabled = True
        try:
            said.value = escape(join(name.value, export.value))
        except CourseError as error:
            said.value, yes.disabled = escape(str(error)), False

    def refused(_: Any) -> None:
        yes.disabled = no.disabled = True
        said.value = "Nothing is sent. Run the cell again if you change your mind."

    yes.on_click(clicked)
    no.on_click(refused)
    told = widgets.HTML(value=f"<p>{escape(WHAT_IS_SENT)}</p>")
    display(widgets.VBox([told, name, export, widgets.HBox([yes, no]), said]))
