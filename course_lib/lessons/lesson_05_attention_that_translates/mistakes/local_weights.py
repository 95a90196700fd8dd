"""Mistakes in “A window to look through”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _local(fault: str) -> Callable[..., Tensor]:
    def local_weights(scores: Tensor, centre: Tensor, reach: int) -> Tensor:
        if fault == "rounded":
            centre = centre.round()
        if fault == "one-based":
            centre = centre - 1
        distance = torch.arange(scores.shape[-1]) - centre[..., None]
        near = distance.abs() < reach if fault == "strict" else distance.abs() <= reach
        if fault == "one side":
            near = near & (distance <= 0)
        sigma = {"sigma": reach, "variance": (reach / 2) ** 0.5}.get(fault, reach / 2)
        bell = -(distance**2) / (2 * sigma**2)
        if fault == "no two":
            bell = 2 * bell
        if fault == "not squared":
            bell = -distance.abs() / (2 * sigma**2)
        if fault == "inside":
            return (scores + bell).masked_fill(~near, -torch.inf).softmax(-1)
        if fault == "after":
            return scores.softmax(-1) * near * bell.exp()
        inside = scores if fault == "no window" else scores.masked_fill(~near, -torch.inf)
        weights = inside.softmax(-1)
        if fault == "no bell":
            return weights
        return weights * bell.exp()

    return local_weights


MISTAKES = (
    WrongAnswer(
        id="no_window",
        code=_local("no window"),
        says="Your softmax runs over all keys; the window is not cut out.",
        why="Local attention looks at centre ± D alone: that is what makes it cheaper for long sources.",
    ),
    WrongAnswer(
        id="cut_after_the_softmax",
        code=_local("after"),
        says="You cut the window out after the softmax.",
        why="Keys outside the window took part in the division, so those inside share less than the whole.",
    ),
    WrongAnswer(
        id="no_bell",
        code=_local("no bell"),
        says="The bell curve around the centre is missing.",
        why="Without it the weights do not depend on where in the window the centre is, so it could not be learned.",
    ),
    WrongAnswer(
        id="sums_to_one_again",
        code=_local("inside"),
        says="Your weights sum to 1 again: the bell curve went into the softmax, or you divided after it.",
        why="The paper multiplies the weights by the curve last, and leaves their sum below 1: a window whose words fit badly near the centre contributes less.",
    ),
    WrongAnswer(
        id="sigma_is_reach",
        code=_local("sigma"),
        says="Your bell curve has σ = D; it is D/2.",
        why="At the edge of the window, two σ away, the curve has fallen to e⁻² ≈ 0.14.",
    ),
    WrongAnswer(
        id="sigma_is_variance",
        code=_local("variance"),
        says="You put D/2 in place of σ² in the bell curve.",
        why="D/2 is σ; the curve divides by 2σ², that is by D²/2.",
    ),
    WrongAnswer(
        id="two_missing",
        code=_local("no two"),
        says="Your bell curve divides by σ², not by 2σ².",
        why="The curve is exp(−(s − centre)² / 2σ²).",
    ),
    WrongAnswer(
        id="distance_not_squared",
        code=_local("not squared"),
        says="The distance in your bell curve is not squared.",
        why="exp(−|x|) has a sharp tip at the centre; the bell curve is flat there.",
    ),
    WrongAnswer(
        id="centre_rounded",
        code=_local("rounded"),
        says="You rounded the centre to a whole place.",
        why="Rounding has no gradient: a centre that is predicted could never be learned.",
    ),
    WrongAnswer(
        id="edges_lost",
        code=_local("strict"),
        says="Your window leaves out its two edges: |s − centre| < D.",
        why="The window goes from centre − D to centre + D, both included.",
    ),
    WrongAnswer(
        id="counts_from_one",
        code=_local("one-based"),
        says="You count the places from 1.",
        why="Here the first key stands at place 0.",
    ),
)
