"""What maps of attention over number words share: sentences, a cursor, and the text in words."""

from collections.abc import Sequence
from typing import Any

from course_lib.data.number_words import (
    ENGLISH,
    GERMAN,
    Vocabulary,
    english_pieces,
    german_pieces,
)
from course_lib.explore.explorer import Control, Explorer
from course_lib.figures.style import short

END, PADDING = "(end)", "(pad)"


class NumberMap(Explorer):
    """A map with a row for each German piece and a column for each English word.

    Args:
        numbers: which can be chosen.
        more: controls besides number, row and column.
        start: index of the number shown first.
        padded: whether a place of padding follows each source.
    """

    script = "alignment"

    def __init__(
        self,
        numbers: Sequence[int],
        more: Sequence[Control] = (),
        *,
        start: int = 0,
        padded: bool = False,
    ) -> None:
        self.english, self.german = Vocabulary(ENGLISH), Vocabulary(GERMAN)
        self.sources = [[*english_pieces(number), *[PADDING] * padded] for number in numbers]
        self.targets = [[*german_pieces(number), END] for number in numbers]
        super().__init__(
            [
                Control("number", tuple(numbers), start=start),
                *more,
                Control("row", tuple(range(max(map(len, self.targets)))), computed=False),
                Control("column", tuple(range(max(map(len, self.sources)))), computed=False),
            ]
        )

    def place(self, **steps: int) -> Any:
        """Move, and stay within the map of the number at hand."""
        super().place(**steps)
        at = self.at["number"]
        self.at["row"] = min(self.at["row"], len(self.targets[at]) - 1)
        self.at["column"] = min(self.at["column"], len(self.sources[at]) - 1)
        return self

    def alt(self) -> str:
        now = self.numbers()
        each = "; ".join(
            f"{piece} looks at word {best + 1}, {now['source'][best]} ({short(row[best])})"
            for piece, best, row in zip(now["target"], now["best"], now["weights"], strict=True)
        )
        return f"Alignment of “{' '.join(now['source'])}”: {each}."
