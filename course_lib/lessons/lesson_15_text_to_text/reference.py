"""The course's own versions of lesson 15's functions."""

import re
import string
from collections import Counter
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def shift_right(labels: Int[Tensor, "B T"], start: int, pad: int) -> Int[Tensor, "B T"]:
    """Return what the decoder reads where it is to write `labels`: the start, all but the last.

    Args:
        labels: what is to be written; −100 marks places that the loss leaves out.
        start: id of the start token.
        pad: id of padding, which is read where a label is −100.

    >>> shift_right(torch.tensor([[7, 8, 1, -100, -100]]), start=0, pad=0).tolist()
    [[0, 7, 8, 1, 0]]
    """
    read = labels.masked_fill(labels == -100, pad)
    first = torch.full_like(read[:, :1], start)
    return torch.cat([first, read[:, :-1]], dim=1)


def best_span(
    start: Float[Tensor, " T"], end: Float[Tensor, " T"], passage: Bool[Tensor, " T"], longest: int
) -> tuple[int, int]:
    """Return the first and the last token of the answer: the pair with the greatest sum of logits.

    Of pairs with equal sums the one that starts earlier, then the shorter, wins.

    Paper: Devlin et al. 2019, §4.2.

    Args:
        start: logit of each token, that the answer starts there.
        end: logit of each token, that it ends there, this token included.
        passage: True where an answer may stand; False on the question, marks and padding.
        longest: tokens of an answer at most.

    >>> start, end = torch.tensor([0.0, 5.0, 1.0]), torch.tensor([3.0, 0.0, 2.0])
    >>> best_span(start, end, torch.tensor([True, True, True]), longest=2)
    (1, 2)
    """
    n = len(start)
    fits = torch.ones(n, n, dtype=torch.bool, device=start.device).triu().tril(longest - 1)
    fits = fits & passage[:, None] & passage
    sums = (start[:, None] + end).masked_fill(~fits, -torch.inf)
    place = int(sums.argmax())
    return place // n, place % n


def normalise(answer: str) -> str:
    """Return an answer as SQuAD compares it: lower case, no punctuation, no articles.

    >>> normalise("The re-entrant lock, a lock.")
    'reentrant lock lock'
    """
    bare = answer.lower().translate(str.maketrans("", "", string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def answer_scores(prediction: str, truth: str) -> tuple[bool, float]:
    """Return whether two answers are equal, and their F1 over words, both after `normalise`.

    Paper: Rajpurkar et al. 2016, §6.1.

    >>> answer_scores("The lock.", "lock"), answer_scores("a global lock", "the lock")[1]
    ((True, 1.0), 0.6666666666666666)
    """
    said, due = normalise(prediction).split(), normalise(truth).split()
    common = sum((Counter(said) & Counter(due)).values())
    if not said or not due:
        return said == due, float(said == due)
    return said == due, 2 * common / (len(said) + len(due))


def rouge_l(target: Sequence[str], written: Sequence[str]) -> float:
    """Return ROUGE-L: the F-measure of the longest common subsequence of two rows of words.

    With L its length, recall is L / |target| and precision L / |written|, so F = 2 L / (sum of both
    lengths); 0 where nothing is common.

    Paper: Lin 2004, §3.1, with equal weight for recall and precision.

    >>> rouge_l("return the first item".split(), "return an item".split())
    0.5714285714285714
    """
    if not target or not written:
        return 0.0
    row = [0] * (len(written) + 1)
    for word in target:
        above = row
        row = [0]
        for at, other in enumerate(written):
            row.append(above[at] + 1 if word == other else max(above[at + 1], row[at]))
    return 2 * row[-1] / (len(target) + len(written))
