"""Mistakes in “Warm up, then cool down”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

from course_lib.checking.exercise import WrongAnswer


def _rate(f: Callable[[float, float, float], float]) -> Callable[[int, int, int], float]:
    return lambda step, d_model, warmup: float(f(float(step), float(d_model), float(warmup)))


MISTAKES = (
    WrongAnswer(
        id="maximum",
        code=_rate(lambda s, d, w: d**-0.5 * max(s**-0.5, s * w**-1.5)),
        says="You took the larger of the two terms; the smaller one counts.",
        why="The rate would fall until the warm-up ends, and then rise for ever.",
    ),
    WrongAnswer(
        id="no_warmup",
        code=_rate(lambda s, d, w: d**-0.5 * s**-0.5),
        says="Your rate falls from the first step: the warm-up is missing.",
        why="Step 1 would get d^−0.5, the largest step of all, when the gradients know least.",
    ),
    WrongAnswer(
        id="no_decay",
        code=_rate(lambda s, d, w: d**-0.5 * min(w**-0.5, s * w**-1.5)),
        says="Your rate rises and then stays; it has to fall with step^−0.5.",
        why="The first term of the minimum holds the step, not the warm-up.",
    ),
    WrongAnswer(
        id="width_left_out",
        code=_rate(lambda s, d, w: min(s**-0.5, s * w**-1.5)),
        says="d_model is not used.",
        why="Wider models get smaller rates in the paper: the factor d_model^−0.5.",
    ),
    WrongAnswer(
        id="width_multiplies",
        code=_rate(lambda s, d, w: d**0.5 * min(s**-0.5, s * w**-1.5)),
        says="You multiplied by √d_model; the exponent is −0.5.",
        why="A wider model would get a larger rate, d_model times the one due.",
    ),
    WrongAnswer(
        id="warmup_exponent",
        code=_rate(lambda s, d, w: d**-0.5 * min(s**-0.5, s * w**-0.5)),
        says="Your warm-up term is step · warmup^−0.5; the exponent is −1.5.",
        why="At step = warmup the two terms must be equal: warmup · warmup^−1.5 = warmup^−0.5.",
    ),
    WrongAnswer(
        id="peak_of_one",
        code=_rate(lambda s, d, w: d**-0.5 * min(s**-0.5, s / w)),
        says="Your warm-up term is step / warmup: it ends at 1, not at warmup^−0.5.",
        why="The rising line has to meet the falling curve, at height warmup^−0.5. Its slope is warmup^−1.5.",
    ),
    WrongAnswer(
        id="linear_decay",
        code=_rate(lambda s, d, w: d**-0.5 * w**-0.5 * min(s / w, w / s)),
        says="After the warm-up your rate falls with 1/step; it falls with 1/√step.",
        why="Four times the steps halve the rate.",
    ),
    WrongAnswer(
        id="counts_from_zero",
        code=_rate(lambda s, d, w: d**-0.5 * min((s + 1) ** -0.5, (s + 1) * w**-1.5)),
        says="You added 1 to the step.",
        why="Steps count from 1 here, as in the paper; with 1 more the peak comes a step early.",
    ),
)
