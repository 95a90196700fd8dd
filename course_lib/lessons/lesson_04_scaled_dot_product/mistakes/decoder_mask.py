"""Mistakes in “Both masks at once”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _both(lengths: Tensor, n: int) -> tuple[Tensor, Tensor]:
    at = torch.arange(n, device=lengths.device)
    return at <= at[:, None], at < lengths[:, None]


MISTAKES = (
    WrongAnswer(
        id="either",
        code=lambda lengths, n: (lambda c, p: c | p[:, None, :])(*_both(lengths, n)),
        says="Your masks are joined by “or”: a key passes when either allows it.",
        why="Later words and earlier padding would both get through. A key must pass both: &.",
    ),
    WrongAnswer(
        id="padded_queries",
        code=lambda lengths, n: (lambda c, p: c & p[:, :, None])(*_both(lengths, n)),
        says="You hid the padded queries, not the padded keys.",
        why="Queries are rows (axis -2), keys are columns (axis -1): the padding mask needs its new axis in the "
        "middle, (B, 1, n). What padded queries compute is thrown away later, by the loss.",
    ),
    WrongAnswer(
        id="padding_only",
        code=lambda lengths, n: (lambda c, p: p[:, None, :].expand(-1, n, -1))(*_both(lengths, n)),
        says="Only the padding is hidden: every query may look ahead.",
        why="The causal mask is missing.",
    ),
    WrongAnswer(
        id="causal_only",
        code=lambda lengths, n: (lambda c, p: c.expand(len(lengths), n, n))(*_both(lengths, n)),
        says="Only later keys are hidden: padding may be attended to.",
        why="A padded query at the end of a short sequence would mix in padding.",
    ),
    WrongAnswer(
        id="looks_ahead",
        code=lambda lengths, n: (lambda c, p: c.T & p[:, None, :])(*_both(lengths, n)),
        says="Your causal part is transposed: queries see what comes later, and not what came before.",
        why="Row t may use keys 0 … t: the lower triangle.",
    ),
    WrongAnswer(
        id="inverted",
        code=lambda lengths, n: (lambda c, p: ~(c & p[:, None, :]))(*_both(lengths, n)),
        says="Your mask is inverted: True marks what is forbidden.",
        why="True means “may attend” throughout this course.",
    ),
)
