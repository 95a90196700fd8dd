"""Mistakes in “Dropout”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _dropped(x: Tensor, p: float, noise: Tensor, factor: float) -> Tensor:
    return x * (noise >= p) * factor


MISTAKES = (
    WrongAnswer(
        id="not_scaled",
        code=lambda x, p, training, noise: _dropped(x, p, noise, 1.0) if training else x,
        says="The numbers that stay are not enlarged.",
        why="On average only 1 − p of the sum is left, so in evaluation, where nothing is dropped, the next layer would "
        "meet larger sums than it was trained on. Divide by 1 − p.",
    ),
    WrongAnswer(
        id="divided_by_p",
        code=lambda x, p, training, noise: (
            _dropped(x, p, noise, 1 / p if p else 1.0) if training else x
        ),
        says="You divide by p, the share that is dropped.",
        why="A share of 1 − p stays. Dividing by it brings the mean back; the two agree at p = ½ only.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda x, p, training, noise: _dropped(x, p, noise, 1 - p) if training else x,
        says="The numbers that stay are made smaller: multiplied by 1 − p.",
        why="They must make up for those that are gone, so they grow: divide by 1 − p.",
    ),
    WrongAnswer(
        id="drops_in_evaluation",
        code=lambda x, p, training, noise: _dropped(x, p, noise, 1 / (1 - p)),
        says="You drop in evaluation too: training is not looked at.",
        why="Dropout is a disturbance for training. In evaluation the model would give another answer every time.",
    ),
    WrongAnswer(
        id="upside_down",
        code=lambda x, p, training, noise: (
            _dropped(x, p, noise, 1 / (1 - p)) if not training else x
        ),
        says="You drop in evaluation and leave training alone.",
        why="It is the other way round: with training=False x comes back as it is.",
    ),
    WrongAnswer(
        id="scaled_in_evaluation",
        code=lambda x, p, training, noise: _dropped(x, p, noise, 1.0) if training else x * (1 - p),
        says="You drop without enlarging, and make everything smaller in evaluation.",
        why="The means agree, and dropout was first published like this (Srivastava et al. 2014, §10, names both). "
        "Inverted dropout, which everybody uses now, pays in training, so that evaluation costs nothing.",
    ),
    WrongAnswer(
        id="scaled_in_both",
        code=lambda x, p, training, noise: (
            _dropped(x, p, noise, 1 / (1 - p)) if training else x / (1 - p)
        ),
        says="In evaluation you enlarge what was never thinned out.",
        why="Nothing is dropped there, so there is nothing to make up for: x comes back as it is.",
    ),
    WrongAnswer(
        id="keeps_p",
        code=lambda x, p, training, noise: (
            x * (noise < p) / p if training and p else x * 0 if training else x
        ),
        says="You keep a share p and drop the rest.",
        why="p is the share that goes: a number is dropped where its noise is below p.",
    ),
    WrongAnswer(
        id="keeps_p_scaled",
        code=lambda x, p, training, noise: x * (noise < p) / (1 - p) if training else x,
        says="You keep what should be dropped: those with noise below p.",
        why="p is the share that goes: a number is dropped where its noise is below p, and kept elsewhere.",
    ),
    WrongAnswer(
        id="other_end",
        code=lambda x, p, training, noise: x * (noise < 1 - p) / (1 - p) if training else x,
        says="You drop at the upper end of the noise, above 1 − p.",
        why="As many go, but others than those asked for: a number is dropped where its noise is below p. Fixed rules "
        "make results repeatable.",
    ),
    WrongAnswer(
        id="whole_rows",
        code=lambda x, p, training, noise: x * (noise[..., :1] >= p) / (1 - p) if training else x,
        says="You drop whole rows.",
        why="Each number has noise of its own and is dropped on its own.",
    ),
)
