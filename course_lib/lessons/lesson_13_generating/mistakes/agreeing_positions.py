"""Mistakes in “Bug hunt”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _hunt(
    model: Any,
    tokens: Tensor,
    sizes: Sequence[int],
    *,
    agree: Callable[[Tensor], Tensor] = lambda gap: (gap.abs() <= 1e-4).all(-1),
    fresh: bool = False,
    chosen: bool = False,
) -> Tensor:
    """Return for each text and position whether cached and uncached logits agree."""
    cache, parts = model.new_cache(len(tokens)), []
    for part in tokens.split(list(sizes), dim=1):
        cache = model.new_cache(len(tokens)) if fresh else cache
        parts.append(model(part, cache))
    cached, whole = torch.cat(parts, dim=1), model(tokens)
    return cached.argmax(-1) == whole.argmax(-1) if chosen else agree(cached - whole)


def _leading(agree: Tensor) -> int:
    return int(agree.all(0).long().cumprod(0).sum())


MISTAKES = (
    WrongAnswer(
        id="one_at_a_time",
        code=lambda model, tokens, sizes: _leading(_hunt(model, tokens, [1] * tokens.shape[1])),
        says="You append one token at a time, whatever the sizes say.",
        why="A cache that masks wrongly shows it only when several tokens are appended at once. Cut the tokens as sizes says.",
    ),
    WrongAnswer(
        id="all_at_once",
        code=lambda model, tokens, sizes: _leading(_hunt(model, tokens, [tokens.shape[1]])),
        says="You give the cache all tokens at once.",
        why="An empty cache has nothing to be wrong about. It is the second part, behind a filled cache, that shows faults.",
    ),
    WrongAnswer(
        id="chosen_tokens",
        code=lambda model, tokens, sizes: _leading(_hunt(model, tokens, sizes, chosen=True)),
        says="You compare the chosen tokens, not the logits.",
        why="Logits can be wrong for a long time before the largest changes place. Compare the numbers.",
    ),
    WrongAnswer(
        id="counts_later_ones",
        code=lambda model, tokens, sizes: int(_hunt(model, tokens, sizes).all(0).sum()),
        says="You count every position that agrees, also behind the first that does not.",
        why="The question is how far the cache can be trusted: up to the first difference.",
    ),
    WrongAnswer(
        id="first_text_only",
        code=lambda model, tokens, sizes: _leading(_hunt(model, tokens, sizes)[:1]),
        says="You compare the first text of the batch alone.",
        why="A cache shared by the batch is right for the first text and wrong for all others.",
    ),
    WrongAnswer(
        id="any_text",
        code=lambda model, tokens, sizes: int(
            _hunt(model, tokens, sizes).any(0).long().cumprod(0).sum()
        ),
        says="A position counts for you when one of the texts agrees there.",
        why="It must be right in every text of the batch.",
    ),
    WrongAnswer(
        id="any_logit",
        code=lambda model, tokens, sizes: _leading(
            _hunt(model, tokens, sizes, agree=lambda gap: (gap.abs() <= 1e-4).any(-1))
        ),
        says="A position counts for you when one of its logits agrees.",
        why="All logits of a position must agree; one in hundreds may do so by accident.",
    ),
    WrongAnswer(
        id="sign_forgotten",
        code=lambda model, tokens, sizes: _leading(
            _hunt(model, tokens, sizes, agree=lambda gap: (gap <= 1e-4).all(-1))
        ),
        says="You compare differences without their absolute value.",
        why="A difference of −5 is below 1e-4, yet the logits are far apart.",
    ),
    WrongAnswer(
        id="mean_difference",
        code=lambda model, tokens, sizes: _leading(
            _hunt(model, tokens, sizes, agree=lambda gap: gap.mean(-1).abs() <= 1e-4)
        ),
        says="You average the differences before you look at them: one too low and one too high cancel.",
        why="Take absolute values first, and the largest of them, or all.",
    ),
    WrongAnswer(
        id="to_the_last_bit",
        code=lambda model, tokens, sizes: _leading(
            _hunt(model, tokens, sizes, agree=lambda gap: (gap == 0).all(-1))
        ),
        says="You ask for equality to the last bit.",
        why="A product of one row and a product of many round differently, so a right cache differs by 1e-7 or so. Allow 1e-4.",
    ),
    WrongAnswer(
        id="cache_thrown_away",
        code=lambda model, tokens, sizes: _leading(_hunt(model, tokens, sizes, fresh=True)),
        says="You make a new cache for each part.",
        why="Then nothing is remembered from one part to the next, and even a right cache looks wrong.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=lambda model, tokens, sizes: min(
            _leading(_hunt(model, tokens, sizes)) + 1, tokens.shape[1]
        ),
        says="You count the first wrong position too.",
        why="The result is how many positions agree: when position 2 is the first wrong one, 0 and 1 agree, which is 2.",
    ),
)
