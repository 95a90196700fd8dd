"""Look over what a solved notebook shows: alternative text, weight, paths of this machine."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

SHORTEST_ALT = 8
KB = 1000
OUTPUT_KB, SOLVED_KB, LEARNERS_KB = 100, 400, 60
_MARKDOWN_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\([^)]*\)")
_NO_ALT = f"without alternative text of {SHORTEST_ALT} characters or more"


def outputs_of(cell: Any) -> list[Any]:
    """Return the outputs of a cell; none for text."""
    return list(cell.get("outputs", []))


def problems_in(cell: NotebookNode, root: Path) -> Iterator[str]:
    """Say what is wrong with the outputs of one cell."""
    for output in outputs_of(cell):
        data = output.get("data", {})
        shown = _text(data.get("text/html", ""))
        yield from (f"an image {_NO_ALT}: {what}" for what in images_without_alt(shown))
        for kind in data:
            if kind.startswith("image/") and not shown:
                yield f"a bare {kind} output: use show(fig, alt=…), which gives it alternative text"
        if output.output_type == "error":
            yield f"the output is an error: {output.get('ename')}"
        size = len(json.dumps(output, ensure_ascii=False).encode())
        if size > OUTPUT_KB * KB:
            yield f"an output of {size / KB:.0f} KB; {OUTPUT_KB} KB is the most: show less"
        if _names_machine(json.dumps(output, ensure_ascii=False), root):
            yield "an output names a folder of this machine: print names, not whole paths"


def _names_machine(text: str, root: Path) -> bool:
    homes = {str(root), str(Path.home())} - {"/", "/root"}
    return any(f"{home}/" in text or f"{home}\\\\" in text for home in homes)


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def images_without_alt(html: str) -> list[str]:
    """Return the start of every `<img>` whose alternative text is missing or too short."""
    reader = _Images()
    reader.feed(html)
    reader.close()
    return reader.found


def markdown_images_without_alt(text: str) -> list[str]:
    """Return the images of a Markdown text whose alternative text is missing or too short."""
    plain = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    found = _MARKDOWN_IMAGE.finditer(plain)
    short = [image.group()[:60] for image in found if len(image["alt"].strip()) < SHORTEST_ALT]
    return short + images_without_alt(plain)


class _Images(HTMLParser):
    """Collects images that lack alternative text; scripts and styles are not looked into."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img" and len((dict(attrs).get("alt") or "").strip()) < SHORTEST_ALT:
            self.found.append((self.get_starttag_text() or "<img>")[:60])
