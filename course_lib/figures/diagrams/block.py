"""The transformer block as a diagram, with a row's numbers walking through it."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from course_lib.figures.diagrams.cells import heading, numbers, vector
from course_lib.figures.diagrams.drawing import SMALL, Diagram, Drawing, width_of
from course_lib.figures.diagrams.stack import (
    ASIDE,
    GAP,
    WIDE,
    Column,
    Part,
    SubLayer,
    draw_layers,
    draw_part,
    frame,
    sublayers,
)

_TITLES = {"pre": "Pre-norm: x + f(norm(x))", "post": "Post-norm: norm(x + f(x))"}


def block(
    kind: Literal["pre", "post", "both"] = "pre",
    *,
    row: Any = None,
    stages: Mapping[str, Any] | None = None,
    norm: str = "layer norm",
) -> Diagram:
    """Draw an encoder block, from below upwards.

    Args:
        kind: where the norm stands; "both" draws the two forms side by side.
        row: (d_model,), the row that comes in.
        stages: the row behind each stage that is to be told: norm1, attn, add1, norm2, ff, add2.
            For "both": {"pre": …, "post": …}.
        norm: what the norm is called.

    Raises:
        ValueError: for another kind or an unknown stage, or when a stage has another width.
    """
    if kind not in ("pre", "post", "both"):
        raise ValueError(f'kind is "pre", "post" or "both", not {kind!r}')
    kinds: tuple[str, ...] = ("pre", "post") if kind == "both" else (kind,)
    given = _of_both(stages) if kind == "both" else {str(kind): stages}
    rows = {one: _rows(one, row, given.get(one), norm) for one in kinds}
    drawing = Drawing()
    title = "The transformer block" if kind == "both" else _TITLES[kind]
    top = heading(drawing, title)
    for one in kinds:
        sheet, tall = _draw(one, rows[one], norm, titled=kind == "both")
        drawing.place(sheet, drawing.width + 40 if one != kinds[0] else 0, top + tall)
    return Diagram(title, " ".join(_words(one, rows[one], norm) for one in kinds), drawing)


def _of_both(stages: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any] | None]:
    found = dict(stages or {})
    if not set(found) <= {"pre", "post"}:
        raise ValueError(f'for both forms stages is {{"pre": …, "post": …}}, not {list(found)}')
    return found


def _layers(kind: str, norm: str) -> list[SubLayer]:
    attend = Part(name="attn", label="self-attention", kind="attn")
    feed = Part(name="ff", label="feed-forward", kind="ff")
    return sublayers(kind, [attend], feed, norm)


def _names(layers: list[SubLayer]) -> list[str]:
    """Return the names of all stages in the order in which a row meets them."""
    order = []
    for layer in layers:
        order += [p.name for p in layer.inside] + [layer.total] + [p.name for p in layer.behind]
    return order


def _rows(
    kind: str, row: Any, stages: Mapping[str, Any] | None, norm: str
) -> dict[str, np.ndarray]:
    order = _names(_layers(kind, norm))
    unknown = [name for name in stages or {} if name not in order]
    if unknown:
        raise ValueError(f"the stages of a block are {', '.join(order)}, not {unknown[0]!r}")
    if row is None:
        if stages:
            raise ValueError("stages need the row that came in: row=…")
        return {}
    start = vector(row, "row")
    told = {
        name: vector((stages or {})[name], name, len(start))
        for name in order
        if name in (stages or {})
    }
    return {"row": start, **told}


def _draw(kind: str, rows: dict[str, np.ndarray], norm: str, titled: bool) -> tuple[Drawing, float]:
    """Draw one form upwards from 0; return the sheet and how tall it is."""
    drawing = Drawing()
    layers = _layers(kind, norm)
    column = Column(x=ASIDE + 14, at=0.0, numbers=rows)
    draw_part(drawing, column, Part(name="row", label="a row of x"), first=True)
    low = column.at - GAP * 0.3
    draw_layers(drawing, column, layers)
    right = column.x + WIDE + 18 + max([0.0, *(_told(one) for one in rows.values())])
    frame(drawing, column, low, right, "")
    last = _names(layers)[-1]
    column.numbers = {"out": rows[last]} if last in rows else {}
    draw_part(drawing, column, Part(name="out", label="the row that leaves"))
    if titled:
        drawing.text(column.middle, column.at - 18, _TITLES[kind], bold=True)
        column.at -= 26
    return drawing, -column.at


def _told(values: np.ndarray) -> float:
    return width_of(f"({', '.join(numbers(values))})", SMALL) * 1.08


def _words(kind: str, rows: dict[str, np.ndarray], norm: str) -> str:
    layers = _layers(kind, norm)
    order = {"pre": f"{norm}, then the sub-layer, then the sum", "post": f"sub-layer, sum, {norm}"}
    said = [f"{_TITLES[kind]}. Twice, for attention and for feed-forward: {order[kind]}."]
    if rows:
        names = ["row", *_names(layers)]
        told = [f"{name} ({', '.join(numbers(rows[name]))})" for name in names if name in rows]
        said.append(f"The numbers: {'; '.join(told)}.")
    return " ".join(said)
