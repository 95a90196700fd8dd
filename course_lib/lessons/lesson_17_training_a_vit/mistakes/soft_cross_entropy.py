"""Mistakes in “Cross-entropy with soft labels”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _smooth(targets: Tensor, smoothing: float) -> Tensor:
    return (1 - smoothing) * targets + smoothing / targets.shape[-1]


def _spread_over_others(targets: Tensor, smoothing: float) -> Tensor:
    return (1 - smoothing) * targets + smoothing * (1 - targets) / (targets.shape[-1] - 1)


def _rest_overwritten(targets: Tensor, smoothing: float) -> Tensor:
    even = smoothing / (targets.shape[-1] - 1)
    return ((1 - smoothing) * targets).where(targets > 0, even)


MISTAKES = (
    WrongAnswer(
        id="summed",
        code=lambda z, t, smoothing=0.0: -(_smooth(t, smoothing) * z.log_softmax(-1)).sum(),
        says="You sum the losses of the batch instead of taking their mean.",
        why="Then twice the batch means twice the gradient. AdamW divides by its size and hides that; plain gradient descent does not. "
        "The last, shorter batch weighs less besides.",
    ),
    WrongAnswer(
        id="mean_of_everything",
        code=lambda z, t, smoothing=0.0: -(_smooth(t, smoothing) * z.log_softmax(-1)).mean(),
        says="You take the mean over the classes too, so your loss is too small by the number of classes.",
        why="The sum over the classes belongs to the definition; the mean is over the images alone.",
    ),
    WrongAnswer(
        id="not_smoothed",
        code=lambda z, t, smoothing=0.0: -(t * z.log_softmax(-1)).sum(-1).mean(),
        says="You leave the targets as they came: smoothing does nothing.",
        why="A share of each target is to be taken away and spread over all classes.",
    ),
    WrongAnswer(
        id="over_the_others",
        code=lambda z, t, smoothing=0.0: (
            -((_spread_over_others(t, smoothing) * z.log_softmax(-1)).sum(-1).mean())
        ),
        says="You spread the share over the K − 1 other classes.",
        why="The paper mixes with the uniform distribution, in which the right class has its part: smoothing / K each. "
        "With mixed targets there is not even one right class.",
    ),
    WrongAnswer(
        id="nothing_taken_away",
        code=lambda z, t, smoothing=0.0: (
            -(((t + smoothing / t.shape[-1]) * z.log_softmax(-1)).sum(-1).mean())
        ),
        says="You add smoothing / K without taking the share away first, so your targets sum to more than 1.",
        why="Shares of one whole sum to 1: (1 − smoothing) · target + smoothing / K.",
    ),
    WrongAnswer(
        id="whole_share_for_each",
        code=lambda z, t, smoothing=0.0: (
            -((((1 - smoothing) * t + smoothing) * z.log_softmax(-1)).sum(-1).mean())
        ),
        says="You give every class the whole share; it is to be divided among the K classes.",
        why="The uniform distribution has 1 / K for each class, and targets that sum to 1 need it.",
    ),
    WrongAnswer(
        id="sign",
        code=lambda z, t, smoothing=0.0: (_smooth(t, smoothing) * z.log_softmax(-1)).sum(-1).mean(),
        says="Your loss has the wrong sign.",
        why="Logarithms of probabilities are negative; training makes a number small, so it must be their negative.",
    ),
    WrongAnswer(
        id="log_of_softmax",
        code=lambda z, t, smoothing=0.0: (
            -((_smooth(t, smoothing) * z.softmax(-1).log()).sum(-1).mean())
        ),
        says="You take the logarithm of a softmax.",
        why="A probability that is too small for its dtype is 0, and its logarithm −∞. log_softmax subtracts the logarithm of the sum "
        "instead, and never divides.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda z, t, smoothing=0.0: -(_smooth(t, smoothing) * z.log_softmax(0)).sum(-1).mean(),
        says="Your softmax runs over the images (axis 0), not over the classes.",
        why="Each image has its own distribution over the classes, the last axis.",
    ),
    WrongAnswer(
        id="no_logarithm",
        code=lambda z, t, smoothing=0.0: -(_smooth(t, smoothing) * z.softmax(-1)).sum(-1).mean(),
        says="You leave out the logarithm: your loss is minus the mean probability of the targets.",
        why="The logarithm is what makes a confident mistake expensive; without it such a mistake has hardly a gradient.",
    ),
    WrongAnswer(
        id="rest_overwritten",
        code=lambda z, t, smoothing=0.0: (
            -(_rest_overwritten(t, smoothing) * z.log_softmax(-1)).sum(-1).mean()
        ),
        says="You give ε/(K − 1) to every class whose target is 0, and none to the others.",
        why="Smoothing mixes the targets with the even distribution: (1 − ε) t + ε/K, for every class, also for those of a mixed label.",
    ),
)
