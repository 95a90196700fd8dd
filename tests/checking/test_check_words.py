"""What a check says is true, and names the place: NaN's cause, cases, gradients, parts, lines."""

import math
import textwrap
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import small_exercises as small
import torch
from small_exercises import ATTEND, DOUBLE, MEAN, SPREAD, Case, WrongAnswer, tensor

from course_lib.checking.check import check_exercise
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise
from course_lib.checking.result import Result, Status

# ---------------------------------------------------------------- NaN


def zero_by_zero(x: Any) -> Any:
    rest = x - x
    return rest / rest


def overflow(x: Any) -> Any:
    powers = torch.exp(x * 1000)
    return powers / powers


def minus(x: Any) -> Any:
    far = x * math.inf
    return far - far


def times(x: Any) -> Any:
    return (x * 0) * math.inf


def empty_softmax(x: Any) -> Any:
    return torch.softmax(x.masked_fill(x > 0, -math.inf), -1)


def in_numpy(x: Any) -> Any:
    zeros = x.detach().numpy() * 0
    with np.errstate(invalid="ignore"):
        return torch.from_numpy(zeros / zeros)


@pytest.mark.parametrize(
    "answer, says, never",
    [
        (zero_by_zero, "“return rest / rest”: 0/0.", "∞"),
        (overflow, "“return powers / powers”: ∞/∞. The first ∞ arises at your line", "0/0"),
        (overflow, "“powers = torch.exp(x * 1000)”: an exponential grows beyond", "0/0"),
        (minus, "“return far - far”: ∞ − ∞.", "0/0"),
        (times, "0 · ∞.", "0/0"),
        (empty_softmax, "a softmax over nothing but −∞", "0/0"),
        (in_numpy, "NaN comes from 0/0, ∞/∞, ∞ − ∞ or 0 · ∞", "first NaN arises"),
    ],
)
def test_the_cause_of_nan_is_named_as_far_as_it_is_known(
    answer: Any, says: str, never: str
) -> None:
    result = check_exercise(DOUBLE, answer)
    assert "numbers are NaN, the first at out[0], where 2.0 is due" in result.message
    assert says in result.message, result.message
    assert never not in result.message and "nothing in it" not in result.message


def test_nan_among_the_inputs_is_told() -> None:
    case = Case(label="a hidden NaN", args=(tensor(1.0, math.nan),))
    exercise = small.exercise(small.double, [case], oracle=lambda x: torch.nan_to_num(x))
    result = check_exercise(exercise, lambda x: x * 1)
    assert "An input of this case holds NaN where it must not count" in result.message


# ---------------------------------------------------------------- cases, places, parts


def test_a_length_comes_with_its_case_and_both_lists() -> None:
    exercise = small.exercise(small.mean, [Case(label="1, 2", args=([1.0, 2.0],))])
    exercise = replace(exercise, oracle=lambda numbers: [1.0, 2.0, 3.0])
    result = check_exercise(exercise, lambda numbers: [1.0, 2.0])
    assert "A list of 3 is due; yours has 2." in result.message
    assert "on the case “1, 2”" in result.message
    assert "yours     [1.0, 2.0]" in result.message
    assert "expected  [1.0, 2.0, 3.0]" in result.message


def test_a_shape_comes_with_its_case_and_inputs() -> None:
    result = check_exercise(DOUBLE, lambda x: 2 * x[..., None])
    assert "The shape should be (2,); yours is (2, 1)." in result.message
    assert "on the case “two numbers”" in result.message
    assert "given x (2,) float64" in result.message


def test_a_difference_of_gradients_is_placed_in_the_gradient() -> None:
    result = check_exercise(DOUBLE, lambda x: 3 * x - x.detach())
    assert "[0, 0] of the gradient of x" in result.message and "out[" not in result.message
    assert "Yours is" in result.message and "is due." in result.message


def counted(x: Any) -> Any:
    return x.sum(-1), 7


@pytest.mark.parametrize(
    "parts, answer, says",
    [
        (("total", "flops"), lambda x: (x.sum(-1), 8), "the flops differs"),
        (("total", "flops"), lambda x: (x.sum(-1) + 1, 7), "differs first at total[0]"),
        ((), lambda x: (x.sum(-1) + 1, 7), "differs first at [0] of the first result"),
    ],
)
def test_parts_and_elements_have_readable_names(parts: Any, answer: Any, says: str) -> None:
    case = Case(label="rows", args=(noise(0, 2, 3),))
    exercise = replace(small.exercise(counted, [case], parts=parts), reference=counted)
    result = check_exercise(exercise, answer)
    assert says in result.message.replace("The flops", "the flops"), result.message
    assert "_0" not in result.message and "flops[1]" not in result.message


# ---------------------------------------------------------------- what comes first


def test_a_name_is_not_followed_by_precision() -> None:
    close = WrongAnswer(id="close", code=lambda x: 2 * x + 1e-5, says="You add.", why="Do not.")
    result = check_exercise(replace(DOUBLE, wrong_answers=(close,)), lambda x: 2 * x + 1e-5)
    assert result.diagnosis == "close" and "2.000010000" in result.message
    assert "precision" not in result.message


def cut_and_wrong(x: Any) -> Any:
    return 2 * x.detach() if len(x) < 5 else 2 * x + (x > 2)


def test_values_of_a_later_case_come_before_an_earlier_gradient() -> None:
    cases = [
        Case(label="small", args=(tensor(1.0, 3.0),), gradients=True),
        Case(label="large", args=(noise(0, 5, 70),), gradients=True),
    ]
    result = check_exercise(small.exercise(small.double, cases), cut_and_wrong)
    assert "“large”" in result.message and "The result is right" not in result.message
    only = check_exercise(small.exercise(small.double, cases[:1]), cut_and_wrong)
    assert "no gradient flows back to x" in only.message


# ---------------------------------------------------------------- the learner's lines


def counts(x: Any) -> Any:
    marked = Uneven.apply(x)
    return 2 * x + 0 * marked


class Uneven(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad[..., :1].expand(3, 3, 3)


def spoils_what_the_way_back_needs(x: Any) -> Any:
    root = torch.exp(x)
    out = root * 2 * x / root
    root += 1
    return out


def test_an_error_on_the_way_back_names_the_line() -> None:
    result = check_exercise(DOUBLE, spoils_what_the_way_back_needs)
    assert result.status is Status.ERROR
    assert "gradients cannot flow back" in result.message
    assert ":\n    root += 1\n" in result.message, result.message


def checked_below_a_raise(folder: Any, body: str) -> Result:
    path = folder / "answer.py"
    path.write_text("def double(x):\n" + textwrap.indent(textwrap.dedent(body), "    "))
    names = SimpleNamespace()
    exec(compile(path.read_text(), str(path), "exec"), vars(names))
    return check_exercise(DOUBLE, names.double)


def test_an_answer_below_the_stubs_raise_is_told_its_line(tmp_path: Any) -> None:
    result = checked_below_a_raise(tmp_path, "raise NotImplementedError\n\nreturn 2 * x\n")
    assert result.status is Status.ERROR
    assert "Your line 2 still says raise NotImplementedError" in result.message
    assert "what begins in line 4 never runs" in result.message
    blank = checked_below_a_raise(tmp_path, "y = 2\nraise NotImplementedError\n")
    assert blank.status is Status.NOT_STARTED


# ---------------------------------------------------------------- names that show nowhere


def edge_exercise() -> Exercise:
    """One mistake shows in an edge case alone; a property may fail where all values are right."""

    def even(call: Any, case: Case, value: Any) -> str | None:
        more = call(torch.ones(3, dtype=torch.float64))
        return None if bool((more == 2).all()) else "Three ones should give three twos."

    large = WrongAnswer(
        id="fills", code=lambda x: (2 * x).clamp(max=1e9), says="You fill.", why="It is finite."
    )
    cases = [
        Case(label="two", args=(tensor(1.0, 3.0),)),
        Case(label="infinite", args=(tensor(math.inf, 1.0),), edge=True),
    ]
    return small.exercise(
        small.double,
        cases,
        properties=(Property(id="even", holds=even),),
        wrong_answers=(large,),
    )


def test_a_mistake_of_the_edge_is_no_name_for_a_property_that_fails() -> None:
    result = check_exercise(edge_exercise(), lambda x: 2 * x + (len(x) == 3))
    assert "Three ones should give three twos." in result.message
    assert result.diagnosis is None
    named = check_exercise(edge_exercise(), lambda x: 2 * x.clamp(max=5e8))
    assert named.diagnosis == "fills"


@pytest.mark.parametrize("exercise", [ATTEND, SPREAD, MEAN])
def test_the_words_of_small_exercises_hold_no_inner_names(exercise: Exercise) -> None:
    result = check_exercise(exercise, lambda *args: [1.0, 2.0])
    assert not result.passed and "result_" not in result.message
