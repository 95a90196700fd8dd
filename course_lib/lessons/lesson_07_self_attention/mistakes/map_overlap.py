"""Mistakes in “How much of the map is there”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _rows(known: Tensor) -> Tensor:
    return known.sum(-1) > 0


def _mean_of_maps(weights: Tensor, known: Tensor) -> float:
    shared, asks = weights.minimum(known).sum(-1), _rows(known)
    each = (shared * asks).sum(-1) / asks.sum(-1)
    return float(each[asks.any(-1)].mean())


MISTAKES = (
    WrongAnswer(
        id="all_rows",
        code=lambda weights, known: float(weights.minimum(known).sum(-1).mean()),
        says="You count the rows where nothing is asked.",
        why="Their known row is all 0, so they score 0 whatever the layer does. The mean is over the "
        "other rows.",
    ),
    WrongAnswer(
        id="product",
        code=lambda weights, known: float((weights * known).sum(-1)[_rows(known)].mean()),
        says="You multiply the two maps; take the smaller of the two in every cell.",
        why="Where a known row spreads evenly over seven places, a perfect map would score 7 · (1/7)² = "
        "1/7 by products. By the smaller of both it scores 1.",
    ),
    WrongAnswer(
        id="all_that_lands",
        code=lambda weights, known: float((weights * (known > 0)).sum(-1)[_rows(known)].mean()),
        says="You count all weight on right places, also what is more than their share.",
        why="Where a row should spread evenly, one place could take all and still score 1. In every cell only "
        "the smaller of the two numbers is shared.",
    ),
    WrongAnswer(
        id="total",
        code=lambda weights, known: float(weights.minimum(known).sum()),
        says="You return the total over all rows, not the mean of the rows that ask.",
        why="A total grows with the number of sequences and says nothing by itself; the mean lies between "
        "0 and 1.",
    ),
    WrongAnswer(
        id="mean_of_maps",
        code=_mean_of_maps,
        says="You take the mean of each map first, and then the mean of the maps.",
        why="Maps with few asking rows would count as much as maps with many. Every row that asks counts once.",
    ),
    WrongAnswer(
        id="mean_of_cells",
        code=lambda weights, known: float(weights.minimum(known)[_rows(known)].mean()),
        says="You average over the cells of each row; a row's cells are added.",
        why="A perfect row shares all of its total of 1, so its overlap is 1, not 1 divided by the number of keys.",
    ),
    WrongAnswer(
        id="same_peak",
        code=lambda weights, known: float(
            (weights.argmax(-1) == known.argmax(-1))[_rows(known)].double().mean()
        ),
        says="You ask whether both rows have their peak at the same place.",
        why="A weight of 0.2 may be a peak, and a row that spreads evenly has none. Compare the weights: "
        "how much do both rows share?",
    ),
    WrongAnswer(
        id="difference",
        code=lambda weights, known: float((weights - known).abs().sum(-1)[_rows(known)].mean()),
        says="You measure how far the maps are apart.",
        why="A distance is 0 where they agree. The overlap is 1 there: add up the smaller of the two.",
    ),
    WrongAnswer(
        id="not_halved",
        code=lambda weights, known: float(1 - (weights - known).abs().sum(-1)[_rows(known)].mean()),
        says="You take the whole distance from 1; half of it is due.",
        why="What is missing in one place stands too much in another, so Σ|w − m| counts each misplaced "
        "share twice: Σ min(w, m) = 1 − Σ|w − m| / 2.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda weights, known: float(weights.minimum(known.mT).sum(-1)[_rows(known)].mean()),
        says="You compare with the known map on its side.",
        why="Rows are queries in both maps. Compare them as they are.",
    ),
)
