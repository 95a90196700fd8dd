"""Mistakes in “Positions advance”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _placed(at: Callable[[Tensor, int], Any]) -> Callable[..., Tensor]:
    return lambda tokens, embed, positions, n_cached: (
        embed[tokens] + positions[at(tokens, n_cached)]
    )


MISTAKES = (
    WrongAnswer(
        id="not_advanced",
        code=_placed(lambda tokens, n: slice(0, tokens.shape[1])),
        says="Your positions start at 0 again: they do not advance with the cache.",
        why="The first new token stands behind n_cached others. At position 0 it would pass for the start of the text.",
    ),
    WrongAnswer(
        id="all_at_one_place",
        code=_placed(lambda tokens, n: slice(n, n + 1)),
        says="All new tokens get the position of the first new one.",
        why="Several tokens appended at once stand one behind the other, at n_cached, n_cached + 1 and so on.",
    ),
    WrongAnswer(
        id="one_ahead",
        code=_placed(lambda tokens, n: slice(n + 1, n + 1 + tokens.shape[1])),
        says="Your positions are one too far.",
        why="Positions count from 0: behind 2 tokens, at 0 and 1, the next one stands at 2.",
    ),
    WrongAnswer(
        id="one_behind",
        code=_placed(lambda tokens, n: torch.arange(tokens.shape[1], device=tokens.device) + n - 1),
        says="Your positions are one too small: the first new token gets that of the last old one.",
        why="Behind n_cached tokens, at 0 … n_cached − 1, the next place is n_cached.",
    ),
    WrongAnswer(
        id="from_the_end",
        code=lambda tokens, embed, positions, n_cached: (
            embed[tokens] + positions[len(positions) - tokens.shape[1] :]
        ),
        says="You take the last rows of the position table.",
        why="The table has room for the longest text; the new tokens stand right behind the cached ones.",
    ),
    WrongAnswer(
        id="no_positions",
        code=lambda tokens, embed, positions, n_cached: embed[tokens],
        says="Positions are missing: only the tokens are embedded.",
        why="Without them the model cannot tell this token from the same one said earlier.",
    ),
    WrongAnswer(
        id="positions_by_token",
        code=_placed(lambda tokens, n: tokens % (n + tokens.shape[1] + 2)),
        says="You look positions up by the tokens' ids.",
        why="An id says which word it is, not where it stands.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda tokens, embed, positions, n_cached: (
            embed[tokens] * positions[n_cached : n_cached + tokens.shape[1]]
        ),
        says="You multiply tokens by their positions; the two are added.",
        why="This model was trained on sums, and a row of zeros among the positions would erase the token.",
    ),
)
