"""Mistakes in “Top-p”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _top_p(
    logits: Tensor,
    p: float,
    keep: Callable[[Tensor, float], Tensor],
    *,
    fill: float = -torch.inf,
    largest_first: bool = True,
    back: bool = True,
) -> Tensor:
    """Sort, keep by a rule on the sorted probabilities, and put back."""
    ordered, places = logits.sort(-1, descending=largest_first)
    kept = ordered.masked_fill(~keep(ordered.softmax(-1), p), fill)
    return torch.empty_like(logits).scatter(-1, places, kept) if back else kept


def _before(share: Tensor) -> Tensor:
    return share.cumsum(-1) - share


MISTAKES = (
    WrongAnswer(
        id="drops_crossing",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: share.cumsum(-1) <= p),
        says="You drop the token that crosses p.",
        why="What is left then holds less than p, and a token likelier than p by itself leaves nothing at all. A token "
        "stays when the total before it is below p.",
    ),
    WrongAnswer(
        id="only_first_is_safe",
        code=lambda logits, p: _top_p(
            logits,
            p,
            lambda share, p: (
                (share.cumsum(-1) <= p) | (torch.arange(share.shape[-1], device=share.device) == 0)
            ),
        ),
        says="You drop the token that crosses p and spare the first one alone.",
        why="Something is left now, yet it holds less than p unless the first token does it all. The crossing token stays, "
        "wherever it stands: look at the total before it.",
    ),
    WrongAnswer(
        id="gathered_back",
        code=lambda logits, p: _top_p(
            logits, p, lambda share, p: _before(share) < p, back=False
        ).gather(-1, logits.argsort(-1, descending=True)),
        says="You put the logits back with the places turned round.",
        why="places[i] says where the i-th of the sorted row came from, so scatter sends it there. gather reads the table the "
        "other way, which is right only for swaps.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=lambda logits, p: _top_p(
            logits,
            p,
            lambda share, p: (
                (_before(share) - share.roll(1, -1)).index_fill(
                    -1, torch.tensor([0], device=share.device), -1.0
                )
                < p
            ),
        ),
        says="You keep one token more than p needs.",
        why="The token that crosses p is the last that stays; yours keeps the next one too.",
    ),
    WrongAnswer(
        id="each_by_itself",
        code=lambda logits, p: logits.masked_fill(logits.softmax(-1) < p, -torch.inf),
        says="You compare each probability by itself with p.",
        why="It is their running total, from the likeliest down, that has to reach p. Single probabilities rarely do.",
    ),
    WrongAnswer(
        id="smallest_first",
        code=lambda logits, p: _top_p(
            logits, p, lambda share, p: _before(share) < p, largest_first=False
        ),
        says="Your running total starts at the least likely token.",
        why="Top-p collects the likeliest first: sort in descending order.",
    ),
    WrongAnswer(
        id="not_sorted",
        code=lambda logits, p: logits.masked_fill(_before(logits.softmax(-1)) >= p, -torch.inf),
        says="Your running total follows the order of the vocabulary: the tokens are not sorted.",
        why="Which tokens stay would depend on their numbers. The likeliest come first.",
    ),
    WrongAnswer(
        id="left_sorted",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: _before(share) < p, back=False),
        says="Your result is still in sorted order.",
        why="Place 0 is token 0, whatever its logit. Use the places that the sort returned to put every logit back.",
    ),
    WrongAnswer(
        id="mask_not_put_back",
        code=lambda logits, p: logits.masked_fill(
            _before(logits.sort(-1, descending=True).values.softmax(-1)) >= p, -torch.inf
        ),
        says="Your mask is in sorted order, and you apply it to logits that are not.",
        why="The mask says “the first three of the sorted row”; put it back to the tokens' own places before you use it.",
    ),
    WrongAnswer(
        id="zeros",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: _before(share) < p, fill=0.0),
        says="You set the other logits to 0; −∞ is asked for.",
        why="exp(0) = 1: a logit of 0 is an ordinary score. Only −∞ gives probability 0.",
    ),
    WrongAnswer(
        id="keeps_the_rest",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: _before(share) < 1 - p),
        says="You keep the tokens that hold 1 − p, not p.",
        why="p is the share that stays: at p = 0.9 the unlikely tail of 0.1 goes.",
    ),
    WrongAnswer(
        id="total_of_logits",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: _before(share.log()) < p),
        says="Your running total adds logarithms or logits, not probabilities.",
        why="Only probabilities sum to 1, so only their total can be compared with p: softmax first.",
    ),
    WrongAnswer(
        id="probabilities",
        code=lambda logits, p: _top_p(logits, p, lambda share, p: _before(share) < p).softmax(-1),
        says="You went one step too far: these are probabilities.",
        why="Logits are asked for; one softmax ends it all.",
    ),
)
