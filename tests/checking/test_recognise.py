"""A stranger's version of a known mistake is recognised; another mistake is not taken for it."""

import math
from typing import Any

import numpy as np
import pytest
import small_exercises as small
import torch
from small_exercises import ATTEND, DOUBLE, SPREAD, Case, WrongAnswer
from torch import Tensor

from course_lib.checking.check import check_exercise
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import noise


def softmax(scores: Tensor) -> Tensor:
    powers = torch.exp(scores - scores.max(-1, keepdim=True).values)
    return powers / powers.norm(1, dim=-1, keepdim=True)


def by_loops(q: Tensor, k: Tensor) -> Tensor:
    rows = [torch.stack([torch.dot(a, b) for b in k]) for a in q]
    return softmax(torch.stack(rows))


def in_float32(q: Tensor, k: Tensor) -> Tensor:
    return softmax(q.float() @ k.float().mT)


def in_float32_and_back(q: Tensor, k: Tensor) -> Tensor:
    return softmax(q.float() @ k.float().mT).to(q.dtype)


def by_numpy(q: Tensor, k: Tensor) -> Tensor:
    scores = np.exp(q.detach().numpy() @ k.detach().numpy().T)
    return torch.from_numpy(scores / np.linalg.norm(scores, 1, axis=-1, keepdims=True))


@pytest.mark.parametrize("answer", [by_loops, in_float32, in_float32_and_back])
def test_other_code_for_the_same_mistake_is_recognised(answer: Any) -> None:
    result = check_exercise(ATTEND, answer)
    assert result.diagnosis == "no_scale", result.message
    assert "Your scores are not divided by √d." in result.message


def test_a_second_slip_does_not_hide_the_first() -> None:
    result = check_exercise(ATTEND, by_numpy)
    assert result.diagnosis == "no_scale"


def test_a_mistake_that_raises_is_recognised_by_what_it_raises() -> None:
    result = check_exercise(ATTEND, lambda q, k: (q @ k).softmax(-1))
    assert result.diagnosis == "not_transposed"
    assert "raised on the case" in result.message


def test_another_exception_of_that_type_is_not_it() -> None:
    result = check_exercise(ATTEND, lambda q, k: q.reshape(999))
    assert result.diagnosis is None


@pytest.mark.parametrize(
    "answer",
    [
        lambda q, k: softmax(q @ k.mT / q.shape[-1]),
        lambda q, k: softmax(q @ k.mT / math.sqrt(k.shape[0])),
        lambda q, k: torch.zeros(len(q), len(k), dtype=q.dtype) + 1 / len(k),
        lambda q, k: softmax(k @ q.mT),
        lambda q, k: (q @ k.mT).sigmoid(),
    ],
)
def test_a_mistake_nobody_planned_is_nobodys(answer: Any) -> None:
    result = check_exercise(ATTEND, answer)
    assert not result.passed
    assert result.diagnosis is None


def test_a_gradient_that_is_cut_is_recognised_though_the_values_agree() -> None:
    result = check_exercise(DOUBLE, lambda x: (x + x).detach())
    assert result.diagnosis == "cut_off"
    assert "no gradient flows back to x" in result.message


def test_numpy_has_no_gradient_and_is_the_same_mistake() -> None:
    result = check_exercise(DOUBLE, lambda x: torch.from_numpy(2 * x.detach().numpy()))
    assert result.diagnosis == "cut_off"


def test_one_wrong_part_of_a_tuple_is_enough() -> None:
    result = check_exercise(SPREAD, lambda x: (x.mean(-1), x.var(-1, correction=0).sqrt()))
    assert result.diagnosis == "biased"


# ---------------------------------------------------------------- fill values, and edge cases


def masked(scores: Tensor, mask: Tensor) -> Tensor:
    empty = ~mask.any(-1, keepdim=True)
    return scores.masked_fill(~mask & ~empty, -math.inf).softmax(-1).masked_fill(empty, 0.0)


def upside_down(fill: float) -> Any:
    return lambda scores, mask: scores.masked_fill(mask, fill).softmax(-1)


def mask_exercise(*, edge: bool) -> Exercise:
    """Rows that may attend to nothing stand in an edge case, or in an ordinary one."""
    some = torch.tensor([[True, False, True], [False, True, True]])
    none = torch.tensor([[True, False, True], [False, False, False]])
    return small.exercise(
        masked,
        [
            Case(label="two rows", args=(noise(0, 2, 3), some)),
            Case(label="two other rows", args=(noise(1, 2, 3), some)),
            Case(label="an empty row", args=(noise(2, 2, 3), none), edge=edge),
        ],
        wrong_answers=(
            WrongAnswer(
                id="inverted", code=upside_down(-math.inf), says="Turned round.", why="True may."
            ),
            WrongAnswer(
                id="nan_rows",
                code=lambda s, m: s.masked_fill(~m, -math.inf).softmax(-1),
                says="An empty row is NaN.",
                why="It has no maximum.",
            ),
        ),
    )


@pytest.mark.parametrize("edge", [True, False])
@pytest.mark.parametrize("fill", [-1e9, -1e4, torch.finfo(torch.float64).min])
def test_a_large_number_in_place_of_infinity_is_the_same_mistake(edge: bool, fill: float) -> None:
    result = check_exercise(mask_exercise(edge=edge), upside_down(fill))
    assert result.diagnosis == "inverted", result.message


@pytest.mark.parametrize("edge", [True, False])
def test_the_mistake_itself_is_recognised_whichever_the_cases(edge: bool) -> None:
    result = check_exercise(mask_exercise(edge=edge), upside_down(-math.inf))
    assert result.diagnosis == "inverted"


@pytest.mark.parametrize("edge", [True, False])
def test_a_mistake_on_the_edge_alone_keeps_its_own_name(edge: bool) -> None:
    exercise = mask_exercise(edge=edge)
    nan = check_exercise(exercise, lambda s, m: torch.where(m, s, -math.inf).softmax(-1))
    assert nan.diagnosis == "nan_rows"
    uniform = check_exercise(exercise, lambda s, m: s.masked_fill(~m, -1e9).softmax(-1))
    assert not uniform.passed and uniform.diagnosis is None


def test_a_mistake_that_draws_is_recognised_whatever_was_drawn_before() -> None:
    """As a model that is left in training mode draws for its dropout."""

    def dropped(x: Tensor) -> Tensor:
        return torch.nn.functional.dropout(2 * x, 0.5, training=True)

    def dropped_by_a_layer(x: Tensor) -> Tensor:
        return torch.nn.Dropout(0.5)(x + x)

    drops = WrongAnswer(id="drops", code=dropped, says="You drop.", why="Evaluate without.")
    exercise = small.exercise(
        small.double,
        [Case(label="nine numbers", args=(torch.arange(1.0, 10),))],
        wrong_answers=(drops,),
    )
    diagnoses = []
    for _ in range(3):
        diagnoses.append(check_exercise(exercise, dropped_by_a_layer).diagnosis)
        torch.rand(1)
    assert diagnoses == ["drops"] * 3
