"""How good predicted classes are, by scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from course_lib.errors import CourseError


@dataclass(frozen=True, kw_only=True)
class ClassScores:
    """Scores of predicted classes.

    Args:
        precision: of each class: the share of what was called so that is so.
        recall: of each class: the share of what is so that was called so.
        f1: of each class: the harmonic mean of the two.
        macro_f1: the mean of the F1s.
        accuracy: the share that is right.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    macro_f1: float
    accuracy: float


def class_scores(
    predicted: Sequence[int] | Tensor, labels: Sequence[int] | Tensor, n_classes: int
) -> ClassScores:
    """Score predicted classes; a ratio whose denominator is 0 counts as 0.

    Args:
        predicted: the class that was said, for each text.
        labels: the class that it is.
        n_classes: classes are 0 … n_classes − 1.

    Raises:
        CourseError: when there are not as many predictions as labels, or none.

    >>> class_scores([1, 1, 0], [1, 0, 0], 2).f1.round(3).tolist()
    [0.667, 0.667]
    """
    if len(predicted) != len(labels) or len(labels) == 0:
        raise CourseError(
            f"{len(predicted)} predictions and {len(labels)} labels: there is one prediction for "
            "each label, and one of either at least"
        )
    from sklearn.metrics import precision_recall_fscore_support

    said, true = np.asarray(predicted), np.asarray(labels)
    precision, recall, f1, _ = precision_recall_fscore_support(
        true, said, labels=list(range(n_classes)), zero_division=0
    )
    return ClassScores(
        precision=precision,
        recall=recall,
        f1=f1,
        macro_f1=float(f1.mean()),
        accuracy=float((said == true).mean()),
    )
