"""What a check says to answers of every kind: right, wrong, strange, and hostile by accident."""

import contextlib
import functools
import linecache
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import small_exercises as small
import torch
import torch.nn.functional as F
from small_exercises import ATTEND, DOUBLE, MEAN, ROWS, SCALE, SHARES, SPREAD
from torch import nn
from torch.nn.functional import scaled_dot_product_attention as fused

from course_lib.checking.check import check_exercise
from course_lib.checking.guard import GlobalState
from course_lib.checking.report import as_text
from course_lib.checking.result import Result, Status


def cell(source: str, name: str = "f", number: int = 1) -> Any:
    """Define a function as a notebook does: from text that `linecache` knows."""
    file = f"<ipython-input-{number}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names: dict[str, Any] = {"torch": torch, "np": np}
    exec(compile(source, file, "exec"), names)
    return names[name]


def ends_well(result: Result) -> bool:
    return result.message.rstrip().endswith((".", ")", "!")) or "expected" in result.message


# ---------------------------------------------------------------- right answers


def with_defaults(x: Any, factor: float = 2.0, *, unused: Any = None) -> Any:
    return x * factor


class Doubler:
    def __call__(self, x: Any) -> Any:
        return x + x

    def method(self, x: Any) -> Any:
        return x + x


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return inner


@logged
def decorated(x: Any) -> Any:
    return x + x


def in_place_on_its_own(x: Any) -> Any:
    out = x.clone()
    out *= 2
    return out


def with_constants(x: Any) -> Any:
    return x * torch.sqrt(torch.tensor(4.0))


RIGHT = {
    "lambda": lambda x: x + x,
    "any arguments": lambda *args, **kwargs: args[0] + args[0],
    "another parameter name": lambda tensor: tensor + tensor,
    "defaults": with_defaults,
    "partial": functools.partial(torch.mul, other=2),
    "callable object": Doubler(),
    "bound method": Doubler().method,
    "decorated": decorated,
    "in place on its own tensor": in_place_on_its_own,
    "a constant of no dimensions": with_constants,
    "item": lambda x: x * (torch.ones(1)[0].item() + 1),
}


@pytest.mark.parametrize("answer", RIGHT.values(), ids=RIGHT)
def test_a_right_answer_passes_however_it_is_written(answer: Any) -> None:
    result = check_exercise(DOUBLE, answer)
    assert result.passed, result.message
    assert (result.cases_passed, result.cases_total) == (4, 4)


@pytest.mark.parametrize("kind", [float, np.float64, torch.tensor, np.float32])
def test_a_number_is_taken_in_any_of_its_forms(kind: Any) -> None:
    assert check_exercise(MEAN, lambda xs: kind(sum(xs) / len(xs))).passed


def test_a_list_will_do_for_a_tuple() -> None:
    assert check_exercise(SPREAD, lambda x: [x.mean(-1), x.std(-1)]).passed


def test_numpy_answers_pass() -> None:
    assert check_exercise(ROWS, lambda x: x / x.sum(1)[:, None]).passed


def test_a_class_passes_whatever_its_own_first_parameters() -> None:
    assert check_exercise(SCALE, small.Scale).passed


def test_a_check_leaves_no_trace() -> None:
    before = GlobalState.now()
    for exercise in (DOUBLE, ATTEND, SPREAD, SCALE):
        check_exercise(exercise, small.double)
    assert before.changes() == []


# ---------------------------------------------------------------- what cannot be called


@pytest.mark.parametrize(
    "obj, says",
    [
        ("double", "is a function here; you passed a str ('double')"),
        (None, "you passed None"),
        (3, "you passed an int (3)"),
        (torch.ones(2), "you passed a Tensor"),
        (Doubler, "you passed the class Doubler"),
        (lambda: 1, "called with 1 argument by position"),
        (lambda x, y: 1, "missing a required argument: 'y'"),
        (lambda *, x: 1, "too many positional arguments"),
    ],
)
def test_what_is_no_such_function_is_told_so(obj: Any, says: str) -> None:
    result = check_exercise(DOUBLE, obj)
    assert result.status is Status.FAILED
    assert says in result.message and ends_well(result)


@pytest.mark.parametrize(
    "obj, says",
    [
        (small.double, "is a class here, derived from nn.Module"),
        (Doubler, "derived from nn.Module"),
        (small.Scale(3), "Pass the class"),
        (nn.Module, "no method"),
    ],
)
def test_what_is_no_module_class_is_told_so(obj: Any, says: str) -> None:
    result = check_exercise(SCALE, obj)
    assert result.status is Status.FAILED
    assert says in result.message


# ---------------------------------------------------------------- not started


def test_a_stub_is_not_started() -> None:
    stub = cell("def f(x):\n    # y = ...\n    raise NotImplementedError('4.1: write me')\n")
    result = check_exercise(DOUBLE, stub)
    assert result.status is Status.NOT_STARTED
    assert "✗" not in as_text(DOUBLE, result)


def test_a_stub_without_source_is_not_started() -> None:
    names: dict[str, Any] = {}
    exec("def f(x):\n    raise NotImplementedError", names)
    assert check_exercise(DOUBLE, names["f"]).status is Status.NOT_STARTED


def test_a_call_that_torch_has_not_implemented_is_an_error() -> None:
    result = check_exercise(DOUBLE, lambda x: torch.nn.Module()(x))
    assert result.status is Status.ERROR


# ---------------------------------------------------------------- it raises


def test_an_exception_names_the_learners_line() -> None:
    answer = cell("def f(x):\n    y = 2\n    return x @ torch.ones(9)\n")
    result = check_exercise(DOUBLE, answer)
    assert result.status is Status.ERROR
    assert "at your line 3:\n    return x @ torch.ones(9)\nRuntimeError: " in result.message
    assert "It was given x (2,) float64." in result.message


def test_the_line_is_that_of_a_helper_of_theirs() -> None:
    answer = cell("def helper(x):\n    return undefined\n\ndef f(x):\n    return helper(x)\n")
    assert "at your line 2:\n    return undefined" in check_exercise(DOUBLE, answer).message


def test_endless_recursion_is_an_exception_like_others() -> None:
    answer = cell("def f(x):\n    return f(x)\n")
    result = check_exercise(DOUBLE, answer)
    assert result.status is Status.ERROR
    assert "RecursionError" in result.message and "at your line 2" in result.message


def leave(x: Any) -> Any:
    sys.exit(3)


def shout(x: Any) -> Any:
    raise BaseException("everything")


@pytest.mark.parametrize("answer, says", [(leave, "called exit"), (shout, "BaseException: every")])
def test_what_is_no_ordinary_exception_is_caught_too(answer: Any, says: str) -> None:
    result = check_exercise(DOUBLE, answer)
    assert result.status is Status.ERROR
    assert says in result.message


def interrupt(x: Any) -> Any:
    raise KeyboardInterrupt


def test_an_interrupt_goes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        check_exercise(DOUBLE, interrupt)


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
    "answer, says",
    [
        (lambda x: x + torch.ones(x.shape, dtype=x.dtype) * x, None),
        (lambda x: x * torch.full(x.shape[-1:], 2.0, dtype=x.dtype), "On a GPU it would fail"),
        (lambda x: x * torch.full_like(x, 2.0), None),
        (lambda x: x * torch.full(x.shape, 2.0, dtype=x.dtype, device=x.device), None),
    ],
)
def test_no_device_is_assumed(answer: Any, says: str | None) -> None:
    result = check_exercise(DOUBLE, answer)
    if says is None and not result.passed:
        assert "On a GPU it would fail" in result.message
    if says is not None:
        assert result.status is Status.FAILED and says in result.message


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
        (into_input, "your code changed its inputs"),
        (spoils_and_copies, "your code changed its inputs"),
        (seeds, "changed torch's global random generator"),
        (draws, "changed torch's global random generator"),
        (seeds_numpy, "changed NumPy's global random generator"),
        (seeds_python, "changed Python's global random generator"),
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
    assert before.changes() == []


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


# ---------------------------------------------------------------- classes


def module_class(source: str) -> Any:
    return cell("from torch import nn\nclass Scale(nn.Module):\n" + source, "Scale")


INIT = "    def __init__(self, n):\n        super().__init__()\n"
WEIGHT = "        self.weight = nn.Parameter(torch.ones(n))\n"
FORWARD = "    def forward(self, x):\n        return x * self.weight\n"


@pytest.mark.parametrize(
    "source, says",
    [
        (
            INIT + "        self.w = nn.Parameter(torch.ones(n))\n" + FORWARD,
            "lacks weight and has w",
        ),
        (INIT + "        self.weight = torch.ones(n)\n" + FORWARD, "wrap it in nn.Parameter"),
        (INIT.replace("super().__init__()", "pass") + WEIGHT + FORWARD, "super().__init__()"),
        (INIT + WEIGHT.replace("(n)", "(n, 1)") + FORWARD, "weight should have shape (3,)"),
        (INIT + WEIGHT + FORWARD.replace("self, x", "x"), "first argument is self"),
        (INIT + WEIGHT + FORWARD.replace("self.weight", "weight"), "self.weight"),
        (INIT + WEIGHT + FORWARD.replace("* self", "+ self"), "differs first at"),
        (INIT + WEIGHT + FORWARD.replace("weight\n", "weight.detach()\n"), "no gradient flows"),
    ],
)
def test_a_class_is_told_what_it_lacks(source: str, says: str) -> None:
    result = check_exercise(SCALE, module_class(source))
    assert not result.passed
    assert says in result.message, result.message


def test_a_class_that_is_a_stub_is_not_started() -> None:
    stub = module_class(
        INIT + "        raise NotImplementedError\n"
        "    def forward(self, x):\n        raise NotImplementedError\n"
    )
    assert check_exercise(SCALE, stub).status is Status.NOT_STARTED
