"""Write what a kit holds in the place of code: results. `workbook/pack.py` reads them."""

import builtins
import hashlib
import inspect
import json
import math
import pkgutil
from importlib import import_module
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from course_lib.checking.exercise import Exercise, LessonSpec, WrongAnswer
from course_lib.checking.prepared import Prepared
from course_lib.checking.protocol import LongStream, ModuleProtocol, Protocol, WrongObject
from course_lib.checking.reference import load_reference
from course_lib.checking.run import Outcome
from course_lib.errors import CourseError
from course_lib.grading.assignments import AssignmentSource, TrainedTask
from course_lib.grading.program import Master
from course_lib.workbook import registry
from course_lib.workbook.pack import FORMAT, GIVEN, LISTS, PLAIN

#: Stands in a kit where the code of an exercise's mistakes stood.
STAND_IN = '''"""What known mistakes give; their code stays with the instructor."""

from pathlib import Path

from course_lib.workbook.pack import recorded_mistakes

MISTAKES = recorded_mistakes(Path(__file__))
'''


def pack(assignment: AssignmentSource) -> dict[str, bytes]:
    """Return the files of a pack by their names.

    Raises:
        CourseError: when an exercise needs what a pack cannot hold.
    """
    arrays: dict[str, Tensor] = {}
    spec = assignment.spec
    said = {
        "format": FORMAT,
        **{key: getattr(spec, key) for key in ("number", "slug", "title", "minutes")},
        "exercises": [_exercise(exercise, arrays) for exercise in spec.exercises],
        "trained": [_hand_in(task) for task in assignment.trained],
        "cells": Master.of_source(assignment.cells).for_pack(),
    }
    return _files(f"{assignment.name}.checks", said, arrays)


def pack_mistakes(spec: LessonSpec) -> dict[str, bytes]:
    """Return what stands in for the code of a lesson's mistakes, by file name.

    Raises:
        CourseError: when a mistake does not stand in the lesson's room, or gives what a pack
            cannot hold.
    """
    found: dict[str, bytes] = {}
    modules = _modules_of_mistakes(f"{registry.room(spec)}.mistakes")
    for exercise in spec.exercises:
        if not exercise.wrong_answers:
            continue
        if id(exercise.wrong_answers) not in modules:
            raise CourseError(
                f"{exercise.name}: its wrong answers are no MISTAKES of a file in the room's "
                "mistakes/, so a kit would hold their code; move them there."
            )
        name, arrays = modules[id(exercise.wrong_answers)], dict[str, Tensor]()
        said = {"format": FORMAT, "mistakes": _mistakes(exercise, arrays)}
        found |= _files(name, said, arrays) | {f"{name}.py": STAND_IN.encode()}
    return found


def _modules_of_mistakes(package: str) -> dict[int, str]:
    """Return the name of every module of mistakes by the identity of its MISTAKES."""
    names = [module.name for module in pkgutil.iter_modules(import_module(package).__path__)]
    tables = {name: vars(import_module(f"{package}.{name}")).get("MISTAKES") for name in names}
    return {id(table): name for name, table in tables.items()}


def _files(stem: str, said: dict[str, Any], arrays: dict[str, Tensor]) -> dict[str, bytes]:
    text = json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return {f"{stem}.json": text.encode(), f"{stem}.safetensors": save(arrays)}


def _exercise(exercise: Exercise, arrays: dict[str, Tensor]) -> dict[str, Any]:
    prepared = Prepared.of(exercise)
    if exercise.properties or any(wrong.matches for wrong in exercise.wrong_answers):
        raise CourseError(
            f"{exercise.name}: an assignment's visible checks are results alone; take out its "
            "properties and `matches`."
        )
    cases = []
    for case, expected in zip(prepared.cases, prepared.expected, strict=True):
        if expected is None:
            raise CourseError(f"{exercise.name}: an assignment's exercise needs an oracle.")
        inputs = {
            key: _packed(getattr(case, key), arrays) for key in ("args", "kwargs", "init", "state")
        }
        due = {
            "expected": _packed(expected.value, arrays),
            "expected_gradients": _packed(list(expected.gradients), arrays),
        }
        plain = {key: getattr(case, key) for key in ("label", "edge", "gradients")}
        cases.append({**plain, **inputs, **due})
    return {
        **{key: getattr(exercise, key) for key in PLAIN},
        **{key: list(getattr(exercise, key)) for key in LISTS},
        "protocol": _protocol(prepared.protocol),
        "parameters": _parameters(exercise),
        "cases": cases,
        "mistakes": _mistakes(exercise, arrays),
    }


def _mistakes(exercise: Exercise, arrays: dict[str, Tensor]) -> list[dict[str, Any]]:
    return [
        {
            **{key: getattr(wrong, key) for key in ("id", "says", "why", "part")},
            "matches": _sign(exercise, wrong),
            "outcomes": [_outcome(outcome, arrays) for outcome in outcomes],
        }
        for wrong, outcomes in Prepared.of(exercise).mistakes
    ]


def _sign(exercise: Exercise, wrong: WrongAnswer) -> str | None:
    if wrong.matches is None:
        return None
    module, name = wrong.matches.__module__, str(getattr(wrong.matches, "__name__", ""))
    if not GIVEN.fullmatch(module) or not hasattr(import_module(module), name):
        raise CourseError(
            f"{exercise.name}, {wrong.id}: `matches` is to be a function of the room's given.py: a "
            "kit names it."
        )
    return f"{module}.{name}"


def _protocol(protocol: Protocol) -> str:
    kinds: dict[type[Protocol], str] = {
        Protocol: "function",
        LongStream: "function",  # what a kit shows is short
        ModuleProtocol: "module",
    }
    if type(protocol) not in kinds:
        raise CourseError(f"a pack knows functions and modules, not {type(protocol).__name__}.")
    return kinds[type(protocol)]


def _parameters(exercise: Exercise) -> list[str]:
    target = load_reference(exercise)
    target = target.forward if inspect.isclass(target) else target  # type: ignore[attr-defined]
    return [name for name in inspect.signature(target).parameters if name != "self"]


def _outcome(outcome: Outcome, arrays: dict[str, Tensor]) -> dict[str, Any]:
    error = outcome.error
    known = isinstance(error, WrongObject) or hasattr(builtins, type(error).__name__)
    if error is not None and not known:
        raise CourseError(f"a pack cannot hold a {type(error).__name__} of a wrong answer.")
    return {
        "value": _packed(outcome.value, arrays),
        "gradients": _packed(list(outcome.gradients), arrays),
        "error": None if error is None else [type(error).__name__, str(error)],
        "changed_inputs": outcome.changed_inputs,
        "shares_memory": outcome.shares_memory,
        "changed_state": outcome.changed_state,
    }


def _packed(value: Any, arrays: dict[str, Tensor]) -> Any:
    """Describe a value in JSON; tensors are put into `arrays`."""
    if isinstance(value, Tensor | np.ndarray):
        kind = "tensor" if isinstance(value, Tensor) else "array"
        array = torch.as_tensor(value).detach().clone().contiguous()
        key = _key(array)
        arrays[key] = array
        return {kind: key}
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        items = [_packed(item, arrays) for item in value]
        return items if isinstance(value, list) else {"tuple": items}
    if hasattr(value, "items"):
        return {"dict": {key: _packed(item, arrays) for key, item in value.items()}}
    raise CourseError(f"a pack cannot hold a {type(value).__name__}.")


def _key(array: Tensor) -> str:
    """Name an array by what it holds: many mistakes agree on many cases."""
    return hashlib.sha256(save({"": array})).hexdigest()[:16]


def _hand_in(task: TrainedTask) -> dict[str, Any]:
    shapes = {name: list(shape) for name, shape in task.shapes.items()}
    return {"name": task.name, "title": task.title, "file": task.file, "shapes": shapes}
