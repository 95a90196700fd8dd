"""What a check says to results: strange ones, and numbers that differ."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from small_exercises import ATTEND, DOUBLE, MEAN, ROWS, SHARES, SPREAD, ends_well
from torch import nn

from course_lib.checking.check import check_exercise
from course_lib.checking.device import REMARK
from course_lib.checking.report import as_text
from course_lib.checking.result import Status

# ---------------------------------------------------------------- kind, shape, dtype, device, NaN


def recursive_list(x: Any) -> Any:
    a: list[Any] = []
    a.append(a)
    return a


def generator(x: Any) -> Iterator[Any]:
    yield 2 * x


STRANGE = {
    "None": (lambda x: None, "yours is None. A function without return gives None."),
    "tuple": (lambda x: (2 * x, x), "yours is a tuple of 2. Return one value alone."),
    "list": (lambda x: (2 * x).tolist(), "A torch tensor is due; yours is a list of 2."),
    "numpy": (lambda x: 2 * x.detach().numpy(), "Stay in torch: NumPy knows no gradients"),
    "number": (lambda x: 2.0, "yours is a float (2.0)."),
    "generator": (generator, "yours is a generator. yield makes a generator"),
    "function": (lambda x: torch.mul, "without parentheses is the function, not its result."),
    "string": (lambda x: "x" * 10_000, "yours is a str."),
    "sparse": (lambda x: (2 * x).to_sparse(), "A dense tensor is due; yours is sparse."),
    "shape": (lambda x: 2 * x[..., None], "The shape should be (2,); yours is (2, 1)."),
    "float32": (lambda x: (2 * x).float(), "A tensor made inside without dtype=… is float32"),
    "whole numbers": (lambda x: (2 * x).long(), "should be float64; yours is int64."),
    "complex": (lambda x: 2 * x + 0j, "yours is complex128. Make it float64 from the start"),
    "half": (lambda x: (2 * x).half(), "yours is float16. Make it float64 from the start"),
    "truth": (lambda x: x > 0, "The dtype should be float64; yours is bool."),
    "meta": (lambda x: torch.empty(2, device="meta").double(), "The result lives on meta"),
    "NaN": (lambda x: x * float("nan"), "2 of 2 numbers are NaN, the first at out[0], where 2.0"),
    "inf": (lambda x: x * float("inf"), "differs first at out[0]"),
    "itself in itself": (recursive_list, "RecursionError"),
}


@pytest.mark.parametrize("answer, says", STRANGE.values(), ids=STRANGE)
def test_a_strange_result_is_named_for_what_it_is(answer: Any, says: str) -> None:
    result = check_exercise(DOUBLE, answer)
    assert result.status in {Status.FAILED, Status.ERROR}
    assert says in result.message and ends_well(result), result.message
    assert result.diagnosis is None
    assert len(as_text(DOUBLE, result)) < 1500


@pytest.mark.parametrize("exercise", [DOUBLE, ATTEND, SPREAD, MEAN, ROWS, SHARES])
@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        b"bytes",
        object(),
        Ellipsis,
        [],
        (),
        {},
        {"a": 1},
        {1, 2},
        True,
        0,
        -1.5,
        10**400,
        1j,
        float("nan"),
        range(3),
        np.array("text"),
        np.array([object()], dtype=object),
        np.array([1 + 2j]),
        np.datetime64("2020-01-01"),
        np.float64(3),
        torch.tensor(1),
        torch.empty(0),
        torch.ones(2, 3).to_sparse(),
        torch.ones(2, device="meta"),
        torch.tensor(1.0, device="meta"),
        torch.ones(2, dtype=torch.complex64).conj(),
        torch.ones(2, dtype=torch.complex128).conj().imag,
        nn.Parameter(torch.ones(2)),
        nn.Linear(2, 2),
        [torch.ones(2), "x"],
        (torch.ones(3), None),
        (1, 2, 3),
        lambda: 1,
        int,
    ],
    ids=lambda value: str(value)[:20] if not hasattr(value, "shape") else f"{value.dtype}",
)
@pytest.mark.filterwarnings("ignore")
def test_no_result_upsets_the_check(exercise: Any, value: Any) -> None:
    result = check_exercise(exercise, lambda *args: value)
    assert not result.passed
    assert result.message.strip()


def test_a_property_alone_refuses_what_it_cannot_look_at() -> None:
    result = check_exercise(SHARES, lambda x: None)
    assert "The result is None, not what is asked for." in result.message
    assert not check_exercise(SHARES, lambda x: torch.zeros(2, 3)).passed
    assert check_exercise(SHARES, lambda x: torch.full_like(x, 1 / 3)).passed


@pytest.mark.parametrize(
    "answer, naive",
    [
        (lambda x: x + torch.ones(x.shape, dtype=x.dtype) * x, True),
        (lambda x: x * torch.full(x.shape, 2.0, dtype=x.dtype), True),
        (lambda x: x * torch.full((), 2.0, dtype=x.dtype), False),
        (lambda x: x * torch.full_like(x, 2.0), False),
        (lambda x: x * torch.full(x.shape, 2.0, dtype=x.dtype, device=x.device), False),
    ],
)
def test_a_forgotten_device_is_refused_by_a_rule_and_else_remarked(
    answer: Any, naive: bool
) -> None:
    free, ruled = check_exercise(DOUBLE, answer), replace(DOUBLE, device="rule")
    strict = check_exercise(ruled, answer)
    assert free.passed and bool(free.remark) is naive, free.message
    assert strict.passed is not naive and ("On a GPU it would fail" in strict.message) is naive
    assert (REMARK in as_text(DOUBLE, free)) is naive
    assert free.as_json()["remark"] == (REMARK if naive else None)


# ---------------------------------------------------------------- values


def test_numbers_alone_are_shown_where_they_differ() -> None:
    result = check_exercise(DOUBLE, lambda x: 2 * x + (torch.arange(x.shape[-1]) == 1))
    assert "out[1]" in result.message
    assert "yours     2.0000  7.0000" in result.message
    assert "expected  2.0000  6.0000" in result.message
    assert result.difference is not None
    assert result.difference.index == (1,)
    assert (result.difference.yours, result.difference.expected) == (7.0, 6.0)
    assert result.case is not None and result.case.label == "two numbers"


def test_the_part_of_a_tuple_is_named() -> None:
    result = check_exercise(SPREAD, lambda x: (x.mean(-1), x.var(-1)))
    assert "width[0]" in result.message
    assert result.as_json()["first_difference"]["part"] == "width"


def test_a_difference_of_rounding_is_told_to_be_one() -> None:
    result = check_exercise(DOUBLE, lambda x: 2 * x + 1e-5)
    assert "precision" in result.message and "2.000010000" in result.message


def test_the_gradient_is_compared() -> None:
    result = check_exercise(DOUBLE, lambda x: 3 * x - x.detach())
    assert "gradient with respect to x is not" in result.message
