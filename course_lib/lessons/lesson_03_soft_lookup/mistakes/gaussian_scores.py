"""Mistakes in “Near keys score higher”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_03_soft_lookup.mistakes.common import Bandwidth, squares


def _sum_squared(q: Tensor, k: Tensor, h: Bandwidth) -> Tensor:
    return -(q.unsqueeze(-2) - k.unsqueeze(-3)).sum(-1).square() / (2 * h**2)


MISTAKES = (
    WrongAnswer(
        id="distance_not_squared",
        code=lambda q, k, h: -squares(q, k).sqrt() / (2 * h**2),
        says="You use the distance, not its square.",
        why="−‖q − k‖ gives a kernel with a sharp peak (Laplace's), whose far keys weigh more. A Gaussian's "
        "score falls with the square.",
    ),
    WrongAnswer(
        id="bandwidth_in_numerator",
        code=lambda q, k, h: -squares(q, k) / 2 * h**2,
        says="Your bandwidth multiplies: h² stands in the numerator.",
        why="A wider bandwidth must flatten the scores. Without brackets, x / 2 * h**2 is read from left to "
        "right as (x / 2) · h²; write x / (2 * h**2).",
    ),
    WrongAnswer(
        id="no_half",
        code=lambda q, k, h: -squares(q, k) / h**2,
        says="The factor 2 in the denominator is missing.",
        why="The kernel would still be Gaussian, but narrower: its standard deviation would be h/√2, not h.",
    ),
    WrongAnswer(
        id="no_minus",
        code=lambda q, k, h: squares(q, k) / (2 * h**2),
        says="The minus sign is missing: your score grows with the distance.",
        why="The farthest key would get the largest weight.",
    ),
    WrongAnswer(
        id="bandwidth_not_squared",
        code=lambda q, k, h: -squares(q, k) / (2 * h),
        says="You divide by 2h; it is 2h².",
        why="A squared distance is measured in years², so only h² (years² too) leaves a score without a unit.",
    ),
    WrongAnswer(
        id="two_squared_as_well",
        code=lambda q, k, h: -squares(q, k) / (2 * h) ** 2,
        says="You divide by (2h)², which is 4h².",
        why="The square belongs to h alone: 2 * h**2.",
    ),
    WrongAnswer(
        id="kernel_not_log",
        code=lambda q, k, h: (-squares(q, k) / (2 * h**2)).exp(),
        says="You return the kernel exp(score), not the score.",
        why="The softmax of 3.2 takes the exponential. Taken twice it would flatten everything.",
    ),
    WrongAnswer(
        id="log_of_underflow",
        code=lambda q, k, h: (-squares(q, k) / (2 * h**2)).exp().log(),
        says="You take the logarithm of an exponential: far away exp is 0, and log 0 is −∞.",
        why="The two cancel on paper. Leave both out, and no distance is too far.",
    ),
    WrongAnswer(
        id="summed_before_squaring",
        code=_sum_squared,
        says="You sum the differences over the width before you square them.",
        why="Then +3 in one direction and −3 in another cancel to a distance of 0. Square first, then sum.",
    ),
    WrongAnswer(
        id="mean_over_width",
        code=lambda q, k, h: -squares(q, k) / q.shape[-1] / (2 * h**2),
        says="You average the squared differences over the width; the squared distance is their sum.",
        why="‖q − k‖² adds up one square for each entry (Pythagoras).",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda q, k, h: -squares(k, q) / (2 * h**2),
        says="Your scores are transposed: keys run down, queries across.",
        why="Row t belongs to query t, because the softmax that follows runs along the last axis.",
    ),
)
