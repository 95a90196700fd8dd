"""The states of an encoder feed a decoder, each by its weight."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.figures.diagrams.cells import HIGH, heading, matrix, numbers
from course_lib.figures.diagrams.drawing import (
    KEY,
    QUERY,
    SMALL,
    Diagram,
    Drawing,
    width_of,
)

_UP, _LEAST, _ROOM = 150.0, 0.05, 660.0


def states_into_decoder(
    weights: Any, source: Sequence[str], target: Sequence[str], *, step: int | None = None
) -> Diagram:
    """Draw encoder states below, decoder states above, and between them lines as wide as weights.

    Args:
        weights: (T, S), a row for each target word.
        source: S words that were read.
        target: T words that were written.
        step: the target word whose weights are drawn in full, with numbers; all when left out.

    Raises:
        ValueError: when the words do not fit the weights, or `step` names no target word.
    """
    rows = matrix(weights, "weights", len(target), len(source))
    read, written = list(map(str, source)), list(map(str, target))
    if step is not None and not 0 <= step < len(written):
        raise ValueError(f"step is 0 to {len(written) - 1}, not {step}")
    whose = "" if step is None else f": writing “{written[step]}”"
    title = f"Encoder states feed the decoder{whose}"
    drawing = _draw(title, rows, read, written, step)
    return Diagram(title, _words(rows, read, written), drawing)


def _draw(
    title: str, rows: np.ndarray, source: list[str], target: list[str], step: int | None
) -> Drawing:
    drawing = Drawing()
    top = heading(drawing, title) + 4
    most = max(len(source), len(target))
    wide = min(_wide([*source, *target]), _ROOM / most - 14)
    low = top + HIGH + _UP
    left = 74.0
    span = most * (wide + 14)
    at_source = _places(left, span, len(source))
    at_target = _places(left, span, len(target))
    for t, x in enumerate(at_target):
        for s, y in enumerate(at_source):
            tip = f"{target[t]} from {source[s]}: {numbers(rows[t, [s]])[0]}"
            faint = step is not None and t != step
            _link(drawing, (y, low), (x, top + HIGH), float(rows[t, s]), faint, tip)
    _states(drawing, at_target, top, target, QUERY, wide, step)
    _states(drawing, at_source, low, source, KEY, wide, None)
    drawing.text(2, top + HIGH / 2, "decoder", anchor="start", bold=True)
    drawing.text(2, low + HIGH / 2, "encoder", anchor="start", bold=True)
    if step is not None:
        for s, x in enumerate(at_source):
            drawing.text(x, low + HIGH + 14, numbers(rows[step])[s])
        drawing.text(2, low + HIGH + 14, "weights", anchor="start")
    return drawing


def _wide(words: list[str]) -> float:
    return min(110.0, max(width_of(word, SMALL) for word in words) + 16)


def _places(left: float, span: float, count: int) -> list[float]:
    return [left + span * (i + 0.5) / count for i in range(count)]


def _link(
    drawing: Drawing,
    start: tuple[float, float],
    end: tuple[float, float],
    weight: float,
    faint: bool,
    tip: str,
) -> None:
    if not np.isfinite(weight) or weight < 0.005:
        return
    strength = 0.15 if faint else (0.35 if weight < _LEAST else 0.8)
    drawing.line([start, end], colour=KEY, line=0.6 + 9 * weight, strength=strength, tip=tip)


def _states(
    drawing: Drawing,
    places: list[float],
    y: float,
    words: list[str],
    colour: str,
    wide: float,
    step: int | None,
) -> None:
    for before, after in pairwise(places):
        drawing.line([(before + wide / 2, y + HIGH / 2), (after - wide / 2, y + HIGH / 2)])
    for place, (x, word) in enumerate(zip(places, words, strict=True)):
        line = 3.0 if place == step else 1.0
        drawing.box(x - wide / 2, y, wide, HIGH, fill=colour, tint=0.3, line=line)
        drawing.text(x, y + HIGH / 2, word, room=wide - 6)


def _words(rows: np.ndarray, source: list[str], target: list[str]) -> str:
    said = []
    for t, word in enumerate(target):
        told = [f"{source[s]} {numbers(rows[t])[s]}" for s in np.argsort(-rows[t], kind="stable")]
        said.append(f"{word} reads {', '.join(told[:3])}.")
    more = " Of each row the three largest weights are told." if len(source) > 3 else ""
    return " ".join(said) + more
