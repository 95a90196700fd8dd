"""Answer regions inside an exercise cell: what the author solved, what the learner gets instead."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

BEGIN, STUB, END = "### BEGIN SOLUTION", "### STUB", "### END SOLUTION"
#: Looks like a marker, whether it is spelled as one or not.
_MARKER = re.compile(r"^\s*#+\s*(begin\s+solution|end\s+solution|stub)\b", re.IGNORECASE)

#: A line of text with its line number in the file.
Line = tuple[int, str]


@dataclass(frozen=True)
class Region:
    """One answer region.

    Args:
        line: of BEGIN SOLUTION.
        indent: the blanks in front of it.
        solution: the author's lines.
        stub: the learner's lines as they stand in the source, commented; None without a STUB part.
    """

    line: int
    indent: str
    solution: tuple[Line, ...] = ()
    stub: tuple[Line, ...] | None = None

    def for_learner(self) -> list[Line]:
        """Return what the learner gets in its place."""
        if self.stub is None:
            return [(self.line, f"{self.indent}raise NotImplementedError")]
        return [(line, _uncommented(text)) for line, text in self.stub]


def find_regions(lines: Sequence[Line]) -> tuple[list[Line | Region], list[Line]]:
    """Split a cell into plain lines and regions; the second result holds mistakes, by line."""
    parts: list[Line | Region] = []
    mistakes: list[Line] = []
    region: Region | None = None
    for line, text in lines:
        marker = _marker(text)
        wrong = _misplaced(marker, text, region)
        if wrong:
            mistakes.append((line, wrong))
        elif marker == BEGIN:
            region = Region(line, text[: len(text) - len(text.lstrip())])
        elif marker == END and region is not None:
            parts.append(region)
            region = None
        elif marker == STUB and region is not None:
            region = replace(region, stub=())
        elif region is None:
            parts.append((line, text))
        elif region.stub is None:
            region = replace(region, solution=(*region.solution, (line, text)))
        else:
            region = replace(region, stub=(*region.stub, (line, text)))
    if region is not None:
        mistakes.append((region.line, f"the region opened here is never closed: add {END}"))
    mistakes += [
        found for part in parts if isinstance(part, Region) for found in _mistakes_inside(part)
    ]
    return parts, sorted(mistakes)


def _marker(text: str) -> str | None:
    """Return the marker on a line; "?" for one that is not spelled as it should be."""
    if not _MARKER.match(text):
        return None
    return text.strip() if text.strip() in (BEGIN, STUB, END) else "?"


def _misplaced(marker: str | None, text: str, region: Region | None) -> str | None:
    if marker == "?":
        return f"{text.strip()!r} is no marker; they are {BEGIN!r}, {STUB!r} and {END!r}"
    if marker == BEGIN and region is not None:
        return f"the region opened in line {region.line} is still open: add {END} before this one"
    if marker in (STUB, END) and region is None:
        return f"{marker} without a {BEGIN} before it in this cell"
    if marker == STUB and region is not None and region.stub is not None:
        return f"a second {STUB} in the region opened in line {region.line}: keep one"
    return None


def _mistakes_inside(region: Region) -> Iterator[Line]:
    if not any(text.strip() for _, text in region.solution):
        yield region.line, f"the region is empty: write the solution after {BEGIN}"
    for line, text in region.stub or ():
        if text.strip() and not text.lstrip().startswith("#"):
            yield line, f"a line after {STUB} is a comment in the source: put '# ' in front of it"
    if region.stub is not None and not any(text.strip() for _, text in region.stub):
        yield region.line, f"the {STUB} part is empty: write '# raise NotImplementedError' at least"


def _uncommented(text: str) -> str:
    """Return a stub's line without its first `# `."""
    code = text.lstrip()
    indent = text[: len(text) - len(code)]
    code = code.removeprefix("#").removeprefix(" ")
    return f"{indent}{code}" if code.strip() else ""
