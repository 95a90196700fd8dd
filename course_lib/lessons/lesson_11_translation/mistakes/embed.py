"""Mistakes in “Words and their places”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _embed(f: Callable[[Tensor, Tensor, float], Tensor]) -> Callable[..., Tensor]:
    """Return an embedding that joins rows (B, T, d) and positions (T, d) by `f`."""

    def embed(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
        return f(table[ids], positions[: ids.shape[1]], float(table.shape[1]))

    return embed


def _by_word(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    return table[ids] * table.shape[1] ** 0.5 + positions[ids % len(positions)]


def _last_places(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    return table[ids] * table.shape[1] ** 0.5 + positions[len(positions) - ids.shape[1] :]


def _from_one(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    return table[ids] * table.shape[1] ** 0.5 + positions.roll(-1, 0)[: ids.shape[1]]


def _vocabulary(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    return table[ids] * len(table) ** 0.5 + positions[: ids.shape[1]]


def _length(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    return table[ids] * ids.shape[1] ** 0.5 + positions[: ids.shape[1]]


MISTAKES = (
    WrongAnswer(
        id="scale_missing",
        code=_embed(lambda x, p, d: x + p),
        says="The factor √d on the embeddings is missing.",
        why="The table has entries of about 1/√d (as the output layer, which it is too, wants them), positions of about 0.7: "
        "without the factor they drown the words.",
    ),
    WrongAnswer(
        id="scaled_by_d",
        code=_embed(lambda x, p, d: x * d + p),
        says="You multiplied by d; √d is due.",
        why="Rows would be √d times too large, and now the words drown the positions.",
    ),
    WrongAnswer(
        id="divided",
        code=_embed(lambda x, p, d: x / d**0.5 + p),
        says="You divided by √d; embeddings are multiplied by it.",
        why="Scores of attention are divided, embeddings multiplied: both bring numbers to about 1.",
    ),
    WrongAnswer(
        id="positions_scaled_too",
        code=_embed(lambda x, p, d: (x + p) * d**0.5),
        says="You scaled the sum: the positions are multiplied by √d too.",
        why="Then both grow alike and the words still drown. The factor belongs to the words alone.",
    ),
    WrongAnswer(
        id="positions_missing",
        code=_embed(lambda x, p, d: x * d**0.5 + 0 * p),
        says="The positions are missing.",
        why="Attention knows no order (lesson 07): without them 12 and 21 are one number.",
    ),
    WrongAnswer(
        id="positions_of_words",
        code=_by_word,
        says="You looked positions up by word number, not by place.",
        why="The same word would get the same position wherever it stands, which tells nothing new.",
    ),
    WrongAnswer(
        id="last_positions",
        code=_last_places,
        says="You took the last T rows of the positions.",
        why="Place 0 gets row 0, however many rows there are.",
    ),
    WrongAnswer(
        id="positions_from_one",
        code=_from_one,
        says="Your positions begin with row 1.",
        why="Places are counted from 0, and the last row may not be there at all.",
    ),
    WrongAnswer(
        id="root_of_the_vocabulary",
        code=_vocabulary,
        says="You multiplied by the root of the vocabulary's size.",
        why="d is the width of a row, the table's second size.",
    ),
    WrongAnswer(
        id="root_of_the_length",
        code=_length,
        says="You multiplied by the root of the sentence's length.",
        why="A word would be embedded otherwise in a longer sentence. d is the width of a row.",
    ),
)
