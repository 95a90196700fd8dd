"""Mistakes in “Masked loss”: the code that makes each, its name, and why it is wrong."""

import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _each_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    return F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")


def _share(losses: Tensor, chosen: Tensor) -> Tensor:
    return (losses * chosen).sum() / chosen.sum().clamp(min=1)


def _mean_of_rows(logits: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    losses = _each_loss(logits, tokens) * chosen
    return (losses.sum(1) / chosen.sum(1).clamp(min=1)).mean()


def _double_softmax(logits: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    return _share(_each_loss(logits.softmax(-1), tokens), chosen)


def _next_token(logits: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    return _share(_each_loss(logits, tokens.roll(-1, dims=1)), chosen)


def _probability(logits: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    return _share(1 - (-_each_loss(logits, tokens)).exp(), chosen)


MISTAKES = (
    WrongAnswer(
        id="all_positions",
        code=lambda logits, tokens, chosen: _each_loss(logits, tokens).mean(),
        says="Your loss counts every position.",
        why="Where a token was not chosen the model reads the answer: copying it is easy, and 85 % of your loss would "
        "reward that.",
    ),
    WrongAnswer(
        id="unmasked_positions",
        code=lambda logits, tokens, chosen: _share(_each_loss(logits, tokens), ~chosen),
        says="Your loss counts the positions that were not chosen.",
        why="There the model reads the answer. `chosen` is True where it is asked.",
    ),
    WrongAnswer(
        id="divided_by_all",
        code=lambda logits, tokens, chosen: (_each_loss(logits, tokens) * chosen).mean(),
        says="You divide by all positions, not by the chosen ones.",
        why="Zeros at the others are no losses, but they count in a mean. The loss would shrink with the number that "
        "happened to be chosen.",
    ),
    WrongAnswer(
        id="zero_targets",
        code=lambda logits, tokens, chosen: _each_loss(logits, tokens * chosen).mean(),
        says="You set the other targets to token 0, and ask for token 0 there.",
        why="Token 0 is a token like any other. Leave these positions out; with cross_entropy a target of −100 is left out.",
    ),
    WrongAnswer(
        id="zero_logits",
        code=lambda logits, tokens, chosen: _each_loss(logits * chosen[..., None], tokens).mean(),
        says="You set the other logits to 0, and still count those positions.",
        why="Logits of 0 mean that all words are equally likely: each of those positions adds ln V. Leave them out.",
    ),
    WrongAnswer(
        id="mean_of_rows",
        code=_mean_of_rows,
        says="You take the mean of each text first, and then the mean of those.",
        why="A text with one question would weigh as much as a text with ten. Every question counts the same.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda logits, tokens, chosen: (_each_loss(logits, tokens) * chosen).sum(),
        says="You add the losses up; their mean is due.",
        why="The number you log grows with the batch, and so does a step of plain gradient descent; Adam hides it.",
    ),
    WrongAnswer(
        id="double_softmax",
        code=_double_softmax,
        says="You apply softmax before cross-entropy, which has one inside.",
        why="Probabilities lie between 0 and 1, so a second softmax makes all of them nearly alike, and hardly any gradient is left.",
    ),
    WrongAnswer(
        id="next_token",
        code=_next_token,
        says="You compare each position with the next token.",
        why="That is the task of a causal model. Here position t is asked about token t itself.",
    ),
    WrongAnswer(
        id="no_logarithm",
        code=_probability,
        says="Your loss is 1 − p; it should be −log p.",
        why="Cross-entropy makes a confident mistake cost without limit; 1 − p hardly tells 0.01 from 0.0001.",
    ),
    WrongAnswer(
        id="nothing_chosen",
        code=lambda logits, tokens, chosen: F.cross_entropy(logits[chosen], tokens[chosen]),
        says="Where nothing is chosen your loss is NaN.",
        why="The mean of no numbers is 0 / 0, and one such batch makes the mean loss of a whole training NaN. Divide the sum by "
        "the number of chosen positions, or by 1.",
    ),
)
