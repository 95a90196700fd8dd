"""Mistakes in “Every pair of rows, in every batch entry”: the code that makes each, its name, and why it is wrong."""

import torch.nn.functional as F

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="transposed",
        code=lambda x, y: y @ x.mT,
        says="Your result is transposed: rows of y run down, rows of x across.",
        why="Entry [t, s] belongs to row t of x and row s of y, so x comes first and y is transposed.",
    ),
    WrongAnswer(
        id="flattened",
        code=lambda x, y: x.reshape(-1, x.shape[-1]) @ y.reshape(-1, y.shape[-1]).T,
        says="You melted the batch into the rows, so every entry's rows meet every other entry's.",
        why="The batch axes stay in front: entry i of x is compared with entry i of y and with nothing "
        "else. @ does that by itself when only the last two axes are transposed.",
    ),
    WrongAnswer(
        id="not_summed",
        code=lambda x, y: x[..., :, None, :] * y[..., None, :, :],
        says="You multiplied number by number and did not sum.",
        why="A dot product is one number for each pair: the sum over the width. The shape is (…, T, S).",
    ),
    WrongAnswer(
        id="mean",
        code=lambda x, y: x @ y.mT / x.shape[-1],
        says="Your products are divided by the width: you took means, not sums.",
        why="A dot product sums over the width: [1, 2]·[4, 1] = 4 + 2 = 6, not 3.",
    ),
    WrongAnswer(
        id="scaled",
        code=lambda x, y: x @ y.mT / x.shape[-1] ** 0.5,
        says="Your products are divided by √d.",
        why="That scale belongs to attention and comes in lesson 04. Here the dot products are due as "
        "they are.",
    ),
    WrongAnswer(
        id="cosines",
        code=lambda x, y: F.normalize(x, dim=-1) @ F.normalize(y, dim=-1).mT,
        says="Your rows were divided by their lengths: these are cosines.",
        why="A dot product keeps the lengths. Cosines come in lesson 02.",
    ),
    WrongAnswer(
        id="batch_summed",
        code=lambda x, y: (x @ y.mT).reshape(-1, x.shape[-2], y.shape[-2]).sum(0),
        says="You summed over the batch.",
        why="The entries of a batch have nothing to do with each other: each keeps its own matrix, so "
        "the batch axes come back in the shape.",
    ),
    WrongAnswer(
        id="first_entry",
        code=lambda x, y: x @ y.reshape(-1, *y.shape[-2:])[0].mT,
        says="You compare every batch entry of x with the first entry of y.",
        why="Entry i of x belongs with entry i of y. Leave the batch axes alone: transpose only the last two.",
    ),
)
