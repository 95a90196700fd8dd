"""What many answers owe whatever their mechanism: rows that sum to 1, nothing after an end."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.case import Case

#: Returns what is wrong with a value, or None.
Holds = Callable[[Any, Case, Any], str | None]


def numbers(row: Tensor, most: int = 6) -> str:
    """Return the first numbers as they are shown: three decimals."""
    return ", ".join(f"{number:.3f}" for number in row.flatten()[:most].tolist())


def all_one(sums: Tensor, atol: float = 1e-6) -> bool:
    """Return whether every sum is 1."""
    return torch.allclose(sums, torch.ones_like(sums), atol=atol)


def rows_sum_to_one(says: str) -> Holds:
    """Return the property that each row of the value sums to 1.

    Args:
        says: the message; `{label}` becomes the case's, `{first}` the first row's sum.
    """

    def holds(call: Any, case: Case, value: Any) -> str | None:
        sums = value.sum(-1)
        # What is not a number is for the comparison to tell.
        if bool(sums.isnan().any()) or all_one(sums):
            return None
        return says.format(label=case.label, first=numbers(sums, most=1))

    return holds


def nothing_after_the_end(at: int) -> Holds:
    """Return the property that after a sentence's end stands end, the argument numbered `at`."""

    def holds(call: Any, case: Case, value: Any) -> str | None:
        end = case.args[at]
        for row, words in enumerate(value.tolist()):
            if end in words and any(word != end for word in words[words.index(end) :]):
                return (
                    f"After a sentence's end every place holds end, here {end}. On the case "
                    f"“{case.label}” your sentence {row} is {words}."
                )
        return None

    return holds
