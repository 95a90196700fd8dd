"""Mistakes in “Greedy decoding”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _greedy(fault: str) -> Callable[..., Tensor]:
    """Return greedy decoding with one fault."""

    def greedy_translate(decode: Any, prefix: Tensor, end: int, max_len: int) -> Tensor:
        words, ended = prefix, torch.zeros_like(prefix[:, 0], dtype=torch.bool)
        count = max_len + 1 if fault == "one more" else max_len
        for _ in range(count):
            if fault == "last word":
                logits = decode(words[:, -1:])[:, -1]
            elif fault == "first place":
                logits = decode(words)[:, 0]
            elif fault == "mean":
                logits = decode(words).mean(1)
            else:
                logits = decode(words)[:, -1]
            word = logits.argmin(-1) if fault == "least" else logits.argmax(-1)
            if fault == "never the end":
                logits = logits.clone()
                logits[:, end] = -torch.inf
                word = logits.argmax(-1)
            elif fault == "zeros":
                word = word.masked_fill(ended, 0)
            elif fault != "not frozen":
                word = word.masked_fill(ended, end)
            words = torch.cat([words, word[:, None]], 1)
            ended = ended | (word == end)
            if fault == "first stops" and bool(ended.any()):
                break
        if fault == "start kept":
            return words[:, :max_len]
        words = words[:, prefix.shape[1] :]
        filler = (
            torch.full((len(words), max_len - words.shape[1]), end)
            if words.shape[1] < max_len
            else None
        )
        return words if filler is None else torch.cat([words, filler], 1)

    return greedy_translate


MISTAKES = (
    WrongAnswer(
        id="not_frozen",
        code=_greedy("not frozen"),
        says="Your sentences go on after their end.",
        why="A batch runs until its last sentence is done. The others have to be held at end meanwhile.",
    ),
    WrongAnswer(
        id="first_place_read",
        code=_greedy("first place"),
        says="You read the logits of place 0 at every step.",
        why="Place 0 predicts the first word. The next word is predicted at the last place of what has been written.",
    ),
    WrongAnswer(
        id="last_word_alone",
        code=_greedy("last word"),
        says="You fed the word written last, without those before it.",
        why="A recurrent decoder keeps the rest in its state. This one has no state: it reads the whole prefix each time.",
    ),
    WrongAnswer(
        id="start_kept",
        code=_greedy("start kept"),
        says="Your result still begins with the start mark.",
        why="The prefix is what the decoder is given; the translation is what it writes.",
    ),
    WrongAnswer(
        id="first_end_stops_all",
        code=_greedy("first stops"),
        says="You stopped as soon as one sentence had ended.",
        why="The others are cut short. Stop when all have ended, or at max_len.",
    ),
    WrongAnswer(
        id="zeros_after_the_end",
        code=_greedy("zeros"),
        says="After a sentence's end you wrote 0; end is due.",
        why="The exercise fills up with end, as lesson 05 did. 0 may be a word.",
    ),
    WrongAnswer(
        id="least_likely",
        code=_greedy("least"),
        says="You chose the least likely word.",
        why="The largest logit belongs to the likeliest word: argmax.",
    ),
    WrongAnswer(
        id="mean_over_places",
        code=_greedy("mean"),
        says="You chose by the mean of the logits over all places.",
        why="Each place predicts another word. The next one is predicted at the last place alone.",
    ),
    WrongAnswer(
        id="end_forbidden",
        code=_greedy("never the end"),
        says="Your sentences never end.",
        why="end is a word of the vocabulary like others: when it is the likeliest, it is written.",
    ),
    WrongAnswer(
        id="one_word_more",
        code=_greedy("one more"),
        says="You wrote one word more than max_len.",
        why="The prefix does not count: max_len words are written, and the result is (B, max_len).",
    ),
)
