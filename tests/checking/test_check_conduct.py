"""What a check says to what an answer does meanwhile: side effects, prints, short cuts, time."""

import contextlib
import random
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import small_exercises as small
import torch
import torch.nn.functional as F
from small_exercises import ATTEND, DOUBLE
from torch.nn.functional import scaled_dot_product_attention as fused

from course_lib.checking.check import check_exercise
from course_lib.checking.guard import GlobalState
from course_lib.checking.report import as_text
from course_lib.checking.result import Status

# ---------------------------------------------------------------- side effects


def into_input(x: Any) -> Any:
    return x.mul_(2)


def spoils_and_copies(x: Any) -> Any:
    out = 2 * x
    with torch.no_grad():
        x.zero_()
    return out


def seeds(x: Any) -> Any:
    torch.manual_seed(0)
    return 2 * x


def draws(x: Any) -> Any:
    return 2 * x + 0 * torch.rand_like(x)


def seeds_numpy(x: Any) -> Any:
    np.random.seed(0)
    return 2 * x


def seeds_python(x: Any) -> Any:
    random.random()
    return 2 * x


def sets_dtype(x: Any) -> Any:
    torch.set_default_dtype(torch.float64)
    return 2 * x


def sets_device(x: Any) -> Any:
    torch.set_default_device("meta")
    return 2 * x


def sets_grad(x: Any) -> Any:
    out = 2 * x
    torch.set_grad_enabled(False)
    return out


def sets_threads(x: Any) -> Any:
    torch.set_num_threads(torch.get_num_threads() + 1)
    return 2 * x


@pytest.mark.parametrize(
    "answer, says",
    [
        (into_input, "your code changed its input x, so"),
        (spoils_and_copies, "Work on a copy (x.clone())"),
        (seeds, "changed torch's global random generator"),
        (draws, "draw from a torch.Generator of your own."),
        (seeds_numpy, "draw from np.random.default_rng(…) of your own."),
        (seeds_python, "draw from a random.Random(…) of your own."),
        (sets_dtype, "changed torch's default dtype (from torch.float32 to torch.float64)"),
        (sets_device, "changed torch's default device (from cpu to meta)"),
        (sets_grad, "changed torch's gradient mode"),
        (sets_threads, "changed torch's threads"),
    ],
)
def test_a_side_effect_is_told_and_undone(answer: Any, says: str) -> None:
    before = GlobalState.now()
    result = check_exercise(DOUBLE, answer)
    assert result.status is Status.FAILED
    assert says in result.message and "The result is right" in result.message
    assert ("torch.Generator" in result.message) is (answer in {seeds, draws})
    assert before.changes() == []


def total(table: Any, row: int = 0) -> Any:
    return sum(table[row]) if isinstance(table, list) else float(sum(table.values()))


def sorts(table: Any, row: int = 0) -> Any:
    table[row].sort()
    return sum(table[row])


def adds_a_key(table: Any, row: int = 0) -> Any:
    table["more"] = 0.0
    return float(sum(table.values()))


def halves(x: Any) -> Any:
    out = x / x.sum(-1, keepdims=True)
    x /= 2
    return out


@pytest.mark.parametrize(
    "reference, value, answer, says",
    [
        (total, [[3.0, 1.0]], sorts, "(copy.deepcopy(table)): append, pop, sort"),
        (total, {"one": 1.0}, adds_a_key, "(dict(table)): pop and update"),
        (small.scale_rows, np.ones((2, 2)), halves, "(x.copy()): x[…] = … and x += …"),
    ],
)
def test_the_input_that_changed_is_named_with_advice_for_its_type(
    reference: Any, value: Any, answer: Any, says: str
) -> None:
    exercise = small.exercise(reference, [small.Case(label="one", args=(value,))])
    exercise = replace(exercise, reference=reference)
    result = check_exercise(exercise, answer)
    assert says in result.message and "clone" not in result.message, result.message
    assert f"changed its input {'x' if answer is halves else 'table'}, so" in result.message


def test_a_view_of_an_input_is_told_where_it_matters() -> None:
    exercise = small.exercise(
        small.double, [small.Case(label="zeros", args=(torch.zeros(3),))], fresh=True
    )
    result = check_exercise(exercise, lambda x: x[:])
    assert "shares memory with an input" in result.message
    assert check_exercise(exercise, lambda x: x.clone()).passed


# ---------------------------------------------------------------- prints


def chatty(x: Any) -> Any:
    print("\n".join("line" for _ in range(100_000)))
    print("to stderr", file=sys.stderr)
    return x * x


def test_what_an_answer_prints_stands_below_and_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    result = check_exercise(DOUBLE, chatty)
    text = as_text(DOUBLE, result)
    assert capsys.readouterr() == ("", "")
    assert "Meanwhile your code printed (the first 5 of" in text
    assert text.count("│ line") == 5
    assert text.index("You square.") < text.index("Meanwhile")


# ---------------------------------------------------------------- forbidden


def by_name(q: Any, k: Any) -> Any:
    return F.scaled_dot_product_attention(q, k, torch.eye(len(k), dtype=q.dtype))


def by_alias(q: Any, k: Any) -> Any:
    return fused(q, k, torch.eye(len(k), dtype=q.dtype))


def by_getattr(q: Any, k: Any) -> Any:
    name = "_".join(["scaled", "dot", "product", "attention"])
    return getattr(F, name)(q, k, torch.eye(len(k), dtype=q.dtype))


def by_import(q: Any, k: Any) -> Any:
    from torch import einsum as e

    return (e("td,sd->ts", q, k) / q.shape[-1] ** 0.5).softmax(-1)


def by_numpy(q: Any, k: Any) -> Any:
    return torch.from_numpy(np.einsum("td,sd->ts", q.detach().numpy(), k.detach().numpy()))


def by_builtin(q: Any, k: Any) -> Any:
    return sum([q @ k.mT])


def by_method(q: Any, k: Any) -> Any:
    scores = (q @ k.mT / q.shape[-1] ** 0.5).exp()
    return scores / scores.sum(-1, keepdim=True)


@pytest.mark.parametrize(
    "answer, name",
    [
        (by_name, "scaled_dot_product_attention"),
        (by_alias, "scaled_dot_product_attention"),
        (by_getattr, "scaled_dot_product_attention"),
        (by_import, "einsum"),
        (by_numpy, "einsum"),
        (by_builtin, "sum"),
        (by_method, "sum"),
    ],
)
def test_what_is_ruled_out_is_found_under_any_name(answer: Any, name: str) -> None:
    result = check_exercise(ATTEND, answer)
    assert result.status is Status.FORBIDDEN
    assert f"uses {name}," in result.message


def einsum(q: Any, k: Any) -> Any:
    return q @ k.mT


def with_its_own_names(q: Any, k: Any) -> Any:
    """Neither sum nor einsum of a library: a comment, a variable, a function of one's own."""
    sum = einsum(q, k) / q.shape[-1] ** 0.5
    return sum.softmax(-1)


def test_a_name_of_ones_own_is_allowed() -> None:
    result = check_exercise(ATTEND, with_its_own_names)
    assert result.passed, result.message


class Own:
    @staticmethod
    def einsum(q: Any, k: Any) -> Any:
        return q @ k.mT


def by_a_class_of_its_own(q: Any, k: Any) -> Any:
    def sum(x: Any) -> Any:
        return x

    return sum(Own.einsum(q, k) / q.shape[-1] ** 0.5).softmax(-1)


class Scale(torch.nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(n))

    def einsum(self, x: Any) -> Any:
        return self.weight * x

    def forward(self, x: Any) -> Any:
        return self.einsum(x)


class ScaleByLibrary(Scale):
    def forward(self, x: Any) -> Any:
        return torch.addcmul(torch.zeros_like(x), self.weight, x)


def test_a_method_of_ones_own_is_allowed() -> None:
    result = check_exercise(ATTEND, by_a_class_of_its_own)
    assert result.passed, result.message
    exercise = replace(small.SCALE, forbidden=("einsum", "addcmul"))
    assert check_exercise(exercise, Scale).passed
    assert check_exercise(exercise, ScaleByLibrary).status is Status.FORBIDDEN


def test_the_operator_is_found_where_it_is_ruled_out() -> None:
    exercise = small.exercise(
        small.double, [small.Case(label="zeros", args=(torch.zeros(3, 3),))], forbidden=("@",)
    )
    result = check_exercise(exercise, lambda x: x @ x)
    assert result.status is Status.FORBIDDEN
    assert "the operator @" in result.message


# ---------------------------------------------------------------- time


def forever(x: Any) -> Any:
    while True:
        pass


def sleeps(x: Any) -> Any:
    time.sleep(60)


def catches_exceptions(x: Any) -> Any:
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.01)


def catches_everything_a_while(x: Any) -> Any:
    end = time.monotonic() + 3.0
    while time.monotonic() < end:
        with contextlib.suppress(BaseException):
            time.sleep(0.01)
    return 2 * x


def slow_call(x: Any) -> Any:
    time.sleep(0.5)
    return 2 * x


@pytest.mark.parametrize("answer", [forever, sleeps, catches_exceptions])
def test_endless_code_is_stopped(answer: Any) -> None:
    started = time.monotonic()
    result = check_exercise(DOUBLE, answer, seconds=0.3)
    assert result.status is Status.TIMEOUT
    assert "stopped after 0.3 s, on the case “two numbers”" in result.message
    assert time.monotonic() - started < 5


def test_code_that_swallows_everything_is_told_to_stop(capsys: pytest.CaptureFixture[str]) -> None:
    result = check_exercise(DOUBLE, catches_everything_a_while, seconds=0.3)
    assert result.status is Status.TIMEOUT
    assert "Interrupt the kernel" in capsys.readouterr().out


def test_all_calls_share_one_budget() -> None:
    assert check_exercise(DOUBLE, slow_call, seconds=0.8).status is Status.TIMEOUT


def test_nothing_rings_after_a_check() -> None:
    check_exercise(DOUBLE, forever, seconds=0.2)
    time.sleep(0.5)
