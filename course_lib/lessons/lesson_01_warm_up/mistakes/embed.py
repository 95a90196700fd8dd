"""Mistakes in “Ids to vectors”: the code that makes each, its name, and why it is wrong."""

import torch.nn.functional as F

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="counts_from_one",
        code=lambda ids, table: table[ids - 1],
        says="You fetch the row before the right one: id 0 names the first row.",
        why="Indices count from 0. With ids − 1, id 0 becomes −1, which is the last row, and nothing warns you.",
    ),
    WrongAnswer(
        id="columns",
        code=lambda ids, table: table[:, ids],
        says="You picked columns, not rows.",
        why="A word's vector is one row of the table. The first index picks rows: table[ids].",
    ),
    WrongAnswer(
        id="mean",
        code=lambda ids, table: table[ids].mean(-2),
        says="You averaged the vectors of the ids.",
        why="Each id keeps a vector of its own; a mean would forget which word came where.",
    ),
    WrongAnswer(
        id="flattened",
        code=lambda ids, table: table[ids].reshape(-1, table.shape[-1]),
        says="You melted all axes of the ids into one.",
        why="A batch of texts stays a batch: the result is shaped as the ids, with the width behind.",
    ),
    WrongAnswer(
        id="scaled",
        code=lambda ids, table: table[ids] * table.shape[-1] ** 0.5,
        says="Your vectors are multiplied by √d.",
        why="Some transformers do that to their embeddings. A lookup gives the rows as they are.",
    ),
    WrongAnswer(
        id="normalised",
        code=lambda ids, table: F.normalize(table[ids], dim=-1),
        says="Your vectors were divided by their lengths.",
        why="A lookup gives the rows as they are, long ones and short ones.",
    ),
    WrongAnswer(
        id="detached",
        code=lambda ids, table: table.detach()[ids],
        says="Your vectors are cut off from the table (detach, data or no_grad).",
        why="The numbers are right, but no gradient reaches the table, so the embedding could never learn.",
    ),
    WrongAnswer(
        id="one_hot",
        code=lambda ids, table: F.one_hot(ids, len(table)).to(table.dtype),
        says="You stopped at the one-hot vectors.",
        why="A one-hot vector says which row; times the table it becomes that row.",
    ),
)
