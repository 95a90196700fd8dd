"""Mistakes in “Greedy decoding”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _greedy(fault: str) -> Callable[..., Tensor]:
    def greedy_decode(step: Any, state: Tensor, start: int, end: int, max_len: int) -> Tensor:
        word = torch.full((len(state),), start)
        ended = torch.zeros(len(state), dtype=torch.bool)
        words = [word] if fault == "keeps start" else []
        for _ in range(max_len):
            logits, after = step(torch.full_like(word, start) if fault == "start" else word, state)
            state = state if fault == "stale" else after
            new = logits.argmin(-1) if fault == "least" else logits.argmax(-1)
            if fault == "second":
                new = logits.topk(2, -1).indices[..., 1]
            if fault != "runs on":
                new = new.masked_fill(ended, 0 if fault == "zeros" else end)
            if fault == "start mark":
                new = torch.where(ended, start, new)
            ended = ended | (new == end)
            if fault == "all stop" and ended.any():
                ended = torch.ones_like(ended)
            word = new
            words.append(torch.where(ended, 0, new) if fault == "end lost" else new)
        return torch.stack(words[:max_len], 1)

    return greedy_decode


MISTAKES = (
    WrongAnswer(
        id="always_fed_start",
        code=_greedy("start"),
        says="You feed the start mark at every step, not the word written last.",
        why="The decoder has to know what it has written to go on from there.",
    ),
    WrongAnswer(
        id="state_not_carried",
        code=_greedy("stale"),
        says="Every step starts from the first state: the new one is not handed on.",
        why="step returns the next state. Keep it for the next step.",
    ),
    WrongAnswer(
        id="runs_on",
        code=_greedy("runs on"),
        says="Your sentences go on after their end.",
        why="Sentences of a batch end at different steps. From then on, write end.",
    ),
    WrongAnswer(
        id="stops_with_the_first",
        code=_greedy("all stop"),
        says="When one sentence ends, you end them all.",
        why="Each sentence of the batch has an end of its own: keep one True or False for each.",
    ),
    WrongAnswer(
        id="zeros_after_the_end",
        code=_greedy("zeros"),
        says="After its end you fill a sentence with 0; end is due.",
        why="Which number is padding differs between vocabularies; end is handed in.",
    ),
    WrongAnswer(
        id="keeps_start",
        code=_greedy("keeps start"),
        says="Your result begins with the start mark, and the last word is missing.",
        why="start is what the first step reads, not what it writes.",
    ),
    WrongAnswer(
        id="least_likely",
        code=_greedy("least"),
        says="You take the least likely word: the smallest logit.",
        why="Greedy decoding takes the largest.",
    ),
    WrongAnswer(
        id="second_best",
        code=_greedy("second"),
        says="You take the second likeliest word at each step.",
        why="Greedy decoding takes the likeliest one.",
    ),
    WrongAnswer(
        id="end_lost",
        code=_greedy("end lost"),
        says="Your result holds 0 where a sentence ends; the end mark is lost.",
        why="Without it nobody can tell where the sentence stops.",
    ),
)
