"""Three small maps below a failed check: what is due, what came, the difference."""

from html import escape

import numpy as np

from course_lib.checking.result import Matrices, Result
from course_lib.workbook.ask import Page, display, has_front_end

#: From below zero through zero to above it; told apart by everyone, on light and on dark.
BELOW, ZERO, ABOVE = (33, 102, 172), (247, 247, 247), (178, 88, 6)
UNKNOWN = "#8c8c8c"
CELL, GAP, TOP, LEFT = 22, 34, 40, 24
#: Columns up to which each cell holds its number.
WITH_NUMBERS = 6
WIDE_CELL = 42


def show_heat_maps(result: Result) -> None:
    """Draw what a failed check compared, where there are matrices and a front end."""
    if result.matrices is not None and has_front_end():
        display(Page(heat_maps(result.matrices), alternative(result.matrices)))


def heat_maps(found: Matrices) -> str:
    """Return an SVG of three maps on one scale, with a text for those who do not see them."""
    at = f" [{', '.join(map(str, found.at))}]" if found.at else ""
    parts = {f"due{at}": found.due, f"yours{at}": found.yours, "yours − due": _less(found)}
    scale = _scale(list(parts.values()))
    rows, columns = found.due.shape
    cell = WIDE_CELL if columns <= WITH_NUMBERS else CELL
    wide, high = LEFT + columns * cell, TOP + rows * CELL
    width, height = 3 * wide + 2 * GAP, high + 34
    panels = "".join(
        f'<g transform="translate({place * (wide + GAP)},0)">'
        f"{_panel(name, values, scale, cell, found)}</g>"
        for place, (name, values) in enumerate(parts.items())
    )
    says = escape(alternative(found))
    return (
        f'<svg role="img" aria-label="{says}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" style="max-width: 100%; background: white" '
        f'font-family="sans-serif" font-size="12"><title>{says}</title>'
        f"{panels}{_legend(scale, height)}</svg>"
    )


def alternative(found: Matrices) -> str:
    """Return the picture in words."""
    apart = ~np.isclose(found.yours, found.due, rtol=1e-6, atol=1e-6, equal_nan=True)
    rows, columns = found.due.shape
    said = (
        f"Three maps, {rows} × {columns}, rows {found.rows}, columns {found.columns}: due, yours, "
        f"the difference. {int(apart.sum())} of {apart.size} numbers differ"
    )
    where = np.argwhere(apart)
    return f"{said}, the first at row {where[0][0]}, column {where[0][1]}." if len(where) else said


def _less(found: Matrices) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        difference = found.yours - found.due
    same = (found.yours == found.due) | (np.isnan(found.yours) & np.isnan(found.due))
    return np.asarray(np.where(same, 0.0, difference))


def _scale(parts: list[np.ndarray]) -> float:
    finite = np.concatenate([np.abs(part[np.isfinite(part)]) for part in parts])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def _panel(name: str, values: np.ndarray, scale: float, cell: int, found: Matrices) -> str:
    rows, columns = values.shape
    cells = "".join(
        _cell(values[i, j], scale, LEFT + j * cell, TOP + i * CELL, cell)
        for i in range(rows)
        for j in range(columns)
    )
    middle = TOP + rows * CELL / 2
    return (
        f'<text x="{LEFT}" y="14" font-weight="bold" fill="#111">{escape(name)}</text>'
        f'<text x="{LEFT}" y="32" fill="#333">{escape(found.columns)} →</text>'
        f'<text transform="translate(14,{middle}) rotate(-90)" text-anchor="middle" '
        f'fill="#333">{escape(found.rows)}</text>{cells}'
    )


def _cell(value: float, scale: float, x: float, y: float, width: int) -> str:
    red, green, blue = _colour(value, scale)
    fill = f"rgb({red},{green},{blue})" if np.isfinite(value) else UNKNOWN
    light = 0.299 * red + 0.587 * green + 0.114 * blue > 140
    box = (
        f'<rect x="{x}" y="{y}" width="{width}" height="{CELL}" fill="{fill}" stroke="#ccc">'
        f"<title>{value:.4g}</title></rect>"
    )
    if width < WIDE_CELL and np.isfinite(value):
        return box
    ink = "#000" if light or not np.isfinite(value) else "#fff"
    return (
        f'{box}<text x="{x + width / 2}" y="{y + 15}" text-anchor="middle" font-size="10" '
        f'fill="{ink}">{_short(value)}</text>'
    )


def _short(value: float) -> str:
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == round(value) and abs(value) < 1000:
        return f"{value:.0f}".replace("-", "−")
    text = f"{value:.2f}" if abs(value) < 100 else f"{value:.1e}"
    return text.replace("-", "−")


def _colour(value: float, scale: float) -> tuple[int, int, int]:
    share = min(abs(value) / scale, 1.0) if np.isfinite(value) else 0.0
    end = ABOVE if value > 0 else BELOW
    red, green, blue = (round(z + share * (e - z)) for z, e in zip(ZERO, end, strict=True))
    return red, green, blue


def _legend(scale: float, height: int) -> str:
    """Return one scale for all three: from −scale through 0 to scale."""
    steps, wide, y = 21, 8, height - 26
    boxes = "".join(
        f'<rect x="{LEFT + 60 + i * wide}" y="{y}" width="{wide}" height="12" '
        f'fill="rgb{_colour(scale * (i / (steps // 2) - 1), scale)}"/>'
        for i in range(steps)
    )
    last = LEFT + 66 + steps * wide
    return (
        f'<text x="{LEFT + 54}" y="{y + 10}" text-anchor="end" fill="#333">{_short(-scale)}</text>'
        f'{boxes}<text x="{last}" y="{y + 10}" fill="#333">{_short(scale)}</text>'
    )
