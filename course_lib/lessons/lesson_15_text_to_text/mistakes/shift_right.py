"""Mistakes in “What the decoder reads”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_15_text_to_text.reference import shift_right


def _appended(labels: Tensor, start: int, pad: int) -> Tensor:
    read = labels.masked_fill(labels == -100, pad)
    return torch.cat([torch.full_like(read[:, :1], start), read], dim=1)


def _moved(labels: Tensor, start: int, pad: int, by: int = 1) -> Tensor:
    return torch.roll(labels.masked_fill(labels == -100, pad), by, dims=1)


def _left(labels: Tensor, start: int, pad: int) -> Tensor:
    read = labels.masked_fill(labels == -100, pad)
    return torch.cat([read[:, 1:], torch.full_like(read[:, :1], pad)], dim=1)


def _overwritten(labels: Tensor, start: int, pad: int) -> Tensor:
    read = labels.masked_fill(labels == -100, pad)
    return torch.cat([torch.full_like(read[:, :1], start), read[:, 1:]], dim=1)


def _start_at_the_end(labels: Tensor, start: int, pad: int) -> Tensor:
    read = labels.masked_fill(labels == -100, pad)
    return torch.cat([read[:, 1:], torch.full_like(read[:, :1], start)], dim=1)


MISTAKES = (
    WrongAnswer(
        id="not_shifted",
        code=lambda labels, start, pad: labels.masked_fill(labels == -100, pad),
        says="The decoder reads at each place what it is to write there.",
        why="Then copying is enough: the loss falls to 0 and nothing is learned. At place t it reads what stood at t − 1.",
    ),
    WrongAnswer(
        id="start_missing",
        code=_moved,
        says="The start token is missing: the last label has moved to the front.",
        why="torch.roll puts what falls off the end at the beginning. Before anything is written there is the start token.",
    ),
    WrongAnswer(
        id="shifted_left",
        code=_left,
        says="You shift to the left: the decoder reads the word after the one that it is to write.",
        why="At place t it may know places before t. What is read moves to the right, behind the start token.",
    ),
    WrongAnswer(
        id="one_longer",
        code=_appended,
        says="The last label is still there, so the decoder reads one place more than it writes.",
        why="The last label is written, but nothing after it is, so it is never read. Reading and writing have the same length.",
    ),
    WrongAnswer(
        id="ignored_left_in",
        code=lambda labels, start, pad: torch.cat(
            [torch.full_like(labels[:, :1], start), labels[:, :-1]], dim=1
        ),
        says="−100 is still there: no row of the table of words has that number.",
        why="−100 tells the loss to look away. As a word to read it is an index out of range; padding takes its place.",
    ),
    WrongAnswer(
        id="first_overwritten",
        code=_overwritten,
        says="You write the start token over the first label and shift nothing.",
        why="The first label has to be read at the second place, and so on: everything moves by one.",
    ),
    WrongAnswer(
        id="starts_with_pad",
        code=lambda labels, start, pad: shift_right(labels, pad, pad),
        says="You begin with padding, whatever start is.",
        why="T5's start token is its padding, BART's is not. The function is told which one.",
    ),
    WrongAnswer(
        id="ignored_become_start",
        code=lambda labels, start, pad: shift_right(labels, start, start),
        says="Where a label is −100 you read the start token.",
        why="It marks one place, the first. What the loss leaves out is padding.",
    ),
    WrongAnswer(
        id="start_at_the_end",
        code=_start_at_the_end,
        says="You shifted to the left and put start at the end.",
        why="At place t the decoder reads what stood at t − 1, so the words move to the right and start stands in front.",
    ),
)
