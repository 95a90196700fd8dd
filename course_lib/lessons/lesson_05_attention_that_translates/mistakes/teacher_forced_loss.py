"""Mistakes in “Teacher forcing”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _forced(fault: str) -> Callable[..., Tensor]:
    def teacher_forced_loss(decode: Any, targets: Tensor, start: int, pad: int) -> Tensor:
        first = torch.full_like(targets[:, :1], pad if fault == "pad first" else start)
        inputs = torch.cat([first, targets[:, :-1]], 1)
        due = targets
        if fault == "leak":
            inputs = targets
        if fault == "future":
            inputs = torch.cat([targets[:, 1:], first], 1)
        if fault == "rolled":
            inputs = targets.roll(1, 1)
        if fault == "all start":
            inputs = torch.full_like(targets, start)
        if fault == "no start":
            inputs, due = targets[:, :-1], targets[:, 1:]
        logits = decode(inputs)
        if fault == "softmax":
            logits = logits.softmax(-1)
        each = -logits.log_softmax(-1).gather(-1, due[..., None])[..., 0]
        words = due != pad
        if fault == "padding":
            return each.mean()
        total = (each * words).sum()
        divisor = {
            "sum": 1,
            "by sentences": len(due),
            "by places": due.numel(),
        }.get(fault)
        if divisor is not None:
            return total / divisor
        if fault == "by sentence":
            return ((each * words).sum(1) / words.sum(1)).mean()
        if fault == "sign":
            return -total / words.sum()
        if fault == "bits":
            return total / words.sum() / torch.log(torch.tensor(2.0, dtype=total.dtype))
        return total / words.sum()

    return teacher_forced_loss


MISTAKES = (
    WrongAnswer(
        id="not_shifted",
        code=_forced("leak"),
        says="You fed the targets as they are: place t has read word t, which it is asked to predict.",
        why="The loss falls to nearly 0 because the answer is in the input. Greedy decoding has no answer to read, and fails.",
    ),
    WrongAnswer(
        id="shifted_the_wrong_way",
        code=_forced("future"),
        says="You shifted the words to the left: place t has read word t + 1.",
        why="Put the start in front and drop the last word, so that place t has read words 0 to t − 1.",
    ),
    WrongAnswer(
        id="first_word_skipped",
        code=_forced("no start"),
        says="You fed the first word and predicted from the second on; the start mark is not used.",
        why="Nobody gives the decoder its first word. It has to predict it, from the start mark alone.",
    ),
    WrongAnswer(
        id="starts_with_padding",
        code=_forced("pad first"),
        says="You put padding in front, not the start mark.",
        why="Greedy decoding will begin with start; training has to begin likewise.",
    ),
    WrongAnswer(
        id="rolled_round",
        code=_forced("rolled"),
        says="You rolled the words round, so each sentence's last place comes in at its front.",
        why="roll moves what falls off at one end to the other. In front belongs the start mark.",
    ),
    WrongAnswer(
        id="no_teacher",
        code=_forced("all start"),
        says="You fed the start mark at every place, so the decoder never sees a word.",
        why="Teacher forcing feeds the true words before: start, word 0, word 1, …",
    ),
    WrongAnswer(
        id="padding_in_the_loss",
        code=_forced("padding"),
        says="Your loss counts padding: the mean runs over every place.",
        why="The model would be rewarded for predicting padding after padding, and a batch with longer padding would "
        "have another loss.",
    ),
    WrongAnswer(
        id="divided_by_all_places",
        code=_forced("by places"),
        says="Padding costs nothing in your loss, but you divide by all places.",
        why="Divide by the number of words. Otherwise a batch with much padding counts less.",
    ),
    WrongAnswer(
        id="summed",
        code=_forced("sum"),
        says="Your loss is the sum over the words, not the mean.",
        why="A sum grows with the batch, and its gradient too.",
    ),
    WrongAnswer(
        id="divided_by_sentences",
        code=_forced("by sentences"),
        says="Your loss is divided by the number of sentences, not of words.",
        why="A mean for each word can be compared between short sentences and long ones.",
    ),
    WrongAnswer(
        id="mean_of_means",
        code=_forced("by sentence"),
        says="You took the mean of each sentence first, then the mean of those.",
        why="A word in a short sentence then counts more than one in a long sentence. Here all words count alike.",
    ),
    WrongAnswer(
        id="softmax_twice",
        code=_forced("softmax"),
        says="You applied a softmax before the cross-entropy, which applies its own.",
        why="Probabilities between 0 and 1, taken for logits, can never give a sure prediction. Hand over the logits.",
    ),
    WrongAnswer(
        id="sign",
        code=_forced("sign"),
        says="Your loss is negative: the minus sign before the logarithm is missing.",
        why="The logarithm of a probability is below 0; training would make the right words unlikely.",
    ),
)
