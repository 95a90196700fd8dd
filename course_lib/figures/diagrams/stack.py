"""The one drawing of a stack that blocks and whole models share: boxes, sums, a residual path."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from course_lib.figures.diagrams.cells import numbers
from course_lib.figures.diagrams.drawing import (
    PLAIN,
    SMALL,
    Drawing,
    width_of,
)
from course_lib.figures.style import BLUE, GREEN, ORANGE, PINK

WIDE, HIGH, GAP = 158.0, 32.0, 20.0
#: How far left of the boxes the residual path runs.
ASIDE = 26.0
_MASK = 40.0

_COLOURS = {"attn": BLUE, "ff": GREEN, "norm": ORANGE, "embed": PINK, "head": PINK}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One box: what it is called, what kind it is, and what hangs on it.

    Attributes:
        name: by which numbers are told for it.
        label: what stands in the box.
        kind: attn, ff, norm, embed, head, or "" for none of them.
        caption: what its mask does, in a few words.
        mask: (T, S) of truths that hangs beside it.
    """

    name: str
    label: str
    kind: str = ""
    caption: str = ""
    mask: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class SubLayer:
    """Parts that a residual path leads around, and what stands on the path behind the sum."""

    inside: Sequence[Part]
    total: str
    behind: Sequence[Part] = ()


@dataclass
class Column:
    """A column of boxes, drawn from below upwards; `at` is the height reached so far."""

    x: float
    at: float
    numbers: Mapping[str, np.ndarray] = field(default_factory=dict)
    inputs: dict[str, float] = field(default_factory=dict)

    @property
    def middle(self) -> float:
        return self.x + WIDE / 2


def sublayers(kind: str, attentions: Sequence[Part], feed: Part, norm: str) -> list[SubLayer]:
    """Return a block's sub-layers, each with its norm before it or behind it."""
    found = []
    for place, part in enumerate([*attentions, feed], start=1):
        normed = Part(name=f"norm{place}", label=norm, kind="norm")
        total = f"add{place}"
        if kind == "pre":
            found.append(SubLayer(inside=[normed, part], total=total))
        else:
            found.append(SubLayer(inside=[part], total=total, behind=[normed]))
    return found


def draw_layers(drawing: Drawing, column: Column, layers: Sequence[SubLayer]) -> None:
    """Draw the sub-layers of a block upwards."""
    for layer in layers:
        _draw_layer(drawing, column, layer)


def draw_part(drawing: Drawing, column: Column, part: Part, *, first: bool = False) -> None:
    """Draw one box above what is there, with an arrow into it and its numbers to its right."""
    low = column.at - GAP
    if not first:
        up(drawing, column, low)
    tint = 0.32 if part.kind else 0.06
    colour = _COLOURS.get(part.kind, PLAIN)
    drawing.box(column.x, low - HIGH, WIDE, HIGH, fill=colour, tint=tint, round=6)
    lines = _lines(part.label)
    for row, words in enumerate(lines):
        y = low - HIGH / 2 + (row - (len(lines) - 1) / 2) * 14
        drawing.text(column.middle, y, words, room=WIDE - 8)
    column.inputs[part.name] = low - HIGH / 2
    told(drawing, column, part.name, low - HIGH / 2)
    if part.caption:
        hang(drawing, column.x + WIDE + 14, low - HIGH / 2, part.caption, part.mask)
    column.at = low - HIGH


def _lines(label: str) -> list[str]:
    """Return a label on one line, or on two where it would not fit into its box."""
    if width_of(label, SMALL) <= WIDE - 8:
        return [label]
    return textwrap.wrap(label, max(len(label) // 2 + 4, 8))[:2]


def up(drawing: Drawing, column: Column, end: float, head: bool = True) -> None:
    """Draw the stream from where the column stands up to `end`."""
    drawing.line([(column.middle, column.at), (column.middle, end)], head=head)


def told(drawing: Drawing, column: Column, name: str, y: float) -> None:
    """Write the numbers of a part to the right of it, if there are any."""
    if name in column.numbers:
        words = f"({', '.join(numbers(column.numbers[name]))})"
        drawing.text(column.x + WIDE + 10, y, words, anchor="start", bold=True)


def hang(drawing: Drawing, x: float, y: float, caption: str, mask: np.ndarray | None) -> None:
    """Hang a mask beside a box: filled where a query may attend, with a few words on it."""
    drawing.line([(x - 14, y), (x - 2, y)], dashed=True, strength=0.6)
    if mask is not None:
        size = min(11.0, _MASK / max(mask.shape))
        top = y - mask.shape[0] * size / 2
        for (row, column), seen in np.ndenumerate(mask):
            at = (x + column * size, top + row * size)
            drawing.box(*at, size, size, fill=BLUE, tint=0.55 * seen, line=0.6, round=0)
        x += mask.shape[1] * size + 5
    lines = textwrap.wrap(caption, 10)
    for row, words in enumerate(lines):
        at_y = y + (row - (len(lines) - 1) / 2) * 14
        drawing.text(x + 2, at_y, words, anchor="start", size=11.5)


def _draw_layer(drawing: Drawing, column: Column, layer: SubLayer) -> None:
    """Draw the parts of a sub-layer, the path around them, the sum, and what stands behind it."""
    fork = column.at - GAP * 0.7
    up(drawing, column, fork, head=False)
    column.at = fork
    for part in layer.inside:
        draw_part(drawing, column, part)
    y = column.at - GAP
    up(drawing, column, y + 9)
    drawing.circle(column.middle, y, 9)
    drawing.text(column.middle, y, "+", size=SMALL + 2)
    left = column.x - ASIDE
    path = [(column.middle, fork), (left, fork), (left, y), (column.middle - 9, y)]
    drawing.line(path, head=True)
    told(drawing, column, layer.total, y)
    column.at = y - 9
    for part in layer.behind:
        draw_part(drawing, column, part)


def frame(drawing: Drawing, column: Column, low: float, right: float, times: str) -> None:
    """Draw the dashed frame of a block from `low` up to where the column stands."""
    left = column.x - ASIDE - 12
    top = column.at - GAP * 0.4
    drawing.box(left, top, right - left, low - top, dashed=True, round=10)
    if times:
        wide = width_of(times, SMALL)
        drawing.text(left - 6 - wide / 2, (low + top) / 2, times, bold=True)
    up(drawing, column, top, head=False)
    column.at = top
