"""Mistakes in “Read a batch of sentences”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.common import gru


def _encode(fault: str) -> Callable[..., tuple[Tensor, Tensor]]:
    step = gru("")

    def encode(x: Tensor, lengths: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        h = zero = torch.zeros(x.shape[0], weights[1].shape[1], dtype=x.dtype)
        memory = []
        order = range(x.shape[1])
        for t in reversed(order) if fault == "backwards" else order:
            new = step(x[:, t], zero if fault == "forgets" else h, *weights)
            word = (t <= lengths if fault == "one more" else t < lengths)[:, None]
            if fault in ("padding read", "padding kept"):
                memory.append(new)
                h = new if fault == "padding read" else torch.where(word, new, h)
                continue
            before, h = h, (new if fault == "last column" else torch.where(word, new, h))
            kept = {"frozen": h, "before": before * word}.get(fault, new * word)
            memory.append(kept)
        out = torch.stack(memory[::-1] if fault == "backwards" else memory, 1)
        if fault == "first":
            return out, out[:, 0]
        if fault == "last row":
            return out, out[:, -1]
        return out, h

    return encode


MISTAKES = (
    WrongAnswer(
        id="padding_read",
        code=_encode("padding read"),
        says="Your encoder reads the padding as if it were words.",
        why="A short sentence then ends in a state that depends on how long its neighbours in the batch are.",
    ),
    WrongAnswer(
        id="last_column",
        code=_encode("last column"),
        says="Your memory is right, but your last state has run on through the padding.",
        why="The last state is the one after the last word. Keep h as it is where t has passed the sentence's length.",
    ),
    WrongAnswer(
        id="last_row_of_memory",
        code=_encode("last row"),
        says="You took the last column of memory for the last state; on padding it holds zeros.",
        why="A sentence of two words ends at place 1, wherever the batch ends.",
    ),
    WrongAnswer(
        id="memory_frozen",
        code=_encode("frozen"),
        says="On padding your memory repeats the last state; zeros are due.",
        why="There is no word, so there is no state to attend to. PyTorch's packed sequences give zeros as well.",
    ),
    WrongAnswer(
        id="state_before",
        code=_encode("before"),
        says="Your memory holds the state before each word, not after it.",
        why="State t has to know word t: take the step first, then keep its result.",
    ),
    WrongAnswer(
        id="forgets",
        code=_encode("forgets"),
        says="Every word starts from zeros in your encoder; the state is not handed on.",
        why="A recurrent network remembers by feeding each state into the next step.",
    ),
    WrongAnswer(
        id="backwards",
        code=_encode("backwards"),
        says="Your encoder reads from the end to the beginning.",
        why="Begin at word 0. (A translator often has a second encoder that reads backwards; not this one.)",
    ),
    WrongAnswer(
        id="one_word_more",
        code=_encode("one more"),
        says="Your encoder reads one place too many: it counts t ≤ length as a word.",
        why="Places start at 0: a sentence of 2 words has words at places 0 and 1.",
    ),
    WrongAnswer(
        id="first_state",
        code=_encode("first"),
        says="You returned the state after the first word as the last one.",
        why="The last state has read the whole sentence.",
    ),
)
