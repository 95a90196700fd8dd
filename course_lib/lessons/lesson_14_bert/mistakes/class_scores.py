"""Mistakes in “Precision, recall and F1”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_14_bert import reference as right


def _scores(
    change: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Any],
) -> Callable[..., Any]:
    """Return an answer made of the right one and the numbers of examples by class."""

    def code(predicted: Tensor, labels: Tensor, n_classes: int) -> Any:
        precision, recall, f1, _ = right.class_scores(predicted, labels, n_classes)
        counts = torch.bincount(labels, minlength=n_classes)
        return change(precision, recall, f1, counts, (predicted == labels).float().mean())

    return code


def _harmonic(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(a + b > 0, 2 * a * b / (a + b).clamp(min=1e-12), 0.0)


def _present(f1: Tensor, counts: Tensor) -> Tensor:
    return f1[counts > 0].mean()


def _undefined(predicted: Tensor, labels: Tensor, n_classes: int) -> Any:
    classes = torch.arange(n_classes)[:, None]
    said, true = predicted == classes, labels == classes
    both = (said & true).sum(1)
    precision, recall = both / said.sum(1), both / true.sum(1)
    f1 = 2 * precision * recall / (precision + recall)
    return precision, recall, f1, f1.mean()


def _accuracies(predicted: Tensor, labels: Tensor, n_classes: int) -> Any:
    share = (predicted == labels).float().mean()
    return (*[share.repeat(n_classes)] * 3, share)


MISTAKES = (
    WrongAnswer(
        id="f1_of_averages",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1, _harmonic(p.mean(), r.mean()))),
        says="Your macro F1 is the F1 of the mean precision and the mean recall.",
        why="It is the mean of the classes' F1s. The two are different numbers under one name (Opitz and Burst 2019); "
        "scikit-learn takes the mean of F1s.",
    ),
    WrongAnswer(
        id="precision_is_recall",
        code=_scores(lambda p, r, f1, n, a: (r, p, f1, f1.mean())),
        says="Precision and recall have changed places.",
        why="Precision divides by how often a class was said, recall by how often it is true.",
    ),
    WrongAnswer(
        id="arithmetic_mean",
        code=_scores(lambda p, r, f1, n, a: (p, r, (p + r) / 2, ((p + r) / 2).mean())),
        says="Your F1 is the arithmetic mean of precision and recall.",
        why="F1 is the harmonic mean, 2pr / (p + r): it is small as soon as one of them is. Who calls everything pleased has "
        "recall 1.",
    ),
    WrongAnswer(
        id="geometric_mean",
        code=_scores(lambda p, r, f1, n, a: (p, r, (p * r).sqrt(), (p * r).sqrt().mean())),
        says="Your F1 is the geometric mean of precision and recall.",
        why="F1 is the harmonic mean, 2pr / (p + r).",
    ),
    WrongAnswer(
        id="factor_forgotten",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1 / 2, f1.mean() / 2)),
        says="Your F1s are half of what they should be.",
        why="The harmonic mean of two numbers is 2pr / (p + r); without the 2 a perfect answer would have ½.",
    ),
    WrongAnswer(
        id="accuracy_for_all",
        code=_accuracies,
        says="You return the accuracy in place of every score.",
        why="Accuracy counts all texts together. Precision and recall are asked of one class at a time.",
    ),
    WrongAnswer(
        id="weighted",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1, (f1 * n).sum() / n.sum())),
        says="Your macro F1 weighs classes by how many examples they have.",
        why="That is another average. The macro one counts every class once, so that a rare class matters.",
    ),
    WrongAnswer(
        id="accuracy",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1, a)),
        says="Your macro F1 is the accuracy.",
        why="With one label a text, the F1 of all counts together (micro) is the accuracy. The macro one is the mean over classes.",
    ),
    WrongAnswer(
        id="last_class",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1, f1[-1])),
        says="Your macro F1 is the F1 of one class.",
        why="It is the mean over all classes.",
    ),
    WrongAnswer(
        id="present_classes",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1, _present(f1, n))),
        says="Your macro F1 leaves out classes that no label has.",
        why="A class that was said and never true has an F1 of 0, and it counts: it was said wrongly.",
    ),
    WrongAnswer(
        id="undefined",
        code=_undefined,
        says="Where a class was never said, or is never true, your ratio is NaN.",
        why="0 / 0. Such a ratio counts as 0 here, as with scikit-learn's zero_division=0; else one rare class turns the mean "
        "into NaN.",
    ),
)
