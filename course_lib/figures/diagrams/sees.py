"""Who sees whom: which input each output depends on, one grid for each model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.figures.diagrams.cells import heading, labels, matrix
from course_lib.figures.diagrams.drawing import SMALL, Diagram, Drawing, width_of
from course_lib.figures.style import BLUE

_CELL, _GAP = 26.0, 40.0


def who_sees_whom(
    influence: Mapping[str, Any] | Any, *, tokens: Sequence[str] | None = None
) -> Diagram:
    """Draw a grid: a row for each output, a column for each input, filled where it counts.

    Args:
        influence: (T, T), not 0 where the output of the row depends on the input of the column;
            or a name to such a matrix for each model.
        tokens: T labels; numbers when left out.

    Raises:
        ValueError: when a matrix is not square, or they differ in size.
    """
    given = dict(influence) if isinstance(influence, Mapping) else {"": influence}
    if not given:
        raise ValueError("who_sees_whom needs at least one matrix (T, T), none came")
    grids: dict[str, np.ndarray] = {}
    count: int | None = None
    for name, one in given.items():
        grid = matrix(one, name or "influence", count, count)
        if grid.shape[0] != grid.shape[1]:
            raise ValueError(f"{name or 'influence'} has shape {grid.shape}, expected (T, T)")
        count, grids[name] = len(grid), grid != 0
    names = labels(tokens, count or 0, "tokens")
    title = "Who sees whom"
    return Diagram(title, _words(grids, names), _draw(title, grids, names))


def _draw(title: str, grids: dict[str, np.ndarray], names: list[str]) -> Drawing:
    drawing = Drawing()
    top = heading(drawing, title)
    cell = max(_CELL, min(64.0, max(width_of(name, SMALL) for name in names) + 6))
    room = min(90.0, max(width_of(name, SMALL) for name in [*names, "output "]) + 4)
    left = 0.0
    for name, grid in grids.items():
        x, y = left + room + 8, top + 44 + 4
        room_above = len(names) * cell + _GAP
        drawing.text(x + len(names) * cell / 2, top, name, room=room_above, bold=True)
        drawing.text(x + len(names) * cell / 2, top + 18, "reads the inputs")
        drawing.text(x - 6, y - 12, "output", anchor="end", bold=True)
        for i, word in enumerate(names):
            drawing.text(x + (i + 0.5) * cell, y - 12, word, room=cell - 2)
            drawing.text(x - 6, y + (i + 0.5) * _CELL, word, room=room, anchor="end")
        for (row, column), seen in np.ndenumerate(grid):
            at = (x + column * cell, y + row * _CELL)
            drawing.box(*at, cell, _CELL, fill=BLUE, tint=0.4 * seen, round=0)
            drawing.text(at[0] + cell / 2, at[1] + _CELL / 2, "●" if seen else "·")
        left = x + len(names) * cell + _GAP
    return drawing


def _words(grids: dict[str, np.ndarray], names: list[str]) -> str:
    said = []
    for name, grid in grids.items():
        rows = []
        for word, row in zip(names, grid, strict=True):
            seen = [names[i] for i in np.flatnonzero(row)]
            whom = "every input" if len(seen) == len(names) else ", ".join(seen) or "nothing"
            rows.append(f"the output at {word} reads {whom}")
        said.append(f"{name + ': ' if name else ''}{'; '.join(rows)}.")
    return " ".join(said)
