"""“Label smoothing”: its cases, its oracle, its hints."""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick, rng_of
from course_lib.lessons.lesson_11_translation.common import SIZES, sentences, some_lengths
from course_lib.lessons.lesson_11_translation.mistakes.smoothed_loss import MISTAKES


def smoothing_case(
    rng: Any, lengths: tuple[int, ...], v: int, eps: float, pad: int, **more: Any
) -> Case:
    rng = rng_of(rng)
    logits = noise(rng, len(lengths), max(lengths), v, scale=1.5)
    labels = sentences(rng, list(lengths), max(lengths), v, pad)
    return Case(args=(logits, labels, eps, pad), **more)


def smoothing_cases() -> list[Case]:
    by_hand = double([[[0.0, 0.0, math.log(2.0)], [3.0, 1.0, 0.0]]])
    return [
        Case(
            label="one word with chances ¼, ¼, ½, then padding",
            args=(by_hand, torch.tensor([[2, 0]]), 0.3, 0),
        ),
        smoothing_case(
            1, (4, 2), 5, 0.1, 0, label="2 sentences, 4 places, 5 classes, ε = 0.1", gradients=True
        ),
        smoothing_case(
            2, (3, 6, 1), 7, 0.25, 3, label="3 sentences, padding is 3, ε = 0.25", gradients=True
        ),
        smoothing_case(4, (2, 5), 4, 0.4, 1, label="padding is 1, ε = 0.4", gradients=True),
        Case(
            label="padding in front of the words, and between them",
            args=(noise(6, 2, 4, 5), torch.tensor([[0, 0, 3, 1], [2, 0, 4, 0]]), 0.2, 0),
            edge=True,
            shows=("front", "gaps"),
        ),
        smoothing_case(7, (1,), 4, 0.2, 0, label="one sentence of one word", edge=True),
        smoothing_case(5, (3, 2), 4, 0.0, 0, label="ε = 0, plain cross-entropy", edge=True),
    ]


def smoothing_sample(rng: np.random.Generator) -> Case:
    b, t, v = pick(rng, SIZES), pick(rng, SIZES), pick(rng, range(2, 7))
    eps = pick(rng, range(11)) / 10
    lengths = tuple(some_lengths(rng, b, t))
    return smoothing_case(rng, lengths, v, eps, pick(rng, range(v)), label="random")


def smoothing_oracle(logits: Tensor, labels: Tensor, smoothing: float, pad: int) -> Tensor:
    return F.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=pad, label_smoothing=smoothing
    )


def padding_costs_nothing(call: Any, case: Case, value: Any) -> str | None:
    """One more column of padding leaves the loss as it is."""
    logits, labels, smoothing, pad = case.args
    wider = torch.cat([labels, torch.full_like(labels[:, :1], pad)], 1)
    more = torch.cat([logits, logits[:, :1] + 1], 1)
    loss = float(call(more, wider, smoothing, pad))
    if abs(loss - float(value)) < 1e-9:
        return None
    return (
        "One more column of padding must not change the loss. On the case "
        f"“{case.label}” yours goes from {float(value):.3f} to {loss:.3f}."
    )


EXERCISE = Exercise(
    name="smoothed_loss",
    title="Label smoothing",
    minutes=8,
    difficulty=2,
    proves="your loss is PyTorch's to the last digit, gradients too, and padding costs nothing",
    passed="Agrees with F.cross_entropy(label_smoothing=…, ignore_index=…), gradients too.",
    cases=smoothing_cases,
    sample=smoothing_sample,
    oracle=smoothing_oracle,
    properties=(Property(id="padding_costs_nothing", holds=padding_costs_nothing),),
    kinds=(
        "front",
        "gaps",
        "batch_of_one",
        "one_place",
        "zero",
    ),
    reference="course_lib.lessons.lesson_11_translation.reference.smoothed_loss",
    forbidden=("cross_entropy", "CrossEntropyLoss"),
    hints=(
        "Two numbers for each place: what the label costs, and what all classes cost on average. "
        "Then: which places take part in the mean?",
        "surprise = −log softmax over the classes: (B, T, V)\n"
        "right = surprise of the label: (B, T)\n"
        "each = (1 − ε) · right + ε · mean of surprise over V\n"
        "mean of each where labels is not pad",
        "surprise.gather(-1, labels[..., None])[..., 0] picks the label's.\n"
        "    each = (1 - smoothing) * right + smoothing * surprise.mean(-1)\n"
        "    return each[labels != pad].mean()",
    ),
    wrong_answers=MISTAKES,
)
