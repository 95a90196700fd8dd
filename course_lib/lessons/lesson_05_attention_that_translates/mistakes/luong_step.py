"""Mistakes in “A step that attends last”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _luong_step(fault: str) -> Callable[..., Any]:
    def luong_step(y: Tensor, h: Tensor, attend: Any, cell: Any, w_c: Tensor) -> Any:
        new = cell(y, h)
        context, weights = attend(h if fault in ("early", "both old") else new)
        state = h if fault in ("mixes old", "both old") else new
        both = [state, context] if fault == "order" else [context, state]
        out = torch.cat(both, -1) @ w_c
        out = out if fault == "no tanh" else torch.tanh(out)
        if fault == "sigmoid":
            out = torch.sigmoid(torch.cat(both, -1) @ w_c)
        if fault == "results":
            return new, out, weights
        return out, (h if fault == "old" else new), weights

    return luong_step


MISTAKES = (
    WrongAnswer(
        id="wrong_decoder_state",
        code=_luong_step("early"),
        says="You attended with the state before the step.",
        why="That is Bahdanau's order. Luong takes the step first and attends with its result.",
    ),
    WrongAnswer(
        id="mixes_the_old_state",
        code=_luong_step("mixes old"),
        says="Your attentional vector mixes the context with the state before the step.",
        why="It is tanh([context; h] W_c) with the new h, the one that attended.",
    ),
    WrongAnswer(
        id="old_state_throughout",
        code=_luong_step("both old"),
        says="You attended with the old state and mixed it in; the new one is only returned.",
        why="Take the step first, then use its result for everything that follows.",
    ),
    WrongAnswer(
        id="order",
        code=_luong_step("order"),
        says="You put [state; context] together; W_c expects [context; state].",
        why="The first rows of W_c belong to the context.",
    ),
    WrongAnswer(
        id="no_tanh",
        code=_luong_step("no tanh"),
        says="The tanh around W_c is missing.",
        why="Without it the attentional vector is linear in context and state, and the output layer after it too.",
    ),
    WrongAnswer(
        id="sigmoid",
        code=_luong_step("sigmoid"),
        says="You used a sigmoid around W_c; it takes a tanh.",
        why="The attentional vector lies between −1 and 1, like a state.",
    ),
    WrongAnswer(
        id="old_state_returned",
        code=_luong_step("old"),
        says="You returned the state before the step.",
        why="The next step has to start from the new one.",
    ),
    WrongAnswer(
        id="order_of_results",
        code=_luong_step("results"),
        says="You return the state first; the attentional vector comes first, then the state.",
        why="Whoever calls this unpacks out, state, weights, in this order: the word is read from out, the next step starts from state.",
    ),
)
