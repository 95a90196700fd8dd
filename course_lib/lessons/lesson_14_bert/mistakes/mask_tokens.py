"""Mistakes in “Hide 15 %”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_14_bert import reference as right


def _masking(
    tokens: Tensor,
    special: Tensor,
    choose: Tensor,
    change: Tensor,
    others: Tensor,
    mask_id: int,
    *,
    bounds: tuple[float, float] = (0.8, 0.9),
    asked: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda inputs, tokens, chosen: chosen,
    pick: Callable[[Tensor, Tensor], Tensor] = lambda choose, special: (choose < 0.15) & ~special,
    everywhere: bool = False,
) -> tuple[Tensor, Tensor]:
    """Mask; each switch makes one classic mistake, all off it is right."""
    chosen = pick(choose, special)
    hidden, replaced = change < bounds[0], (change >= bounds[0]) & (change < bounds[1])
    inputs = torch.where(hidden, mask_id, torch.where(replaced, others, tokens))
    inputs = inputs if everywhere else torch.where(chosen, inputs, tokens)
    return inputs, asked(inputs, tokens, chosen)


def _mask_fault(**switches: Any) -> Callable[..., Any]:
    return lambda *args: _masking(*args, **switches)


def _swapped_tenths(
    tokens: Tensor, special: Tensor, choose: Tensor, change: Tensor, others: Tensor, mask_id: int
) -> tuple[Tensor, Tensor]:
    late = torch.where(change >= 0.9, 0.85, torch.where(change >= 0.8, 0.95, change))
    return right.mask_tokens(tokens, special, choose, late, others, mask_id)


def _one_draw(
    tokens: Tensor, special: Tensor, choose: Tensor, change: Tensor, others: Tensor, mask_id: int
) -> tuple[Tensor, Tensor]:
    return right.mask_tokens(tokens, special, choose, choose / 0.15, others, mask_id)


def _replaced_below(
    tokens: Tensor, special: Tensor, choose: Tensor, change: Tensor, others: Tensor, mask_id: int
) -> tuple[Tensor, Tensor]:
    chosen = (choose < 0.15) & ~special
    return torch.where(chosen & (change < 0.9), others, tokens), chosen


MISTAKES = (
    WrongAnswer(
        id="none_kept",
        code=_mask_fault(bounds=(0.8, 1.1)),
        says="No chosen token stays as it is: what is not hidden is replaced, 20 % in place of 10 %.",
        why="10 % of the chosen positions are asked about and left alone. Otherwise every visible token that is asked about "
        "would be wrong, and the model would learn never to trust what it reads.",
    ),
    WrongAnswer(
        id="always_hidden",
        code=_mask_fault(bounds=(1.1, 1.1)),
        says="Every chosen position becomes [MASK].",
        why="That is 100 / 0 / 0. When the model is used there is no [MASK] in a text, so a fifth of the questions are "
        "asked about words that it can see.",
    ),
    WrongAnswer(
        id="none_replaced",
        code=_mask_fault(bounds=(0.8, 0.8)),
        says="No chosen token is replaced by another: your shares are 80 / 0 / 20.",
        why="A change from 0.8 up to 0.9 puts in the token of `others`. Then the model cannot trust any word blindly, and "
        "has to keep an opinion about each.",
    ),
    WrongAnswer(
        id="specials_chosen",
        code=_mask_fault(pick=lambda choose, special: choose < 0.15),
        says="You choose special tokens too: `special` is not used.",
        why="[CLS], [SEP] and padding stand where they always stand. Asking about them teaches nothing, and hiding them "
        "takes away what marks the parts of a text.",
    ),
    WrongAnswer(
        id="only_specials",
        code=_mask_fault(pick=lambda choose, special: (choose < 0.15) & special),
        says="You choose special tokens, and only these: the mask is upside down.",
        why="`special` is True where nothing may be chosen: take ~special.",
    ),
    WrongAnswer(
        id="kept_not_asked",
        code=_mask_fault(asked=lambda inputs, tokens, chosen: inputs != tokens),
        says="Your second result is True where a token has changed, so kept ones are not asked about.",
        why="The 10 % that stay are chosen as well, and the loss counts them. A replacement may also equal the token it "
        "replaces by accident. Return what was chosen.",
    ),
    WrongAnswer(
        id="only_hidden_asked",
        code=lambda *args: (right.mask_tokens(*args)[0], right.mask_tokens(*args)[0] == args[-1]),
        says="Your second result is True at [MASK] alone.",
        why="Replaced and kept tokens are chosen as well: the loss asks about all 15 %.",
    ),
    WrongAnswer(
        id="changes_everywhere",
        code=_mask_fault(everywhere=True),
        says="You hide and replace tokens at every position, chosen or not.",
        why="`change` says what happens to a chosen position. The other 85 % are what the model guesses from.",
    ),
    WrongAnswer(
        id="chosen_upside_down",
        code=_mask_fault(pick=lambda choose, special: (choose >= 0.15) & ~special),
        says="You choose 85 %: the comparison with 0.15 points the wrong way.",
        why="A uniform number is below 0.15 in 15 % of all cases.",
    ),
    WrongAnswer(
        id="shares_of_all",
        code=_mask_fault(bounds=(0.12, 0.135)),
        says="You compare `change` with 12 % and 13.5 %, shares of all positions.",
        why="`change` is a new number, uniform from 0 to 1 among the chosen: 80 % of these lie below 0.8. The 15 % are "
        "already in `choose`.",
    ),
    WrongAnswer(
        id="one_draw",
        code=_one_draw,
        says="You use `choose` for both decisions; `change` is not used.",
        why="`choose` decides whether, `change` decides what. Two decisions need two numbers here.",
    ),
    WrongAnswer(
        id="hidden_then_replaced",
        code=_replaced_below,
        says="Your replacement undoes the hiding: below 0.9 lies below 0.8 as well.",
        why="Replaced is what lies from 0.8 up to 0.9. Ask for both bounds, or replace first and hide afterwards.",
    ),
    WrongAnswer(
        id="tenths_swapped",
        code=_swapped_tenths,
        says="You keep from 0.8 to 0.9 and replace from 0.9 on; it is the other way round.",
        why="The shares are the same, but these draws are given, so that results can be compared: below 0.8 hidden, below "
        "0.9 replaced, else kept.",
    ),
)
