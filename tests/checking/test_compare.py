"""`compare`: the first difference, found whatever the shapes and numbers are."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.checking.compare import compare

TOLERANCE = 1e-6
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
NUMBERS = st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan])
ARRAYS = hnp.arrays(np.float64, SHAPES, elements=NUMBERS)
FULL = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=1, max_dims=4), elements=st.floats(-1e3, 1e3)
)


@given(ARRAYS)
def test_what_is_equal_has_no_difference(array: np.ndarray) -> None:
    assert compare(array.copy(), array, tolerance=TOLERANCE) is None
    tensor = torch.from_numpy(array.copy())
    assert compare(tensor.clone(), tensor, tolerance=TOLERANCE) is None
    assert compare([tensor], [tensor.clone()], tolerance=0.0) is None


@given(FULL, st.data())
def test_the_first_difference_is_found_with_both_numbers(array: np.ndarray, data: Any) -> None:
    places = sorted(data.draw(st.sets(st.integers(0, array.size - 1), min_size=1, max_size=3)))
    changed = array.copy()
    changed.flat[places] += 5000.0
    found = compare(torch.from_numpy(changed), torch.from_numpy(array), tolerance=TOLERANCE)
    assert found is not None and found.kind == "value" and found.difference is not None
    index = tuple(int(i) for i in np.unravel_index(places[0], array.shape))
    assert found.difference.index == index
    assert found.difference.expected == pytest.approx(array[index], abs=1e-9)
    assert found.difference.yours == pytest.approx(changed[index], abs=1e-9)


@given(FULL, st.floats(-0.9, 0.9))
def test_rounding_is_forgiven(array: np.ndarray, part: float) -> None:
    near = array + part * TOLERANCE * (1 + np.abs(array))
    assert compare(near, array, tolerance=TOLERANCE) is None


@given(FULL)
def test_more_than_rounding_is_not(array: np.ndarray) -> None:
    far = array + 1.1 * TOLERANCE * (1 + np.abs(array))
    assert compare(far, array, tolerance=TOLERANCE) is not None


@given(FULL, FULL)
@settings(max_examples=50)
def test_shape_comes_before_values(one: np.ndarray, other: np.ndarray) -> None:
    found = compare(torch.from_numpy(one), torch.from_numpy(other), tolerance=TOLERANCE)
    if one.shape != other.shape:
        assert found is not None and found.kind == "shape"
        assert str(one.shape) in found.message and str(other.shape) in found.message


def test_dtype_comes_before_values() -> None:
    found = compare(torch.ones(2), torch.zeros(2, dtype=torch.float64), tolerance=TOLERANCE)
    assert found is not None and found.kind == "dtype"


def test_shapes_that_broadcast_are_different_shapes() -> None:
    found = compare(torch.ones(3, 1), torch.ones(3), tolerance=TOLERANCE)
    assert found is not None and found.kind == "shape"


@pytest.mark.parametrize(
    "value, expected, index",
    [
        ([1.0, math.nan], [1.0, 2.0], (1,)),
        ([1.0, math.inf], [1.0, 2.0], (1,)),
        ([1.0, -math.inf], [1.0, math.inf], (1,)),
        ([0.0, 1.0], [math.nan, 1.0], (0,)),
    ],
)
def test_infinities_and_nan_are_numbers_of_their_own(
    value: list[float], expected: list[float], index: tuple[int, ...]
) -> None:
    found = compare(torch.tensor(value), torch.tensor(expected), tolerance=TOLERANCE)
    assert found is not None and found.difference is not None
    assert found.difference.index == index


@pytest.mark.parametrize("dtype, near", [(torch.float32, 1e-5), (torch.bfloat16, 1e-2)])
def test_low_precision_is_compared_as_closely_as_it_can_be(dtype: Any, near: float) -> None:
    ones = torch.ones(3, dtype=dtype)
    assert compare(ones + near, ones, tolerance=1e-12) is None
    assert compare(ones + 20 * near, ones, tolerance=1e-12) is not None


@pytest.mark.parametrize(
    "value, expected, same",
    [
        (True, True, True),
        (1, True, False),
        (True, 1, False),
        (3, 3, True),
        (3.0, 3, False),
        (3, 3.0, True),
        (np.int64(3), 3, True),
        (torch.tensor(3), 3, True),
        (torch.tensor([3]), 3, False),
        (np.bool_(True), True, True),
        ("word", "word", True),
        ("word", "Word", False),
        (None, 1.0, False),
        (10**400, 1.0, False),
        ({"a": 1}, {"a": 1}, True),
    ],
)
def test_single_values(value: Any, expected: Any, same: bool) -> None:
    assert (compare(value, expected, tolerance=TOLERANCE) is None) is same


def test_lists_name_the_place_and_tuples_the_part() -> None:
    found = compare([1.0, 2.0, 9.0], [1.0, 2.0, 3.0], tolerance=TOLERANCE)
    assert found is not None and found.difference is not None
    assert found.difference.index == (2,)
    found = compare(
        (torch.ones(2), 5.0), (torch.ones(2), 4.0), tolerance=TOLERANCE, parts=("a", "b")
    )
    assert found is not None and found.difference is not None
    assert found.difference.part == "b"
