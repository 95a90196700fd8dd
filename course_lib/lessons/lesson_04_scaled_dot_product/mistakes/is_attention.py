"""Mistakes in “Bug clinic”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.checking.noise import noise


def _clinic_fault(t: int, s: int, d: int, dv: int | None, masked: bool) -> Callable[..., bool]:
    def test(attention: Callable[..., Tensor]) -> bool:
        q, k = noise(5, t, d), noise(6, s, d)
        v = k if dv is None else noise(7, s, dv)
        mask = torch.ones(t, s, dtype=torch.bool)
        mask[0, 0] = not masked
        out, due = attention(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return out.shape == due.shape and bool(torch.allclose(out, due))

    return test


def _totals(attention: Callable[..., Tensor]) -> bool:
    q, k, v = noise(5, 3, 4), noise(6, 5, 4), noise(7, 5, 2)
    mask = noise(8, 3, 5) > -0.5
    mask[:, 1] = True
    out, due = attention(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return out.shape == due.shape and bool(torch.allclose(out.sum(), due.sum()))


MISTAKES = (
    WrongAnswer(
        id="accepts_all",
        code=lambda attention: True,
        says="Your test says True to everything.",
        why="A test that cannot fail proves nothing: call attention(q, k, v, mask) and compare.",
    ),
    WrongAnswer(
        id="rejects_all",
        code=lambda attention: False,
        says="Your test says False to everything, to right attentions as well.",
        why="Compare with a version that you trust, within a tolerance.",
    ),
    WrongAnswer(
        id="shape_only",
        code=lambda attention: (
            attention(noise(1, 3, 4), noise(2, 5, 4), noise(3, 5, 2)).shape == (3, 2)
        ),
        says="Your test looks at the shape of the output alone.",
        why="Six of the seven faulty attentions return the right shape. Compare numbers.",
    ),
    WrongAnswer(
        id="totals",
        code=_totals,
        says="An attention that hands its rows out in reverse passes your test: totals or sorted numbers do not see it.",
        why="Every output belongs to its own query. Compare entry by entry: torch.allclose.",
    ),
    WrongAnswer(
        id="no_mask",
        code=_clinic_fault(3, 5, 4, 2, masked=False),
        says="Your test forbids no key, so three faults go unseen.",
        why="Ignoring the mask, masking after the softmax and masking with 0 differ only where something is forbidden.",
    ),
    WrongAnswer(
        id="values_are_keys",
        code=_clinic_fault(3, 5, 4, None, masked=True),
        says="Your test uses the keys as values, so an attention that confuses them passes.",
        why="Draw the values on their own, and give them a width of their own.",
    ),
    WrongAnswer(
        id="width_one",
        code=_clinic_fault(3, 5, 1, 2, masked=True),
        says="Your test uses d = 1, where √d is 1, so a missing scale goes unseen.",
        why="Choose d = 4 or more.",
    ),
)
