"""Write an assignment's pack: what the learner's checks need, as results without code."""

import builtins
import inspect
import json
import math
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from course_lib.checking.exercise import Exercise
from course_lib.checking.prepared import Prepared
from course_lib.checking.protocol import ModuleProtocol, Protocol
from course_lib.checking.reference import load_reference
from course_lib.checking.run import Outcome
from course_lib.errors import CourseError
from course_lib.grading.assignments import AssignmentSource, TrainedTask
from course_lib.lessons.pack import FORMAT, LISTS, PLAIN


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
    }
    text = json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    stem = f"{assignment.name}.checks"
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
        "mistakes": [
            {
                **{key: getattr(wrong, key) for key in ("id", "says", "why")},
                "outcomes": [_outcome(outcome, arrays) for outcome in outcomes],
            }
            for wrong, outcomes in prepared.mistakes
        ],
    }


def _protocol(protocol: Protocol) -> str:
    kinds: dict[type[Protocol], str] = {Protocol: "function", ModuleProtocol: "module"}
    if type(protocol) not in kinds:
        raise CourseError(f"a pack knows functions and modules, not {type(protocol).__name__}.")
    return kinds[type(protocol)]


def _parameters(exercise: Exercise) -> list[str]:
    target = load_reference(exercise)
    target = target.forward if inspect.isclass(target) else target  # type: ignore[attr-defined]
    return [name for name in inspect.signature(target).parameters if name != "self"]


def _outcome(outcome: Outcome, arrays: dict[str, Tensor]) -> dict[str, Any]:
    error = outcome.error
    if error is not None and not hasattr(builtins, type(error).__name__):
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
        key = f"{len(arrays):04d}"
        arrays[key] = torch.as_tensor(value).detach().clone().contiguous()
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


def _hand_in(task: TrainedTask) -> dict[str, Any]:
    shapes = {name: list(shape) for name, shape in task.shapes.items()}
    return {"name": task.name, "title": task.title, "file": task.file, "shapes": shapes}
