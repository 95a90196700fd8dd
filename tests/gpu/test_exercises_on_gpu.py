"""The course's own version of every exercise follows its inputs' device and dtype to the GPU."""

import inspect
from typing import Any

import pytest
import torch
from torch import nn

from course_lib.checking.case import Case
from course_lib.checking.compare import compare
from course_lib.checking.exercise import Exercise
from course_lib.checking.prepared import Prepared
from course_lib.checking.protocol import Call
from course_lib.checking.reference import load_reference
from course_lib.checking.values import each, leaves
from course_lib.workbook import registry

#: Sums in float32 are made in another order there.
TOLERANCE = 1e-4


def draws(case: Case) -> bool:
    """Tell whether a case hands in a source of random numbers: that has a device of its own."""
    values = [*leaves(list(case.args)), *leaves(dict(case.kwargs))]
    return any(isinstance(value, torch.Generator) for value in values)


def movable(exercise: Exercise) -> list[Case]:
    """Return the cases in which tensors go in and no generator does."""
    return [case for case in exercise.cases() if Call.of(case).tensors() and not draws(case)]


EXERCISES = [
    pytest.param(exercise, id=f"{number}-{exercise.name}")
    for number in registry.numbers()
    for exercise in registry.find(number).exercises
    if movable(exercise)
]


def test_most_exercises_can_be_moved():
    assert len(EXERCISES) > 50


@pytest.mark.parametrize("exercise", EXERCISES)
def test_gpu_and_cpu_agree(exercise: Exercise, device: torch.device, record_property) -> None:
    cases = movable(exercise)
    record_property("facts", len(cases))
    for case in cases:
        here, there = answer(exercise, case, torch.device("cpu")), answer(exercise, case, device)
        for one, other in zip(tensors(here), tensors(there), strict=True):
            assert one.dtype == other.dtype, f"{case.label}: {other.dtype}, due {one.dtype}"
            assert other.device.type == device.type, f"{case.label}: a result on {other.device}"
        found = compare(home(there), here, tolerance=TOLERANCE, parts=exercise.parts)
        assert found is None, f"{case.label}: {found}"


def answer(exercise: Exercise, case: Case, device: torch.device) -> Any:
    """Ask the course's own version, a module's parameters moved as well."""
    protocol = Prepared.of(exercise).protocol
    target = protocol.prepare(inspect.unwrap(load_reference(exercise)), Call.of(case))
    if isinstance(target, nn.Module):
        target = target.to(device)
    moved = Call.of(case, device=str(device))
    return each(target(*moved.args, **moved.kwargs), detached)


def detached(leaf: Any) -> Any:
    return leaf.detach() if isinstance(leaf, torch.Tensor) else leaf


def tensors(value: Any) -> list[torch.Tensor]:
    return [leaf for leaf in leaves(value) if isinstance(leaf, torch.Tensor)]


def home(value: Any) -> Any:
    return each(value, lambda leaf: leaf.cpu() if isinstance(leaf, torch.Tensor) else leaf)
