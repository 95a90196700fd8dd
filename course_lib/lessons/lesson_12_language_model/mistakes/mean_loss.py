"""Mistakes in “A mean that leaves padding out”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _nats(logits: Tensor, targets: Tensor) -> Tensor:
    return -logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]


def _per_text(logits: Tensor, targets: Tensor, pad: int) -> Tensor:
    real = targets != pad
    return ((_nats(logits, targets) * real).sum(1) / real.sum(1)).mean()


MISTAKES = (
    WrongAnswer(
        id="mean_over_padding",
        code=lambda logits, targets, pad: _nats(logits, targets).mean(),
        says="Your mean runs over padding too.",
        why="Predicting that filler follows filler is easy and useless: it pulls the loss down and takes part of every step of "
        "training.",
    ),
    WrongAnswer(
        id="divided_by_all",
        code=lambda logits, targets, pad: (_nats(logits, targets) * (targets != pad)).mean(),
        says="Padding adds nothing to your sum, but is counted when you divide.",
        why="The same text with more filler then has a smaller loss. Divide by the number of real targets.",
    ),
    WrongAnswer(
        id="mean_of_means",
        code=_per_text,
        says="You average each text first, then the texts.",
        why="A text of two tokens then weighs as much as one of two hundred. The mean is over tokens.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda logits, targets, pad: (_nats(logits, targets) * (targets != pad)).sum(),
        says="You return the sum; the mean is due.",
        why="The number you log grows with the batch, and so does a step of plain gradient descent; Adam hides it.",
    ),
    WrongAnswer(
        id="shifted_again",
        code=lambda logits, targets, pad: _nats(logits[:, :-1], targets[:, 1:])[
            targets[:, 1:] != pad
        ].mean(),
        says="You shift once more: the targets are shifted already.",
        why="Some libraries shift inside their loss. Done twice, each place is asked for the token after the next.",
    ),
    WrongAnswer(
        id="positive_log",
        code=lambda logits, targets, pad: -_nats(logits, targets)[targets != pad].mean(),
        says="The sign is missing: log p is negative, a loss is −log p.",
        why="Training makes the loss smaller. With this sign it would make the right token ever less likely.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=lambda logits, targets, pad: (
            -logits.gather(-1, targets[..., None])[..., 0][targets != pad].mean()
        ),
        says="You take logits for log-probabilities.",
        why="Logits of a row can be anything; their exponentials need not sum to 1. log_softmax makes them log-probabilities.",
    ),
    WrongAnswer(
        id="no_log",
        code=lambda logits, targets, pad: (
            -logits.softmax(-1).gather(-1, targets[..., None])[..., 0][targets != pad].mean()
        ),
        says="You average −p; the loss is −log p.",
        why="−log p grows without bound as p goes to 0: to rule out what happens must cost more than being unsure.",
    ),
    WrongAnswer(
        id="wrong_axis",
        code=lambda logits, targets, pad: (
            -logits.log_softmax(1).gather(-1, targets[..., None])[..., 0][targets != pad].mean()
        ),
        says="Your softmax runs over the places, not over the vocabulary.",
        why="At each place one of V tokens comes: the probabilities along the last axis sum to 1.",
    ),
    WrongAnswer(
        id="over_classes",
        code=lambda logits, targets, pad: -logits.log_softmax(-1)[targets != pad].mean(),
        says="You average log p over all tokens of the vocabulary.",
        why="The loss looks up one number at each place: the log p of the token that came.",
    ),
)
