"""Mistakes in “The bigram baseline”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _counts(tokens: Tensor, vocab_size: int) -> Tensor:
    cells = tokens[:-1] * vocab_size + tokens[1:]
    return torch.bincount(cells, minlength=vocab_size**2).view(vocab_size, vocab_size)


def _share(counts: Tensor) -> Tensor:
    return counts / counts.sum(-1, keepdim=True)


def _assigned(tokens: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    counts = torch.full((vocab_size, vocab_size), smoothing)
    counts[tokens[:-1], tokens[1:]] += 1
    return _share(counts).log()


def _by_tokens(tokens: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    seen = torch.bincount(tokens, minlength=vocab_size) + vocab_size * smoothing
    return ((_counts(tokens, vocab_size) + smoothing) / seen[:, None]).log()


def _smoothed_once(tokens: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    counts = _counts(tokens, vocab_size)
    return ((counts + smoothing) / (counts.sum(-1, keepdim=True) + smoothing)).log()


def _column_shares(tokens: Tensor, vocab_size: int, smoothing: float) -> Tensor:
    counts = _counts(tokens, vocab_size) + smoothing
    return (counts / counts.sum(0, keepdim=True)).log()


MISTAKES = (
    WrongAnswer(
        id="pairs_lost",
        code=_assigned,
        says="A pair that occurs many times counts once for you.",
        why="counts[a, b] += 1 with tensors of places reads all, adds 1, and writes back: a place that is named twice gets 1, not 2. Use "
        "index_put_ with accumulate=True, bincount, or a loop.",
    ),
    WrongAnswer(
        id="joint",
        code=lambda tokens, vocab_size, smoothing: (
            (_counts(tokens, vocab_size) + smoothing)
            / (_counts(tokens, vocab_size) + smoothing).sum()
        ).log(),
        says="Your whole table sums to 1; each row should.",
        why="p(a then b) is not p(b, given a). The model knows the current token: its row is a distribution of its own.",
    ),
    WrongAnswer(
        id="columns",
        code=_column_shares,
        says="Your columns sum to 1; the rows should.",
        why="A column divides by how often the next token came: that is p(current | next), a guess backwards.",
    ),
    WrongAnswer(
        id="backwards",
        code=lambda tokens, vocab_size, smoothing: _share(
            _counts(tokens, vocab_size).T + smoothing
        ).log(),
        says="Rows and columns are swapped: you count what stands before.",
        why="The row is the token that is given, the column the one that follows.",
    ),
    WrongAnswer(
        id="not_smoothed",
        code=lambda tokens, vocab_size, smoothing: _share(_counts(tokens, vocab_size)).log(),
        says="Nothing is smoothed: a pair that was never seen gets log 0 = −∞.",
        why="One unseen pair in new text makes the loss infinite. Add the smoothing to every count.",
    ),
    WrongAnswer(
        id="smoothed_once",
        code=_smoothed_once,
        says="Your rows sum to more than 1: the smoothing is added V times above and once below.",
        why="Every one of V counts in a row grew, so the sum of the row grew by V · smoothing. Sum after smoothing.",
    ),
    WrongAnswer(
        id="probabilities",
        code=lambda tokens, vocab_size, smoothing: _share(_counts(tokens, vocab_size) + smoothing),
        says="These are probabilities; their logarithm is due.",
        why="A loss adds logarithms up. Take .log() at the end.",
    ),
    WrongAnswer(
        id="in_bits",
        code=lambda tokens, vocab_size, smoothing: _share(
            _counts(tokens, vocab_size) + smoothing
        ).log2(),
        says="Your logarithm has base 2.",
        why="log is the natural one in this course, and losses are in nats. Bits come later, and are named.",
    ),
    WrongAnswer(
        id="wraps_around",
        code=lambda tokens, vocab_size, smoothing: _share(
            _counts(torch.cat([tokens, tokens[:1]]), vocab_size) + smoothing
        ).log(),
        says="You count a pair of the last token and the first.",
        why="roll joins the ends of the text, where nobody wrote one after the other. N tokens make N − 1 pairs.",
    ),
    WrongAnswer(
        id="divided_by_tokens",
        code=_by_tokens,
        says="You divide by how often a token occurs, the end of the text included.",
        why="The last token has no next one, so its row sums to less than 1. Divide by the sum of the row.",
    ),
    WrongAnswer(
        id="softmax",
        code=lambda tokens, vocab_size, smoothing: (
            _counts(tokens, vocab_size) + smoothing
        ).log_softmax(-1),
        says="You take the softmax of counts.",
        why="Counts are shares already, once divided by their sum. The softmax takes exponentials first: a pair seen 20 times would be "
        "a hundred million times as likely as one seen once.",
    ),
)
