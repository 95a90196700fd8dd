"""Mistakes in “What the decoder reads”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _start(labels: Tensor, start: int) -> Tensor:
    return torch.full_like(labels[:, :1], start)


def _shift_left(labels: Tensor, start: int) -> Tensor:
    return torch.cat([labels[:, 1:], _start(labels, start)], 1)


def _overwrite(labels: Tensor, start: int) -> Tensor:
    return torch.cat([_start(labels, start), labels[:, 1:]], 1)


def _shift_twice(labels: Tensor, start: int) -> Tensor:
    first = _start(labels, start)
    return torch.cat([first, first, labels[:, :-2]], 1)[:, : labels.shape[1]]


MISTAKES = (
    WrongAnswer(
        id="not_shifted",
        code=lambda labels, start: labels.clone(),
        says="You returned the labels as they are: the decoder would read the word that it has to predict.",
        why="It learns to copy in a few steps. The loss looks splendid and it cannot write a word by itself.",
    ),
    WrongAnswer(
        id="shifted_left",
        code=_shift_left,
        says="You shifted to the left: place t reads the word after the one it predicts.",
        why="The decoder is fed its own future. It must read what stands before a word: start comes in at the front.",
    ),
    WrongAnswer(
        id="start_replaces_the_first",
        code=_overwrite,
        says="You wrote start over the first word; nothing moved.",
        why="From place 1 on, the decoder still reads the word that it has to predict, and the first word is never read.",
    ),
    WrongAnswer(
        id="one_column_more",
        code=lambda labels, start: (
            torch.cat([_start(labels, start), labels], 1) if labels.shape[1] else labels
        ),
        says="You put start in front and kept the last column: there is one column too many.",
        why="The last word is predicted and never read. Inputs and labels stand place by place under each other.",
    ),
    WrongAnswer(
        id="rolled",
        code=lambda labels, start: labels.roll(1, 1),
        says="You rolled the columns round: the last one has come to the front.",
        why="That place belongs to start. Else the translation of a sentence begins with its end, or with padding.",
    ),
    WrongAnswer(
        id="no_start",
        code=lambda labels, start: labels[:, :-1].clone(),
        says="You dropped the last column and put nothing in front.",
        why="At place 0 the decoder reads start, since nothing has been written yet.",
    ),
    WrongAnswer(
        id="zeros_in_front",
        code=lambda labels, start: torch.cat([_start(labels, 0), labels[:, :-1]], 1),
        says="You shifted rightly, but put 0 in front and not start.",
        why="0 is often padding, which the masks hide: row 0 of the decoder would have nothing to attend to.",
    ),
    WrongAnswer(
        id="two_places",
        code=_shift_twice,
        says="You shifted by two places.",
        why="The decoder would never read the word written last, only the one before it.",
    ),
    WrongAnswer(
        id="ones_in_front",
        code=lambda labels, start: torch.cat([_start(labels, 1), labels[:, :-1]], 1),
        says="You shifted rightly, but put 1 in front whatever start is.",
        why="The number of the start mark is handed in: vocabularies differ.",
    ),
)
