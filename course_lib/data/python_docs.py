"""The English of Python's own documentation: what `help("if")` and its like print.

It comes with every Python, so nothing is fetched. Its words differ a little between versions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from course_lib.errors import CourseError

#: Paragraphs are gathered into chunks of about so many characters; every tenth is held out.
CHUNK, HELD_OUT = 2000, 10


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text to learn from, and one of the same kind to be tested on.

    Args:
        train: to learn from.
        held_out: never learned from.
    """

    train: str
    held_out: str

    @property
    def letters(self) -> list[str]:
        """Every character of both, in order."""
        return sorted(set(self.train) | set(self.held_out))


def help_texts() -> Mapping[str, str]:
    """Return the help texts of this Python, by topic.

    Raises:
        CourseError: when it was installed without them.

    >>> help_texts()["assert"].startswith('The "assert" statement')
    True
    """
    try:
        from pydoc_data.topics import topics as texts
    except ImportError:
        raise CourseError(
            "this Python has no help texts (the module pydoc_data.topics): some systems leave them "
            "out. Install Python's documentation package, or Python from python.org or with uv"
        ) from None
    return texts


@cache
def python_docs() -> Text:
    """Return Python's documentation of its own language, each paragraph once.

    Topics repeat one another's paragraphs; a repeated one in the held-out part would be known by
    heart. So every paragraph is kept where it comes first.

    Raises:
        CourseError: when this Python was installed without its help texts.

    >>> text = python_docs()
    >>> len(text.train) > 8 * len(text.held_out) > 80_000
    True
    """
    chunks = _chunks(_paragraphs(help_texts()))
    held_out = [chunk for at, chunk in enumerate(chunks) if at % HELD_OUT == HELD_OUT - 1]
    train = [chunk for at, chunk in enumerate(chunks) if at % HELD_OUT != HELD_OUT - 1]
    return Text(train="".join(train), held_out="".join(held_out))


def _paragraphs(texts: Mapping[str, str]) -> list[str]:
    found = (part for name in sorted(texts) for part in texts[name].split("\n\n"))
    return list(dict.fromkeys(part.strip("\n") for part in found if part.strip()))


def _chunks(paragraphs: list[str]) -> list[str]:
    chunks = [""]
    for paragraph in paragraphs:
        if len(chunks[-1]) >= CHUNK:
            chunks.append("")
        chunks[-1] += paragraph + "\n\n"
    return chunks
