"""Find solutions in a learner's copy.

Three rules. No marker of a region may appear. In the exercise's own cell, no line of its solution
that says something may appear, in code, comment or docstring. In any other code cell, the whole
solution may not appear line after line.
"""

import io
import re
import tokenize
from collections.abc import Iterator, Sequence

from course_lib.authoring.regions import Region
from course_lib.authoring.source import Cell, Source

#: A longer line is looked for inside comments and docstrings too.
LONG = 16
_MARKER = re.compile(r"^\s*###\s*(BEGIN SOLUTION|END SOLUTION|STUB)", re.MULTILINE)
_SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
_SAYS_SOMETHING = re.compile(r"[-+*/@%&|^~<>=(\[.]")


def leaks(source: Source, learners: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield (line of the source, what leaks) for a learner's copy.

    Args:
        source: the lesson.
        learners: the text of the learner's cells, one for each cell of the source.
    """
    for cell, text in zip(source.cells, learners, strict=True):
        if cell.kind == "code" and (found := _MARKER.search(text)):
            yield cell.line, f"the marker {found.group().strip()!r} is in the learner's copy"
    for exercise in source.exercises.values():
        for cell, text in zip(source.cells, learners, strict=True):
            if cell is exercise:
                yield from _own(exercise, text)
            elif cell.kind == "code":
                yield from _elsewhere(exercise, cell, text)


def _own(exercise: Cell, text: str) -> Iterator[tuple[int, str]]:
    shown, flat = {_tokens(line) for line in text.splitlines()}, _flat(text)
    for region in exercise.regions:
        for number, line in region.solution:
            if not _substantial(line):
                continue
            hidden_in_words = len(_flat(line)) >= LONG and _flat(line) in flat
            if _tokens(line) in shown or hidden_in_words:
                yield (
                    number,
                    f"this line of {exercise.exercise!r} is in the learner's copy too: "
                    f"{line.strip()!r}. Take it out of the stub, or move it out of the region",
                )


def _elsewhere(exercise: Cell, cell: Cell, text: str) -> Iterator[tuple[int, str]]:
    lines = [tokens for line in text.splitlines() if (tokens := _tokens(line))]
    for region in exercise.regions:
        answer = _answer(region)
        if answer and any(lines[k : k + len(answer)] == answer for k in range(len(lines))):
            yield (
                region.line,
                f"the whole solution of {exercise.exercise!r} stands in the learner's copy of the "
                f"{cell.role} cell in line {cell.line}",
            )


def _answer(region: Region) -> list[tuple[str, ...]]:
    """Return the tokens of a solution's lines; nothing when no line says anything."""
    if not any(_substantial(line) for _, line in region.solution):
        return []
    return [tokens for _, line in region.solution if (tokens := _tokens(line))]


def _substantial(line: str) -> bool:
    """Tell whether a line gives something away: it computes, and does more than open a block."""
    tokens = _tokens(line)
    if not tokens or tokens[-1] == ":":
        return False
    return len(tokens) > 2 and any(_SAYS_SOMETHING.search(token) for token in tokens)


def _tokens(line: str) -> tuple[str, ...]:
    """Return the tokens of one line without blanks and comments."""
    found: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(line.strip() + "\n").readline):
            if token.type not in _SILENT and token.string:
                found.append(token.string)
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass
    return tuple(found)


def _flat(text: str) -> str:
    return re.sub(r"\s+", "", text)
