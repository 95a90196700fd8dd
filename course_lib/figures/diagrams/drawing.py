"""The pen of all diagrams: shapes and words that become one SVG, in the colours of the page.

Words and lines take the page's own ink, and surfaces are tints of the house's colours, so that a
diagram reads on a light page, on a dark one and on paper. No id, no script, no date: two diagrams
on a page never meet, and the same numbers give the same bytes.
"""

import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from course_lib.figures.style import BLUE, GREEN, ORANGE, PINK

#: What each kind of vector is coloured with, in every lesson.
QUERY, KEY, VALUE, OUTPUT = BLUE, ORANGE, GREEN, PINK
PLAIN = "currentColor"
SMALL, TEXT, LARGE = 12, 13, 15
#: Above this, a tint would come too near to the ink on it.
DARKEST = 0.55
#: A drawing wider than a notebook's column scrolls; on paper it shrinks.
WIDEST = 900

_BOLD = 1.12
_INK = "var(--jp-content-font-color1, currentColor)"
_FONT = "var(--jp-ui-font-family, system-ui), sans-serif"
_PAPER = (
    "@media print{.course-diagram"
    "{color:#1f1f1f !important;max-width:100% !important;height:auto !important}}"
)


class Diagram:
    """A drawing that a notebook shows, with the words that stand for it.

    Put it last in a cell, or hand it to `display`.

    Attributes:
        title: what it shows, in one line.
        words: what it shows, in sentences, with its numbers.
        svg: the drawing.
    """

    def __init__(self, title: str, words: str, drawing: "Drawing") -> None:
        self.title, self.words = title, " ".join(words.split())
        self.svg = drawing.svg(self.title, self.words)

    def _repr_html_(self) -> str:
        return f'<div class="course-diagram-box" style="overflow-x:auto">{self.svg}</div>'

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"Diagram: {self.title}. {self.words}"


class Drawing:
    """A sheet that grows with what is drawn on it. Units are CSS pixels, y points down."""

    def __init__(self) -> None:
        self.items: list[ET.Element] = []
        self.width, self.height = 0.0, 0.0

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        tint: float = 0.0,
        edge: str = PLAIN,
        line: float = 1.0,
        round: float = 3.0,
        dashed: bool = False,
        tip: str = "",
    ) -> None:
        """Draw a rectangle, tinted by at most `DARKEST`."""
        more = {"stroke-dasharray": "4 3"} if dashed else {}
        self._put(
            "rect",
            tip,
            {"x": x, "y": y, "width": width, "height": height, "rx": round},
            {"fill": fill, "fill-opacity": min(tint, DARKEST)} if fill != "none" else {},
            {"fill": "none"} if fill == "none" else {},
            {"stroke": edge, "stroke-width": line, "stroke-opacity": 0.75} if line else {},
            more,
        )
        self._grow(x + width, y + height)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        room: float = float("inf"),
        size: float = SMALL,
        anchor: str = "middle",
        bold: bool = False,
    ) -> None:
        """Write words around (x, y); where they are wider than `room` they are cut, with a tip."""
        shown = cut(words, room / _BOLD if bold else room, size)
        element = self._put(
            "text",
            words if shown != words else "",
            {"x": x, "y": y, "font-size": size, "text-anchor": anchor},
            {"dominant-baseline": "central", "fill": "currentColor"},
            {"font-weight": "bold"} if bold else {},
        )
        # The words come first: a tip is a child, and a reader of plain text meets them in order.
        element.text = shown
        share = {"start": 1.0, "middle": 0.5, "end": 0.0}[anchor]
        self._grow(x + width_of(shown, size) * (_BOLD if bold else 1) * share, y + size * 0.7)

    def line(
        self,
        points: Sequence[tuple[float, float]],
        *,
        colour: str = PLAIN,
        line: float = 1.5,
        dashed: bool = False,
        head: bool = False,
        strength: float = 0.75,
        tip: str = "",
    ) -> None:
        """Draw a line through points; `head` makes an arrow of it."""
        ends = list(points)
        if head:
            ends[-1] = self._head(ends[-2], ends[-1], colour, strength, max(line, 1.5))
        self._put(
            "polyline",
            tip,
            {"points": " ".join(f"{_n(x)},{_n(y)}" for x, y in ends), "fill": "none"},
            {"stroke": colour, "stroke-width": line, "stroke-opacity": strength},
            {"stroke-linejoin": "round"},
            {"stroke-dasharray": "5 4"} if dashed else {},
        )
        for x, y in points:
            self._grow(x + line, y + line)

    def circle(
        self, x: float, y: float, radius: float, *, fill: str = "none", tint: float = 0.0
    ) -> None:
        """Draw a circle."""
        inside: Mapping[str, object]
        inside = {"fill": fill, "fill-opacity": tint} if fill != "none" else {"fill": "none"}
        edge = {"stroke": PLAIN, "stroke-opacity": 0.5}
        self._put("circle", "", {"cx": x, "cy": y, "r": radius}, inside, edge)
        self._grow(x + radius, y + radius)

    def arc(self, path: str, colour: str = PLAIN) -> None:
        """Draw a path in SVG's own words; its extent is not counted."""
        look = {"fill": "none", "stroke": colour, "stroke-width": 1.5, "stroke-opacity": 0.75}
        self._put("path", "", {"d": path}, look)

    def grey(self, x: float, y: float, width: float, height: float, level: int) -> None:
        """Draw a pixel in its own grey, whatever colours the page has."""
        place = {"x": x, "y": y, "width": width, "height": height}
        self._put("rect", "", place, {"fill": f"rgb({level},{level},{level})"})
        self._grow(x + width, y + height)

    def badge(self, x: float, y: float, words: str) -> None:
        """Write words in white on the house's blue, for what stands on a picture."""
        wide = width_of(words, SMALL) + 6
        self._put("rect", "", {"x": x, "y": y, "width": wide, "height": 16, "fill": QUERY})
        self._put(
            "text",
            "",
            {"x": x + wide / 2, "y": y + 8, "font-size": SMALL, "text-anchor": "middle"},
            {"dominant-baseline": "central", "fill": "#ffffff"},
        ).text = words
        self._grow(x + wide, y + 16)

    def place(self, other: "Drawing", x: float, y: float) -> None:
        """Put another drawing on this sheet, its corner at (x, y)."""
        group = ET.Element("g", {"transform": f"translate({_n(x)} {_n(y)})"})
        group.text = group.tail = "\n"
        group.extend(other.items)
        self.items.append(group)
        self._grow(x + other.width, y + other.height)

    def svg(self, title: str, words: str) -> str:
        """Return the sheet as one SVG with a title and a description.

        Raises:
            ValueError: when it is wider than a page of a notebook.
        """
        wide, high = _n(self.width + 4), _n(self.height + 4)
        if self.width + 4 > WIDEST:
            raise ValueError(
                f"the diagram is {wide} px wide and {WIDEST} is the most: draw fewer columns"
            )
        root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "class": "course-diagram",
                "role": "img",
                "aria-label": f"{title}. {words}",
                "viewBox": f"0 0 {wide} {high}",
                "width": wide,
                "height": high,
                "style": f"color:{_INK};font-family:{_FONT};display:block;max-width:none",
            },
        )
        for tag, content in (("title", title), ("desc", words), ("style", _PAPER)):
            ET.SubElement(root, tag).text = content
        root.extend(self.items)
        # Breaks keep the words apart where a front end takes the SVG away and leaves its text.
        for child in root:
            child.tail = "\n"
        return ET.tostring(root, encoding="unicode")

    def _put(self, tag: str, tip: str, *attributes: Mapping[str, object]) -> ET.Element:
        flat = {name: _n(value) for part in attributes for name, value in part.items()}
        element = ET.Element(tag, flat)
        if tip:
            ET.SubElement(element, "title").text = tip
        element.tail = "\n"
        self.items.append(element)
        return element

    def _head(
        self,
        before: tuple[float, float],
        end: tuple[float, float],
        colour: str,
        strength: float,
        line: float,
    ) -> tuple[float, float]:
        """Draw the head of an arrow; return where its line ends."""
        (x0, y0), (x1, y1) = before, end
        far = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
        along, size = ((x1 - x0) / far, (y1 - y0) / far), 5 + 1.5 * line
        back = (x1 - along[0] * size, y1 - along[1] * size)
        side = (-along[1] * size * 0.45, along[0] * size * 0.45)
        corners = [end, (back[0] + side[0], back[1] + side[1])]
        corners.append((back[0] - side[0], back[1] - side[1]))
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        self._put("polygon", "", {"points": points, "fill": colour, "fill-opacity": strength})
        return back

    def _grow(self, x: float, y: float) -> None:
        self.width, self.height = max(self.width, x), max(self.height, y)


def width_of(words: str, size: float) -> float:
    """Return about how wide words are at a size, on the generous side."""
    return sum(_em(letter) for letter in words) * size


def cut(words: str, room: float, size: float) -> str:
    """Return words that fit into `room`, with … where they were cut."""
    if width_of(words, size) <= room:
        return words
    while words and width_of(f"{words}…", size) > room:
        words = words[:-1]
    return f"{words.rstrip()}…"


def _em(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    if unicodedata.combining(letter):
        return 0.0
    if letter in "ijl.,:;'|!I()[] ft":
        return 0.4
    return 0.85 if letter in "mwMW@%—…" else 0.64


def _n(value: object) -> str:
    """Return an attribute: numbers with two decimals at most, texts as they are."""
    if isinstance(value, float | int):
        return f"{float(value):.2f}".rstrip("0").rstrip(".")
    return str(value)
