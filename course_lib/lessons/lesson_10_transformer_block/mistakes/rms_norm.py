"""Mistakes in “RMSNorm”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_10_transformer_block.mistakes.common import normalised

MISTAKES = (
    WrongAnswer(
        id="centred",
        code=lambda x, gain, eps: normalised(x, eps) * gain,
        says="You subtract the mean: that is layer norm without its bias.",
        why="RMSNorm leaves the mean where it is; it divides by the root of the mean of x² alone.",
    ),
    WrongAnswer(
        id="spread",
        code=lambda x, gain, eps: x / (x.var(-1, keepdim=True, correction=0) + eps).sqrt() * gain,
        says="You divide by the standard deviation, from which the mean has been taken out.",
        why="RMS is the root of the mean of x² as it is. Nothing is centred here, neither above the line nor below it.",
    ),
    WrongAnswer(
        id="length",
        code=lambda x, gain, eps: x / (x.square().sum(-1, keepdim=True) + eps).sqrt() * gain,
        says="You divide by the row's length: the squares are summed, not averaged.",
        why="Rows would come out with length 1, so their numbers shrink as d grows. The mean of the squares keeps them near 1.",
    ),
    WrongAnswer(
        id="epsilon_outside",
        code=lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True).sqrt() + eps) * gain,
        says="Your eps is added to the root; it should be added to the mean square, inside the root.",
        why="They differ for small rows, and the root's own gradient is infinite at 0: with eps inside it stays finite.",
    ),
    WrongAnswer(
        id="no_root",
        code=lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True) + eps) * gain,
        says="You divide by the mean square, not by its root.",
        why="Ten times larger numbers would then come out ten times smaller. The root has the unit of x, so it cancels.",
    ),
    WrongAnswer(
        id="absolute_mean",
        code=lambda x, gain, eps: x / (x.abs().mean(-1, keepdim=True) + eps) * gain,
        says="You divide by the mean of |x|, not by the root of the mean of x².",
        why="Both measure size, but large entries count more in a square. RMS is root, mean, square, read backwards.",
    ),
    WrongAnswer(
        id="across_tokens",
        code=lambda x, gain, eps: (
            x / (x.square().mean(-2 if x.dim() > 1 else -1, keepdim=True) + eps).sqrt() * gain
        ),
        says="Your mean square runs over the positions (axis -2), not over the features of one position (axis -1).",
        why="Then a token would change with its neighbours. Every row is treated by itself.",
    ),
    WrongAnswer(
        id="over_all_axes",
        code=lambda x, gain, eps: x / (x.square().mean() + eps).sqrt() * gain,
        says="You divide by one number for the whole tensor.",
        why="Every row has its own mean square: mean(-1, keepdim=True).",
    ),
    WrongAnswer(
        id="gain_missing",
        code=lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True) + eps).sqrt(),
        says="Your rows are not multiplied by gain.",
        why="The gain is learned: it gives each feature the spread that the next layer needs.",
    ),
    WrongAnswer(
        id="one_plus_gain",
        code=lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * (1 + gain),
        says="You multiply by 1 + gain.",
        why="Some models store the gain less 1, and then this is right. Here gain is the factor itself.",
    ),
    WrongAnswer(
        id="fixed_epsilon",
        code=lambda x, gain, eps: x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * gain,
        says="You use a fixed 1e-6; the caller's eps is ignored.",
        why="Trained weights go with the eps that they were trained with. Use the argument.",
    ),
    WrongAnswer(
        id="no_epsilon",
        code=lambda x, gain, eps: x / x.square().mean(-1, keepdim=True).sqrt() * gain,
        says="Your eps is not used.",
        why="A row of zeros would give 0 / 0, which is NaN. Add eps to the mean square, inside the root.",
    ),
)
