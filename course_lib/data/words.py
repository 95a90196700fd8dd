"""Words as vectors: three in the plane, 30,522 in a pretrained encoder. Nothing is downloaded."""

from collections.abc import Iterable
from functools import cache

import numpy as np

from course_lib.data import pretrained
from course_lib.errors import CourseError

TABLE = "embeddings.word_embeddings.weight"

#: Three words small enough for paper: how much of an animal, how much of a machine.
HAND_WORDS = {"cat": (3.0, 1.0), "dog": (2.0, 1.0), "car": (1.0, 2.0)}


class WordTable:
    """Words and their vectors, one row each.

    Args:
        words: one for each row; pieces of words start with "##".
        vectors: (N, d).

    >>> table = WordTable(["cat", "dog"], np.array([[3.0, 1.0], [2.0, 1.0]]))
    >>> table["dog"].tolist(), table.row("dog"), table.words[1]
    ([2.0, 1.0], 1, 'dog')
    """

    def __init__(self, words: Iterable[str], vectors: np.ndarray) -> None:
        self.words = list(words)
        self.vectors = vectors
        if len(self.words) != len(vectors):
            raise ValueError(f"{len(self.words)} words need as many rows, not {len(vectors)}")
        self._rows = {word: row for row, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._rows

    def __getitem__(self, word: str) -> np.ndarray:
        vector: np.ndarray = self.vectors[self.row(word)]
        return vector

    def __repr__(self) -> str:
        return f"WordTable: {len(self):,} words, {self.vectors.shape[1]} numbers each"

    def row(self, word: str) -> int:
        """Return the number of a word's row.

        Raises:
            KeyError: when the table does not hold the word.
        """
        if word not in self._rows:
            tip = f"; try {word.lower()!r}" if word.lower() in self._rows else ""
            raise KeyError(f"{word!r} is not among the {len(self):,} words of the table{tip}")
        return self._rows[word]

    def rows(self, *words: str) -> list[int]:
        """Return the numbers of several words' rows."""
        return [self.row(word) for word in words]


@cache
def pretrained_words() -> WordTable:
    """Return the word vectors inside the encoder MiniLM: 30,522 rows of 384 numbers, float64.

    The encoder ships as a Python package; its weights are hashed before use, and only the table is
    read. The vectors were trained as the encoder's first layer, not to be compared on their own.

    Raises:
        CourseError: when the package is missing, or its files are not those that the course knows.
    """
    from safetensors import safe_open

    folder = pretrained.folder()
    weights = pretrained.verify(folder / pretrained.WEIGHTS)
    with safe_open(weights, framework="numpy") as file:
        vectors = file.get_tensor(TABLE).astype(np.float64)
    vectors.setflags(write=False)
    words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    if len(words) != len(vectors):
        raise CourseError(pretrained.altered(folder / "vocab.txt"))
    return WordTable(words, vectors)
