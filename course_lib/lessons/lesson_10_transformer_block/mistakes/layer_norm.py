"""Mistakes in “Layer norm”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_10_transformer_block.mistakes.common import normalised


def every_axis(x: Tensor) -> tuple[int, ...]:
    """Return the axes that one example has: all but a batch in front, where there is one."""
    return tuple(range(min(1, x.dim() - 1), x.dim()))


MISTAKES = (
    WrongAnswer(
        id="unbiased_variance",
        code=lambda x, gain, bias, eps: normalised(x, eps, unbiased=True) * gain + bias,
        says="Your variance is divided by d − 1; it should be divided by d.",
        why="torch.var and torch.std divide by d − 1 unless told otherwise, to estimate the spread of a population from a "
        "sample. Here the d numbers are all there is. Take the mean of the squares, or var(…, correction=0).",
    ),
    WrongAnswer(
        id="epsilon_outside",
        code=lambda x, gain, bias, eps: normalised(x, eps, outside=True) * gain + bias,
        says="Your eps is added to the root; it should be added to the variance, inside the root.",
        why="Both keep the division from failing, but they differ wherever the variance is small, and so do the "
        "gradients. Trained weights expect √(variance + eps).",
    ),
    WrongAnswer(
        id="std_plus_epsilon",
        code=lambda x, gain, bias, eps: (
            normalised(x, eps, unbiased=True, outside=True) * gain + bias
        ),
        says="You divide by torch.std plus eps, which is two mistakes in one.",
        why="torch.std divides by d − 1 where d is due, and eps belongs inside the root, with the variance. Take "
        "(variance + eps).sqrt() with the mean of the squares as variance.",
    ),
    WrongAnswer(
        id="across_tokens",
        code=lambda x, gain, bias, eps: (
            normalised(x, eps, axis=-2 if x.dim() > 1 else -1) * gain + bias
        ),
        says="Your mean and variance run over the positions (axis -2), not over the features of one position (axis -1).",
        why="Then a token would change with its neighbours, and with the length of the text. Layer norm treats every row "
        "by itself.",
    ),
    WrongAnswer(
        id="over_all_axes",
        code=lambda x, gain, bias, eps: normalised(x, eps, axis=every_axis(x)) * gain + bias,
        says="Your mean and variance are taken over a whole example, positions and features together.",
        why="Layer norm has a mean and a variance for every row. Otherwise a later word moves an earlier one, past "
        "every causal mask.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda x, gain, bias, eps: (
            normalised(x, eps, axis=0 if x.dim() > 1 else -1) * gain + bias
        ),
        says="Your mean and variance run over the batch (axis 0).",
        why="That is batch norm's idea: an answer would depend on who else is in the batch. Take them over the last axis.",
    ),
    WrongAnswer(
        id="not_centred",
        code=lambda x, gain, bias, eps: (
            x / (x.var(-1, keepdim=True, correction=0) + eps).sqrt() * gain + bias
        ),
        says="Your rows are divided by their spread, but their mean is still in them.",
        why="Subtract the row's mean first: layer norm centres and then scales.",
    ),
    WrongAnswer(
        id="mean_square",
        code=lambda x, gain, bias, eps: (
            (x - x.mean(-1, keepdim=True)) / (x.square().mean(-1, keepdim=True) + eps).sqrt() * gain
            + bias
        ),
        says="You divide by the root of the mean of x², which is not the variance: the mean is still in it.",
        why="The variance is the mean of (x − mean)². Square after you have centred.",
    ),
    WrongAnswer(
        id="no_root",
        code=lambda x, gain, bias, eps: normalised(x, eps, root=False) * gain + bias,
        says="You divide by the variance, not by its root.",
        why="Ten times larger numbers would then come out ten times smaller. The root has the unit of x, so it cancels.",
    ),
    WrongAnswer(
        id="gain_missing",
        code=lambda x, gain, bias, eps: normalised(x, eps) + bias,
        says="Your rows are not multiplied by gain.",
        why="Gain and bias are learned: they let each feature have the spread and the mean that the next layer needs.",
    ),
    WrongAnswer(
        id="bias_missing",
        code=lambda x, gain, bias, eps: normalised(x, eps) * gain,
        says="Your bias is not added.",
        why="Gain and bias are learned: they let each feature have the spread and the mean that the next layer needs.",
    ),
    WrongAnswer(
        id="bias_before_gain",
        code=lambda x, gain, bias, eps: (normalised(x, eps) + bias) * gain,
        says="Your bias is added before the multiplication by gain.",
        why="Gain scales the normalised row alone; the bias comes last.",
    ),
    WrongAnswer(
        id="fixed_epsilon",
        code=lambda x, gain, bias, eps: normalised(x, 1e-5) * gain + bias,
        says="You use a fixed 1e-5; the caller's eps is ignored.",
        why="Models differ: BERT was trained with 1e-12. Use the argument.",
    ),
    WrongAnswer(
        id="no_epsilon",
        code=lambda x, gain, bias, eps: normalised(x, 0.0) * gain + bias,
        says="Your eps is not used.",
        why="A row of equal numbers has variance 0, and 0 / 0 is NaN. Add eps to the variance, inside the root.",
    ),
)
