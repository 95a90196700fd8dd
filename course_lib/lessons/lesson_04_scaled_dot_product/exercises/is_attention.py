"""“Bug clinic”: its cases, its oracle, its hints."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.lessons.lesson_04_scaled_dot_product.common import (
    attention_oracle,
    mask_with_empty_row,
)
from course_lib.lessons.lesson_04_scaled_dot_product.given import faulty, variant
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.is_attention import MISTAKES

RIGHT_ATTENTIONS: dict[str, Callable[..., Tensor]] = {
    "the formula": variant(),
    "PyTorch's fused call": attention_oracle,
}


FAULTY_ATTENTIONS: dict[str, Callable[..., Tensor]] = {
    "does not scale": variant(scale=1.0),
    "takes the softmax over the queries": variant(axis=-2),
    "ignores its mask": lambda q, k, v, mask=None: faulty(q, k, v),
    "masks after the softmax": variant(after=True),
    "sets forbidden scores to 0": variant(fill=0.0),
    "mixes the keys instead of the values": variant(swap=True),
    "hands its rows out in reverse": lambda *args: attention_oracle(*args).flip(-2),
}


def clinic_cases() -> list[Case]:
    right = [
        Case(label=f"a right attention: {name}", args=(f,)) for name, f in RIGHT_ATTENTIONS.items()
    ]
    return right + [
        Case(label=f"an attention that {name}", args=(f,)) for name, f in FAULTY_ATTENTIONS.items()
    ]


def clinic_sample(rng: np.random.Generator) -> Case:
    cases = clinic_cases()
    return pick(rng, cases)


def clinic_oracle(attention: Callable[..., Tensor]) -> bool:
    """Ask the fused call on inputs where every fault shows."""
    q, k, v = noise(1, 3, 4), noise(2, 5, 4), noise(3, 5, 2)
    mask = mask_with_empty_row(4, 3, 5)
    mask[2, 1] = True
    out = attention(q, k, v, mask)
    return out.shape == (3, 2) and bool(
        torch.allclose(out, attention_oracle(q, k, v, mask), atol=1e-6)
    )


def clinic_verdict(call: Any, case: Case, value: Any) -> str | None:
    """Say which attention was misjudged."""
    if not isinstance(value, bool | np.bool_) and not (
        isinstance(value, Tensor) and value.ndim == 0
    ):
        return None
    right = case.label.startswith("a right attention")
    if bool(value) == right:
        return None
    if right:
        return f"Your test turns away {case.label}. Compare within a tolerance (torch.allclose), and get the truth right."
    return (
        f"Your test lets pass {case.label}. Choose q, k, v and a mask on which that fault shows: d > 1, more than one "
        "query, keys unlike values, some keys forbidden."
    )


EXERCISE = Exercise(
    name="is_attention",
    title="Bug clinic",
    minutes=10,
    difficulty=3,
    marks=2,
    proves="your test passes right attentions and catches seven faulty ones",
    passed="Your test passes two right attentions and catches all seven faulty ones.",
    cases=clinic_cases,
    sample=clinic_sample,
    oracle=clinic_oracle,
    properties=(Property(id="verdict", holds=clinic_verdict),),
    reference="course_lib.lessons.lesson_04_scaled_dot_product.reference.is_attention",
    device="any",
    hints=(
        "A fault hides where it changes nothing: scaling when d = 1, masks when all is allowed, values when they equal "
        "the keys. Choose inputs where each of the seven would show.",
        "make q, k, v with sizes that all differ, and a mask with a few False\nout = attention(q, k, v, mask)\n"
        "compare with a version that you trust",
        "Trust scaled_dot_product_attention from 4.6. Draw with torch.Generator().manual_seed(0); three queries, five "
        "keys, d = 4, values of width 2; return torch.allclose(out, due) after comparing shapes.",
    ),
    wrong_answers=MISTAKES,
)
