"""The attention strip: one query's scores, mask, weights, values and output, in one row."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.figures.diagrams.cells import (
    HIGH,
    MOST,
    cell_width,
    cells,
    heading,
    label_room,
    labels,
    matrix,
    numbers,
    vector,
)
from course_lib.figures.diagrams.drawing import (
    KEY,
    OUTPUT,
    PLAIN,
    QUERY,
    SMALL,
    VALUE,
    Diagram,
    Drawing,
    width_of,
)

_GAP, _TOP = 34.0, 66.0


def attention_strip(
    scores: Any = None,
    mask: Any = None,
    weights: Any = None,
    values: Any = None,
    out: Any = None,
    *,
    keys: Sequence[str] | None = None,
    query: str = "",
) -> Diagram:
    """Draw what attention does for one query: scores, mask, weights, values, output.

    Every number is one that you hand in. Parts may be left out; axes of size 1 in front are
    dropped. A key has a row of its own through all the columns.

    Args:
        scores: (S,), a number for each key.
        mask: (S,), True where the query may attend.
        weights: (S,), what softmax made of the scores.
        values: (S, d_v), a row for each key, or (S,).
        out: (d_v,), the weighted mean, or one number.
        keys: S labels; numbers when left out.
        query: whose row it is.

    Raises:
        ValueError: when shapes do not fit each other, or nothing is handed in.
    """
    parts = _parts(scores, mask, weights, values)
    if not parts:
        raise ValueError("attention_strip needs scores, weights or values of one query; none came")
    count = len(next(iter(parts.values())))
    if count > MOST:
        raise ValueError(f"a strip holds {MOST} keys, these are {count}: take the first {MOST}")
    names = labels(keys, count, "keys", "key ")
    result = None if out is None else _output(out, parts.get("values"))
    whose = f"“{query}”" if query else "one query"
    title = f"Attention of {whose}"
    return Diagram(title, _words(names, parts, result), _draw(title, names, parts, result))


def _parts(scores: Any, mask: Any, weights: Any, values: Any) -> dict[str, np.ndarray]:
    """Return the columns that were handed in, each (S, width)."""
    parts: dict[str, np.ndarray] = {}
    count = None
    for name, given in (("scores", scores), ("mask", mask), ("weights", weights)):
        if given is not None:
            parts[name] = vector(given, name, count)[:, None]
            count = len(parts[name])
    if values is not None:
        tall = np.asarray(values.shape if hasattr(values, "shape") else np.shape(values))
        one = len(tall) == 1
        array = vector(values, "values", count)[:, None] if one else matrix(values, "values", count)
        parts["values"] = array
    return parts


def _output(out: Any, values: np.ndarray | None) -> np.ndarray:
    flat = np.atleast_1d(np.squeeze(vector(np.ravel(_plain(out)), "out")))
    if values is not None:
        vector(flat, "out", values.shape[1])
    return flat[None]


def _plain(values: Any) -> Any:
    return values.detach().cpu().double().numpy() if hasattr(values, "detach") else values


_COLOURS = {"scores": KEY, "mask": PLAIN, "weights": QUERY, "values": VALUE}
_ABOVE = {"mask": "", "weights": "softmax", "values": "times"}


def _draw(
    title: str, names: list[str], parts: dict[str, np.ndarray], out: np.ndarray | None
) -> Drawing:
    drawing = Drawing()
    heading(drawing, title)
    room = label_room(names)
    for row, name in enumerate(names):
        at = _TOP + (row + 0.5) * HIGH
        drawing.text(room + 2, at, name, room=room, anchor="end")
    x = room + 10
    middle = _TOP + len(names) * HIGH / 2
    for place, (name, values) in enumerate(parts.items()):
        if place:
            x = _step(drawing, x, middle, _ABOVE[name])
        x = _column(drawing, x, name, values, parts.get("mask"))
    if out is not None:
        x = _step(drawing, x, middle, "sum")
        _headed(drawing, x, "output", cell_width(out) * out.shape[1], middle - HIGH / 2 - 14)
        cells(drawing, x, middle - HIGH / 2, out, OUTPUT)
    return drawing


def _column(
    drawing: Drawing, x: float, name: str, values: np.ndarray, mask: np.ndarray | None
) -> float:
    """Draw one column of the strip; return its right end."""
    wide = max(cell_width(values), width_of(name, SMALL) / values.shape[1] + 4)
    words = None
    tints = np.full(values.shape, 0.35)
    if name == "mask":
        words = ["may" if one else "hidden" for one in values[:, 0]]
        wide, tints = 56.0, 0.3 * (values == 0)
    elif name == "weights":
        tints = np.clip(np.nan_to_num(values), 0, 1)
        # A weight of exactly 0 is no small weight: nothing flows.
        printed = zip(values[:, 0], numbers(values), strict=True)
        words = ["0" if value == 0 else told for value, told in printed]
    _headed(drawing, x, name, wide * values.shape[1], _TOP - 14)
    right, low = cells(
        drawing, x, _TOP, values, _COLOURS[name], wide=wide, tints=tints, words=words
    )
    if name == "weights":
        total = numbers(np.array([values.sum()]))[0]
        drawing.text((x + right) / 2, low + 14, f"sum {total}")
    return right


def _headed(drawing: Drawing, x: float, name: str, wide: float, y: float) -> None:
    drawing.text(x + wide / 2, y, name, bold=True)


def _step(drawing: Drawing, x: float, y: float, words: str) -> float:
    """Draw an arrow to the next column with a word above it; return where that begins."""
    gap = max(_GAP, width_of(words, SMALL) + 4)
    drawing.line([(x + 6, y), (x + gap - 6, y)], head=True)
    drawing.text(x + gap / 2, y - 12, words)
    return x + gap


def _words(names: list[str], parts: dict[str, np.ndarray], out: np.ndarray | None) -> str:
    said = []
    for row, name in enumerate(names):
        facts = []
        for part, values in parts.items():
            if part == "mask":
                facts.append("may be seen" if values[row, 0] else "hidden")
            else:
                printed = numbers(values)
                wide = values.shape[1]
                told = ", ".join(printed[row * wide : (row + 1) * wide])
                facts.append(f"{part.rstrip('s')} {told if wide == 1 else f'({told})'}")
        said.append(f"{name}: {', '.join(facts)}.")
    if out is not None:
        told = ", ".join(numbers(out))
        said.append(f"Output: {told if out.size == 1 else f'({told})'}.")
    return " ".join(said)
