"""Mistakes in “A number for every distance”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _steps(n_queries: int, n_keys: int) -> Tensor:
    return torch.arange(n_keys) - torch.arange(n_queries)[:, None]


def _reach(table: Tensor) -> int:
    return table.shape[-1] // 2


def _bias(table: Tensor, steps: Tensor, shift: int = 0) -> Tensor:
    r = _reach(table)
    return table[:, (steps.clamp(-r, r) + r + shift).to(table.device)]


MISTAKES = (
    WrongAnswer(
        id="transposed",
        code=lambda table, t, s: _bias(table, -_steps(t, s)),
        says="Your distances are t − s: before and after have changed places, and the bias is transposed.",
        why="The table runs from r steps before the query (column 0) to r steps after it. A key before the query has "
        "s − t < 0.",
    ),
    WrongAnswer(
        id="not_clipped",
        code=lambda table, t, s: table[:, _steps(t, s) + _reach(table)],
        says="Your distances are not clipped.",
        why="The table tells distances up to r apart. All that are further share its outermost numbers, so that any length "
        "has a bias.",
    ),
    WrongAnswer(
        id="clipped_above",
        code=lambda table, t, s: table[:, _steps(t, s).clamp(max=_reach(table)) + _reach(table)],
        says="Your distances are clipped on one side only.",
        why="A negative index counts from the end in Python: a key far before the query would get a number that is meant "
        "for one after it.",
    ),
    WrongAnswer(
        id="zero_beyond",
        code=lambda table, t, s: (
            _bias(table, _steps(t, s)) * (_steps(t, s).abs() <= _reach(table)).to(table)
        ),
        says="Beyond the reach your bias is 0; the outermost number of the table is due.",
        why="All that is far shares the last number on its side: the distance is clipped, not the bias.",
    ),
    WrongAnswer(
        id="wraps",
        code=lambda table, t, s: table[:, (_steps(t, s) + _reach(table)) % table.shape[-1]],
        says="Your distances wrap round: far before turns into after.",
        why="Beyond r steps the outermost number holds. A remainder (%) starts again at the other end.",
    ),
    WrongAnswer(
        id="not_shifted",
        code=lambda table, t, s: table[:, _steps(t, s).clamp(-_reach(table), _reach(table))],
        says="You look the distance up as it is, without adding r.",
        why="Distance 0 stands in the middle of the table, column r. A negative index counts from the end in Python.",
    ),
    WrongAnswer(
        id="no_sign",
        code=lambda table, t, s: _bias(table, _steps(t, s).abs()),
        says="Your distances have lost their sign.",
        why="Three steps before and three steps after are different places: a language needs to tell them apart.",
    ),
    WrongAnswer(
        id="off_by_one",
        code=lambda table, t, s: table[
            :, (_steps(t, s) + 1).clamp(-_reach(table), _reach(table)) + _reach(table)
        ],
        says="Your distances are off by one.",
        why="A token is 0 steps from itself, so the diagonal holds the middle of the table.",
    ),
    WrongAnswer(
        id="short_reach",
        code=lambda table, t, s: table[
            :, _steps(t, s).clamp(1 - _reach(table), _reach(table) - 1) + _reach(table)
        ],
        says="You clip one step too early: the outermost columns are never used.",
        why="With 2r + 1 columns, r steps before and r steps after have numbers of their own.",
    ),
    WrongAnswer(
        id="heads_last",
        code=lambda table, t, s: _bias(table, _steps(t, s)).movedim(0, -1),
        says="Your heads are the last axis.",
        why="The bias is added to scores of shape (…, H, T, S): heads come before queries and keys.",
    ),
    WrongAnswer(
        id="square",
        code=lambda table, t, s: _bias(table, _steps(t, t)),
        says="Your bias is square: it has as many keys as queries.",
        why="They differ when a model reads one text while it writes another, or keeps keys that it has computed before.",
    ),
    WrongAnswer(
        id="one_head",
        code=lambda table, t, s: _bias(table[:1].expand(table.shape), _steps(t, s)),
        says="All your heads have the bias of head 0.",
        why="One head may look at its neighbour while another looks far away: each has its row of the table.",
    ),
)
