"""Mistakes in “A step that attends first”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _bahdanau(fault: str) -> Callable[..., Any]:
    def bahdanau_step(y: Tensor, s: Tensor, attend: Any, cell: Any) -> Any:
        context, weights = attend(y if fault == "word" else s)
        if fault == "zero context":
            return cell(torch.cat([y, torch.zeros_like(context)], -1), s), context, weights
        if fault == "forgets":
            return cell(torch.cat([y, context], -1), torch.zeros_like(s)), context, weights
        new = cell(torch.cat([context, y] if fault == "order" else [y, context], -1), s)
        if fault == "late":
            return new, *attend(new)
        if fault == "twice":
            context, weights = attend(new)
            return cell(torch.cat([y, context], -1), s), context, weights
        if fault == "step again":
            return cell(torch.cat([y, context], -1), new), context, weights
        return (s if fault == "old" else new), context, weights

    return bahdanau_step


MISTAKES = (
    WrongAnswer(
        id="wrong_decoder_state",
        code=_bahdanau("late"),
        says="Your context and weights come from the state after the step.",
        why="Bahdanau attends with the state before: the cell needs the context to make the new one. The context you "
        "return must be the one that the cell was given.",
    ),
    WrongAnswer(
        id="asks_with_the_word",
        code=_bahdanau("word"),
        says="You attended with the word y; the state s has to ask.",
        why="The state knows all that was written so far; y is the last word alone.",
    ),
    WrongAnswer(
        id="step_then_again",
        code=_bahdanau("twice"),
        says="You took a step, attended with its state, and took the step again.",
        why="One step attends once, with the state that it starts from.",
    ),
    WrongAnswer(
        id="order_of_inputs",
        code=_bahdanau("order"),
        says="You fed the cell [context; y]; it is asked for [y; context].",
        why="The cell's weights have learned which columns are the word and which the context.",
    ),
    WrongAnswer(
        id="old_state_returned",
        code=_bahdanau("old"),
        says="You returned the state before the step; the next step would start where this one did.",
        why="Return what the cell gives.",
    ),
    WrongAnswer(
        id="context_not_used",
        code=_bahdanau("zero context"),
        says="Your cell gets zeros in place of the context.",
        why="The new state would know nothing of what was read.",
    ),
    WrongAnswer(
        id="state_not_given",
        code=_bahdanau("forgets"),
        says="Your cell starts from zeros, not from s.",
        why="s holds what has been written so far.",
    ),
    WrongAnswer(
        id="two_steps",
        code=_bahdanau("step again"),
        says="Your cell ran twice in one step.",
        why="One word, one step: the state after it is the state to return.",
    ),
)
