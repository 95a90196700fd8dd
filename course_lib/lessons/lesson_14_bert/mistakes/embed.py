"""Mistakes in “Word, place and segment”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_14_bert import reference as right


def _sum(change: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return an answer made of the three parts and the inputs."""

    def code(tokens: Tensor, segments: Tensor, words: Tensor, places: Tensor, kinds: Tensor) -> Any:
        return change(words[tokens], places[: tokens.shape[1]], kinds[segments], tokens, places)

    return code


MISTAKES = (
    WrongAnswer(
        id="segments_left_out",
        code=_sum(lambda word, place, kind, *_: word + place),
        says="Your sum lacks the segment's row.",
        why="Without it a word of the first text and the same word of the second are told apart by their places alone. Even "
        "for one text the row of segment 0 belongs to the sum: the pretrained weights expect it.",
    ),
    WrongAnswer(
        id="places_left_out",
        code=_sum(lambda word, place, kind, *_: word + kind),
        says="Your sum lacks the place's row.",
        why="Attention asks nothing about order. Without places a text is a bag of words.",
    ),
    WrongAnswer(
        id="words_alone",
        code=_sum(lambda word, place, kind, *_: word),
        says="You return the word's row alone.",
        why="The place's and the segment's are added to it.",
    ),
    WrongAnswer(
        id="places_by_token",
        code=_sum(
            lambda word, place, kind, tokens, places: word + places[tokens % len(places)] + kind
        ),
        says="You look places up by token id.",
        why="The row of `places` is that of the position: 0 for the first token, 1 for the second, whatever they are.",
    ),
    WrongAnswer(
        id="one_place",
        code=_sum(lambda word, place, kind, *_: word + place[0] + kind),
        says="You add the first place's row at every position.",
        why="Position t has row t of `places`.",
    ),
    WrongAnswer(
        id="places_backwards",
        code=_sum(lambda word, place, kind, *_: word + place.flip(0) + kind),
        says="Your places count backwards.",
        why="The first token has row 0.",
    ),
    WrongAnswer(
        id="segment_zero",
        code=lambda tokens, segments, words, places, kinds: (
            words[tokens] + places[: tokens.shape[1]] + kinds[0]
        ),
        says="You add the row of segment 0 everywhere.",
        why="`segments` says which row each token takes.",
    ),
    WrongAnswer(
        id="segments_swapped",
        code=lambda tokens, segments, words, places, kinds: right.embed(
            tokens, 1 - segments, words, places, kinds
        ),
        says="Your segments are swapped: segment 0 gets row 1.",
        why="Segment 0, the first text, has row 0 of the table.",
    ),
    WrongAnswer(
        id="normalised",
        code=_sum(
            lambda word, place, kind, *_: F.layer_norm(
                word + place + kind, word.shape[-1:], eps=1e-12
            )
        ),
        says="You normalise the sum already.",
        why="BERT does, but with a gain and a bias that are learned: that is the next exercise's layer norm.",
    ),
    WrongAnswer(
        id="scaled",
        code=_sum(lambda word, place, kind, *_: word * word.shape[-1] ** 0.5 + place + kind),
        says="Your words are multiplied by √d.",
        why="The first transformer did so (Vaswani et al. 2017, §3.4). BERT adds its three rows as they are.",
    ),
    WrongAnswer(
        id="averaged",
        code=_sum(lambda word, place, kind, *_: (word + place + kind) / 3),
        says="You take the mean of the three rows; their sum is due.",
        why="The norm behind would hide the factor, but for its eps. What is asked for here is the sum.",
    ),
    WrongAnswer(
        id="multiplied",
        code=_sum(lambda word, place, kind, *_: word * place * kind),
        says="You multiply the three rows.",
        why="They are added, so that each has a gradient of its own, whatever the others are.",
    ),
)
