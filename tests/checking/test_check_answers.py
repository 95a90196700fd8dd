"""What a check says to answers of every kind: right, blank, of the wrong kind, and raising."""

import functools
import linecache
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import small_exercises as small
import torch
from small_exercises import ATTEND, DOUBLE, MEAN, ROWS, SCALE, SPREAD, ends_well
from torch import nn

from course_lib.checking.check import check_exercise
from course_lib.checking.guard import GlobalState
from course_lib.checking.report import as_text
from course_lib.checking.result import Status


def cell(source: str, name: str = "f", number: int = 1) -> Any:
    """Define a function as a notebook does: from text that `linecache` knows."""
    file = f"<ipython-input-{number}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names: dict[str, Any] = {"torch": torch, "np": np}
    exec(compile(source, file, "exec"), names)
    return names[name]


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
