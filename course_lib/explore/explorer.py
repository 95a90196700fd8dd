"""What every explorer is: controls, numbers, and a page that draws them.

An explorer is a table of numbers with a few controls. Python computes the numbers, by asking the
learner's function; the ES module in `static/` only draws them. The same class runs without a
browser: `press` and `set` move the controls, `state` returns every number on the page.
"""

import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from course_lib.explore import page
from course_lib.figures.show import as_html

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Control:
    """One thing that a key or a slider moves, in steps.

    Args:
        name: as in `explorer.set(name=value)`.
        values: what it can be, in order.
        start: index of the first value shown.
        computed: False when it only moves a cursor and no number depends on it.
    """

    name: str
    values: Sequence[float]
    start: int = 0
    computed: bool = True


class Explorer:
    """Base of all explorers; see README.md for how to add one.

    A subclass sets `name`, `title` and `keys`, and writes `numbers`, `fixed`, `figure`, `alt`.
    """

    #: The module in `static/`, without `.js`.
    name: ClassVar[str]
    #: The module, where an explorer shares that of another.
    script: ClassVar[str] = ""
    #: The heading, also the accessible name of the whole explorer.
    title: ClassVar[str]
    #: What a key does: which control it moves, by how many steps.
    keys: ClassVar[Mapping[str, tuple[str, int]]] = {}
    #: Whether every position is worth computing beforehand, for pages without Python.
    tabulated: ClassVar[bool] = True
    #: Whether the page that needs no Python is all there is: it can do everything.
    kernel_free: ClassVar[bool] = False

    def __init__(self, controls: Sequence[Control]) -> None:
        self.controls = tuple(controls)
        self.at = {control.name: control.start for control in controls}
        self._known: tuple[Hashable, dict[str, Any]] | None = None

    # What a subclass writes.

    def numbers(self) -> dict[str, Any]:
        """Return everything that is drawn at the present position, and `note`: whose it is."""
        raise NotImplementedError

    def fixed(self) -> dict[str, Any]:
        """Return what never changes: labels, places of words."""
        return {}

    def figure(self) -> "Figure":
        """Return the static figure that stands in where nothing can run."""
        raise NotImplementedError

    def alt(self) -> str:
        """Say in words and numbers what `figure` shows."""
        raise NotImplementedError

    def depends_on(self) -> Hashable:
        """Return what `numbers` depends on; while it stays the same, nobody is asked again."""
        return tuple(self.at[control.name] for control in self.controls if control.computed)

    # What a lesson and a test use.

    def now(self) -> dict[str, Any]:
        """Return `numbers`, asked once for each position."""
        key = self.depends_on()
        if self._known is None or self._known[0] != key:
            self._known = key, self.numbers()
        return self._known[1]

    def state(self) -> dict[str, Any]:
        """Return every number on the page as plain Python, controls included."""
        where = {control.name: control.values[self.at[control.name]] for control in self.controls}
        return {**where, **self.fixed(), **self.now()}

    def press(self, key: str) -> "Explorer":
        """Do what a key does in the browser; `key` is its name there, such as "ArrowRight"."""
        if key in self.keys:
            name, step = self.keys[key]
            self.place(**{name: self.at[name] + step})
        return self

    def place(self, **steps: int) -> "Explorer":
        """Move controls to the given steps, held within their range."""
        for name, step in steps.items():
            self.at[name] = max(0, min(int(step), len(self._control(name).values) - 1))
        return self

    def set(self, **values: float) -> "Explorer":
        """Move controls to the given values, or the nearest there are."""
        for name, value in values.items():
            known = np.asarray(self._control(name).values, dtype=float)
            self.place(**{name: int(np.abs(known - float(value)).argmin())})
        return self

    def act(self, name: str, value: Any = None) -> "Explorer":
        """Do what a button does; explorers that have buttons override this."""
        raise ValueError(f"{self.name} has no button {name!r}")

    def _control(self, name: str) -> Control:
        for control in self.controls:
            if control.name == name:
                return control
        known = ", ".join(control.name for control in self.controls)
        raise ValueError(f"{self.name} has no control {name!r}; it has {known}")

    # What the page uses.

    def move(self, move: dict[str, Any]) -> None:
        """Do one thing that the page asks for: a key, a slider's place, a button."""
        if "press" in move:
            self.press(move["press"])
        elif "place" in move:
            self.place(**move["place"])
        elif "act" in move:
            self.act(*move["act"])

    def meta(self) -> dict[str, Any]:
        """Return what the module is told once."""
        controls = [
            {"name": c.name, "values": list(c.values), "computed": c.computed}
            for c in self.controls
        ]
        keys = {key: list(move) for key, move in self.keys.items()}
        facts = {"title": self.title, "controls": controls, "keys": keys, **self.fixed()}
        return page.plain_dict(facts)

    def view(self) -> dict[str, Any]:
        """Return what the module draws now."""
        return page.plain_dict({"at": dict(self.at), **self.now()})

    def table(self) -> dict[str, Any] | None:
        """Return the numbers at every position, or None when there are too many.

        What is the same everywhere stands once, under `same`.
        """
        if not self.tabulated:
            return None
        before = dict(self.at)
        computed = [control for control in self.controls if control.computed]
        rows = {}
        for steps in itertools.product(*(range(len(c.values)) for c in computed)):
            self.place(**{c.name: step for c, step in zip(computed, steps, strict=True)})
            rows[",".join(map(str, steps))] = page.plain_dict(self.numbers())
        self.at = before
        return _without_repeats(rows)

    def html(self) -> str:
        """Return the form that needs no Python: a figure, interactive where tabulated."""
        image, note, table = as_html(self.figure(), self.alt()), self.view()["note"], self.table()
        facts = {"meta": self.meta(), "at": self.at, "table": table}
        drawn_by = self.script or self.name
        return page.standin(self.name, drawn_by, image, note, None if table is None else facts)

    def __repr__(self) -> str:
        return f"{self.title}: {self.alt()}"

    def _ipython_display_(self) -> None:
        """Show a form that survives in the file, then the live one.

        A style in the first output hides whichever of the two is of no use.
        """
        from course_lib.explore import live

        live.show_still(self.html(), repr(self))
        if not self.kernel_free:
            live.show_live(self.script or self.name, self.meta(), self.view, self.move)


def _without_repeats(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return rows without the entries that are the same in all, and those once."""
    first, *others = rows.values()
    same = {name: one for name, one in first.items() if all(other[name] == one for other in others)}
    apart = {
        at: {name: one for name, one in row.items() if name not in same} for at, row in rows.items()
    }
    return {"same": same, "rows": apart}
