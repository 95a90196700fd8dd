"""Two hands that turn together: the angle between them stays."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.figures.diagrams.cells import heading, matrix, numbers
from course_lib.figures.diagrams.drawing import KEY, QUERY, Diagram, Drawing
from course_lib.figures.style import short

_RADIUS, _GAP, _MOST = 66.0, 44.0, 4


def turning(query: Any, key: Any, places: Sequence[tuple[float, float]]) -> Diagram:
    """Draw one pair of columns of a query and a key, turned to several places, as two hands.

    Args:
        query: (P, 2), the turned query at the first place of each pair.
        key: (P, 2), the turned key at the second place of each pair.
        places: P pairs, the query's place and the key's; at most four.

    Raises:
        ValueError: when shapes differ, a vector has no length, or there are too many places.
    """
    pairs = [(float(t), float(s)) for t, s in places]
    if not 1 <= len(pairs) <= _MOST:
        raise ValueError(f"turning draws 1 to {_MOST} pairs of places, {len(pairs)} came")
    hands = {name: matrix(one, name, len(pairs), 2) for name, one in _named(query, key)}
    for name, one in hands.items():
        if not np.all(np.isfinite(one)) or not np.all(np.hypot(*one.T) > 0):
            raise ValueError(f"{name} needs finite rows longer than 0: a dot has no direction")
    between = [_angle(q, k) for q, k in zip(hands["query"], hands["key"], strict=True)]
    title = "Turned by their places" + (_same(pairs, between) if len(pairs) > 1 else "")
    drawing = _draw(title, hands, pairs, between)
    return Diagram(title, _words(hands, pairs, between), drawing)


def _named(query: Any, key: Any) -> tuple[tuple[str, Any], ...]:
    return (("query", query), ("key", key))


def _angle(q: np.ndarray, k: np.ndarray) -> float:
    """Return by how much the key stands ahead of the query, in degrees above −180 up to 180."""
    turn = math.degrees(math.atan2(q[0] * k[1] - q[1] * k[0], float(q @ k)))
    return round(turn, 6) + 0.0


def _same(pairs: list[tuple[float, float]], between: list[float]) -> str:
    """Say that the angle stays, where it does."""
    apart = np.array([abs((one - between[0] + 180) % 360 - 180) for one in between])
    return ": the angle between them stays" if np.all(apart < 0.05) else ""


def _draw(
    title: str,
    hands: dict[str, np.ndarray],
    pairs: list[tuple[float, float]],
    between: list[float],
) -> Drawing:
    drawing = Drawing()
    top = heading(drawing, title)
    longest = max(float(np.hypot(*one.T).max()) for one in hands.values())
    for place, (t, s) in enumerate(pairs):
        x = 4 + _RADIUS + 22 + place * (2 * _RADIUS + _GAP)
        y = top + _RADIUS + 26
        drawing.circle(x, y, _RADIUS)
        drawing.circle(x, y, 2.5, fill="currentColor", tint=1.0)
        q, k = hands["query"][place], hands["key"][place]
        drawing.arc(_arc(x, y, q, k), "currentColor")
        _hand(drawing, x, y, q / longest, QUERY, "q")
        _hand(drawing, x, y, k / longest, KEY, "k")
        low = y + _RADIUS + 30
        lines = (
            f"query at {t:g}, key at {s:g}",
            f"angle {_degrees(between[place])}",
            f"q · k = {numbers(np.array([round(float(q @ k), 6)]))[0]}",
        )
        for row, words in enumerate(lines):
            drawing.text(x, low + 18 * row, words, bold=row == 1)
    return drawing


def _hand(drawing: Drawing, x: float, y: float, end: np.ndarray, colour: str, name: str) -> None:
    tip = (x + _RADIUS * end[0], y - _RADIUS * end[1])
    drawing.line([(x, y), tip], colour=colour, line=3, head=True, strength=1, dashed=name == "k")
    far = 14 / max(float(np.hypot(*end)) * _RADIUS, 1e-9)
    drawing.text(tip[0] + far * (tip[0] - x), tip[1] + far * (tip[1] - y), name, bold=True)


def _arc(x: float, y: float, q: np.ndarray, k: np.ndarray, radius: float = 24.0) -> str:
    """Return the path from the query's direction to the key's, the short way."""
    ends = []
    for one in (q, k):
        unit = one / np.hypot(*one)
        ends.append(f"{x + radius * unit[0]:.2f} {y - radius * unit[1]:.2f}")
    left = q[0] * k[1] - q[1] * k[0] > 0
    return f"M {ends[0]} A {radius:g} {radius:g} 0 0 {0 if left else 1} {ends[1]}"


def _words(
    hands: dict[str, np.ndarray], pairs: list[tuple[float, float]], between: list[float]
) -> str:
    said = []
    for place, (t, s) in enumerate(pairs):
        told = [f"{name} ({', '.join(numbers(one[place]))})" for name, one in hands.items()]
        where = f"Query at {t:g}, key at {s:g}".replace("-", "−")
        said.append(f"{where}: {', '.join(told)}, angle {_degrees(between[place])}.")
    return " ".join(said)


def _degrees(angle: float) -> str:
    return f"{short(angle, 1)}°"
