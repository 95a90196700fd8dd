"""Mistakes in “A baseline that learns”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.common import log_weights


def _policy(s: Tensor, a: Tensor, advantage: Tensor) -> Tensor:
    return -(advantage * log_weights(s, a)).mean()


MISTAKES = (
    WrongAnswer(
        id="no_detach",
        code=lambda s, a, r, b: _policy(s, a, r.detach() - b) + (r.detach() - b).square().mean(),
        says="The value is right, but the first part sends a gradient into the baseline: detach R − b there.",
        why="The first part falls without bound as b grows, so b would settle above R. It should learn from its own error alone.",
    ),
    WrongAnswer(
        id="all_detached",
        code=lambda s, a, r, b: _policy(s, a, (r - b).detach()) + (r - b).detach().square().mean(),
        says="The baseline is detached in both parts, so it never learns.",
        why="The second part is there to teach it. Only the first takes it as given.",
    ),
    WrongAnswer(
        id="no_baseline_error",
        code=lambda s, a, r, b: _policy(s, a, (r - b).detach()),
        says="The second part is missing: mean((R − b)²).",
        why="Without it nothing moves the baseline towards the rewards.",
    ),
    WrongAnswer(
        id="baseline_unused",
        code=lambda s, a, r, b: _policy(s, a, r.detach()) + (r.detach() - b).square().mean(),
        says="Your first part uses the rewards alone; the baseline is learned and never used.",
        why="Its purpose is to make the factor in front of log w small.",
    ),
    WrongAnswer(
        id="baseline_added",
        code=lambda s, a, r, b: _policy(s, a, (r + b).detach()) + (r.detach() - b).square().mean(),
        says="Your first part adds the baseline where it is taken off.",
        why="The average is still right, but R + b is larger than R, and so is the variance.",
    ),
    WrongAnswer(
        id="sign_flipped",
        code=lambda s, a, r, b: -_policy(s, a, (r - b).detach()) + (r.detach() - b).square().mean(),
        says="The sign of the first part is flipped: lowering this loss lowers the reward.",
        why="Optimisers go downhill. What should grow enters with a minus.",
    ),
    WrongAnswer(
        id="error_subtracted",
        code=lambda s, a, r, b: _policy(s, a, (r - b).detach()) - (r.detach() - b).square().mean(),
        says="You subtract the baseline's error, so training makes it larger.",
        why="The error is to be lowered: it enters the loss with a plus.",
    ),
    WrongAnswer(
        id="rewards_not_detached",
        code=lambda s, a, r, b: _policy(s, a, (r - b).detach()) + (r - b).square().mean(),
        says="The value is right, but the second part sends a gradient into the rewards.",
        why="It would move the rewards towards the baseline. They are facts: detach them.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda s, a, r, b: (
            _policy(s, a, (r - b).detach()) * len(r) + (r.detach() - b).square().sum()
        ),
        says="You add up the batch where means are due.",
        why="The step would grow with the batch.",
    ),
    WrongAnswer(
        id="error_not_squared",
        code=lambda s, a, r, b: _policy(s, a, (r - b).detach()) + (r.detach() - b).mean(),
        says="The baseline's error is not squared.",
        why="R − b falls without bound as b grows. Its square is smallest where b is the mean reward.",
    ),
)
