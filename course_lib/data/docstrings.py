"""Documentation and its one-line summary: the docstrings of Python's own library.

A docstring begins with one line that says what the thing does; a blank line and the rest follow
(PEP 257). The rest is read, the line is to be written. Nothing is fetched: the sources come with
every Python. They differ a little between versions, and so do the pairs.
"""

import ast
import hashlib
import re
import sysconfig
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from course_lib.errors import CourseError

Split = Literal["train", "validation", "test"]
#: Folders of the library that hold no documentation of it.
_LEFT_OUT = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "turtledemo"}
#: Words of a summary and of a body, and the fewest pairs that a whole library gives.
SUMMARY_WORDS, BODY_WORDS, FEWEST = (3, 15), (8, 60), 800


@dataclass(frozen=True)
class Documented:
    """One docstring, cut in two.

    Args:
        module: where it stands, such as "shutil"; all of a package counts as one.
        body: what follows the first paragraph, as prose in one line.
        summary: the first paragraph.
    """

    module: str
    body: str
    summary: str


@cache
def docstrings(split: Split) -> tuple[Documented, ...]:
    """Return the pairs of one split; no module, no body and no summary is in two of them.

    Raises:
        CourseError: when this Python came without the sources of its library.
        ValueError: when `split` is something else.

    >>> one = docstrings("test")[0]
    >>> one.module in {other.module for other in docstrings("train")}
    False
    """
    if split not in get_args(Split):
        raise ValueError(f"split is train, validation or test, not {split!r}")
    return tuple(pair for pair in _all() if split_of(pair.module) == split)


def split_of(module: str) -> Split:
    """Return the split of a module: by a hash of its name, so that new modules move no other.

    >>> split_of("shutil"), split_of("textwrap")
    ('validation', 'train')
    """
    place = hashlib.sha256(module.encode()).digest()[0] % 8
    return "test" if place == 0 else "validation" if place == 1 else "train"


def first_sentence(text: str) -> str:
    """Return a text up to the end of its first sentence.

    >>> first_sentence("It ends here, e.g. now. Not here.")
    'It ends here, e.g. now.'
    """
    found = re.search(r"(?<!e\.g)(?<!i\.e)[.!?](?=\s+[A-Z\"'(`*])", text)
    return text[: found.end()] if found else text


@cache
def _all() -> tuple[Documented, ...]:
    folder = Path(sysconfig.get_path("stdlib"))
    seen: set[str] = set()
    found = []
    for pair in _pairs(folder):
        if pair.body not in seen and pair.summary.lower() not in seen:
            seen |= {pair.body, pair.summary.lower()}
            found.append(pair)
    if len(found) < FEWEST:
        raise CourseError(
            f"{folder} gives {len(found)} docstrings where {FEWEST} are due: this Python came "
            "without the sources of its library. Use Python from python.org, uv or your system"
        )
    return tuple(found)


def _pairs(folder: Path) -> Iterator[Documented]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        if _LEFT_OUT.isdisjoint(parts):
            for text in _docstrings(path):
                pair = cut(text, parts[0])
                if pair is not None:
                    yield pair


def _docstrings(path: Path) -> Iterator[str]:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that later versions refuse
            tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, kinds) and (text := ast.get_docstring(node)):
            yield text


def cut(docstring: str, module: str = "") -> Documented | None:
    """Cut a docstring in two, or return None where one half is too short, too long or no prose.

    >>> cut("Return the mean.\\n\\n" + "The mean is the sum of all values over their count. " * 2)
    Documented(module='', body='The mean is the sum of all values over their count. ...
    """
    first, _, rest = docstring.partition("\n\n")
    summary = " ".join(first.split())
    body = " ".join(rest.split(">>>")[0].split()[: BODY_WORDS[1]])
    prose = sum(letter.isalpha() or letter == " " for letter in body) >= 0.8 * len(body)
    short = SUMMARY_WORDS[0] <= len(summary.split()) <= SUMMARY_WORDS[1]
    if not (prose and short and summary.endswith(".") and len(body.split()) >= BODY_WORDS[0]):
        return None
    return Documented(module, body, summary)
