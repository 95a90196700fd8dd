"""How results of lesson 17 are told apart where many share a mistake."""

from typing import Any

import torch

from course_lib.checking.case import Case
from course_lib.lessons.lesson_17_training_a_vit.reference import split_for_decay


def is_per_epoch(case: Case, value: Any) -> bool:
    """Tell whether the rate changes between epochs alone."""
    epochs, per_epoch = case.args[:2]
    if not isinstance(value, list | tuple) or len(value) != epochs * per_epoch or per_epoch < 2:
        return False
    parts = [value[at : at + per_epoch] for at in range(0, len(value), per_epoch)]
    return all(max(part) - min(part) < 1e-12 for part in parts)


def holds_frozen(case: Case, value: Any) -> bool:
    """Tell whether both groups are right but for frozen parameters among them."""
    (model,) = case.args
    frozen = [p for p in model.parameters() if not p.requires_grad]
    kept = [[p for p in group if not any(torch.equal(p, f) for f in frozen)] for group in value]
    due = split_for_decay(model)
    return all(
        len(a) == len(b) and all(map(torch.equal, a, b)) for a, b in zip(kept, due, strict=True)
    )
