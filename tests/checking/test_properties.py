"""Properties that many exercises share: what they let pass, and what they say."""

import torch

from course_lib.checking.case import Case
from course_lib.checking.properties import (
    all_one,
    nothing_after_the_end,
    numbers,
    rows_sum_to_one,
)

CASE = Case(label="two rows", args=("step", 9))
HOLDS = rows_sum_to_one("On “{label}” the first row sums to {first}.")


def test_rows_that_sum_to_one_pass() -> None:
    assert HOLDS(None, CASE, torch.tensor([[0.25, 0.75], [1.0, 0.0]])) is None


def test_rows_that_do_not_are_told_with_case_and_sum() -> None:
    said = HOLDS(None, CASE, torch.tensor([[0.5, 0.25], [1.0, 0.0]]))
    assert said == "On “two rows” the first row sums to 0.750."


def test_a_later_row_counts_too() -> None:
    assert HOLDS(None, CASE, torch.tensor([[0.5, 0.5], [1.0, 1.0]])) is not None


def test_what_is_no_number_is_left_to_the_comparison() -> None:
    assert HOLDS(None, CASE, torch.tensor([[torch.nan, 1.0]])) is None


def test_sums_are_one_within_a_tolerance() -> None:
    assert all_one(torch.tensor([1.0, 1.0005]), atol=1e-3)
    assert not all_one(torch.tensor([1.0, 1.0005]))


def test_numbers_are_shown_to_three_decimals() -> None:
    assert numbers(torch.tensor([[0.5, 1.25], [2.0, 3.0]]), most=3) == "0.500, 1.250, 2.000"


def test_a_word_after_the_end_is_told_with_its_sentence() -> None:
    holds = nothing_after_the_end(at=1)
    assert holds(None, CASE, torch.tensor([[1, 9, 9], [1, 2, 3]])) is None
    said = holds(None, CASE, torch.tensor([[1, 9, 9], [9, 2, 9]]))
    assert said is not None
    assert "here 9" in said and "sentence 1 is [9, 2, 9]" in said
