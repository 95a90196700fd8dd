"""Read what a kit holds in the place of code: an assignment's checks, an exercise's mistakes.

`attention.checks.json` holds words and structure, `attention.checks.safetensors` the arrays; of an
exercise, `mistakes/causal_mask.json` and `.safetensors` in its lesson's room. They hold results,
never code: what a mistake gives on each case is enough to recognise it.
"""

import builtins
import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, LessonSpec, WrongAnswer
from course_lib.checking.prepared import Expected, Prepared
from course_lib.checking.protocol import ModuleProtocol, Protocol, WrongObject
from course_lib.checking.run import Outcome
from course_lib.errors import CourseError

FORMAT = 4
_Read = TypeVar("_Read")
#: Where what tells a mistake by its sign is kept: in a lesson's room.
GIVEN = re.compile(r"course_lib\.lessons\.lesson_\d\d_\w+\.given")
NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PROTOCOLS: dict[str, Callable[[], Protocol]] = {"function": Protocol, "module": ModuleProtocol}
#: Fields of an exercise that are kept as they are.
PLAIN = (
    *("name", "title", "minutes", "difficulty", "marks", "proves", "passed", "tolerance"),
    *("fresh", "device"),
)
LISTS = ("hints", "forbidden", "parts")


@dataclass(frozen=True)
class HandIn:
    """What the learner's side knows of a model that is handed in as a file."""

    name: str
    title: str
    file: str
    shapes: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Pack:
    """A pack, read.

    Args:
        spec: its exercises have stored results.
        trained: what is handed in as files.
        cells: of the notebook as it was handed out, without answers.
    """

    spec: LessonSpec
    trained: tuple[HandIn, ...]
    cells: tuple[Mapping[str, Any], ...] = ()


class StoredPrepared(Prepared):
    """An exercise whose expected results were computed when it was packed."""

    def __init__(
        self,
        exercise: Exercise,
        expected: tuple[Expected, ...],
    ) -> None:
        super().__init__(exercise)
        # An instance attribute stands in front of the cached property of the same name.
        vars(self).update(expected=expected)

    def ask(self, case: Case) -> Expected | None:
        """Return what was stored for one of the cases."""
        return next((e for c, e in zip(self.cases, self.expected, strict=True) if c is case), None)


def find_pack(name: str, start: Path | None = None) -> Path:
    """Return the path of a pack: in the current folder, above it, or among the kit's notebooks.

    Raises:
        CourseError: when there is none; says where it belongs.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, NOTEBOOKS):
        path = folder / f"{name}.checks.json"
        if path.is_file():
            return path
    raise CourseError(
        f"{name}.checks.json is not here. It comes with the notebook: keep it, and "
        f"{name}.checks.safetensors, in the notebook's folder."
    )


def read_pack(path: Path) -> Pack:
    """Read a pack.

    Raises:
        CourseError: when it is damaged, or made by another version of the course.
    """
    return _read(path, _pack)


def recorded_mistakes(code: Path) -> tuple[WrongAnswer, ...]:
    """Read an exercise's known mistakes.

    Args:
        code: path of the module that stands in for theirs; the results lie beside it.

    Raises:
        CourseError: when they are damaged, or made by another version of the course.
    """
    return _read(code.with_suffix(".json"), _mistakes)


def _read(path: Path, build: Callable[[Any, Mapping[str, Tensor]], _Read]) -> _Read:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["format"] != FORMAT:
            raise CourseError(
                f"{path.name} is of another version of the course: get the kit again."
            )
        return build(said, load(path.with_suffix(".safetensors").read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise CourseError(f"{path.name} cannot be read ({error}): get the kit again.") from None


def _pack(said: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> Pack:
    exercises = tuple(_exercise(one, arrays) for one in said["exercises"])
    keys = ("number", "slug", "title", "minutes")
    spec = LessonSpec(exercises=exercises, **{key: said[key] for key in keys})
    return Pack(spec, tuple(_hand_in(one) for one in said["trained"]), tuple(said["cells"]))


def _mistakes(said: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> tuple[WrongAnswer, ...]:
    return tuple(_mistake(one, arrays) for one in said["mistakes"])


def _exercise(said: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> Exercise:
    cases = tuple(_case(one, arrays) for one in said["cases"])
    fields: dict[str, Any] = {key: said[key] for key in PLAIN}
    fields |= {key: tuple(said[key]) for key in LISTS}
    exercise = Exercise(
        **fields,
        cases=lambda: cases,
        sample=_not_here,
        oracle=_not_here,
        reference=_signature(said["name"], said["parameters"]),
        protocol=PROTOCOLS[said["protocol"]](),
        wrong_answers=_mistakes(said, arrays),
    )
    expected = tuple(
        Expected(unpacked(one["expected"], arrays), _gradients(one["expected_gradients"], arrays))
        for one in said["cases"]
    )
    StoredPrepared(exercise, expected).keep()
    return exercise


def _case(said: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> Case:
    inputs = {key: unpacked(said[key], arrays) for key in ("args", "kwargs", "init", "state")}
    plain = {key: said[key] for key in ("label", "edge", "gradients")}
    return Case(**plain, **inputs)


def _gradients(said: Any, arrays: Mapping[str, Tensor]) -> tuple[Tensor | None, ...]:
    return tuple(unpacked(said, arrays))


def _mistake(said: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> WrongAnswer:
    return WrongAnswer(
        id=said["id"],
        code=_not_here,
        says=said["says"],
        why=said["why"],
        matches=_sign(said["matches"]),
        part=said["part"],
        outcomes=tuple(_outcome(one, arrays) for one in said["outcomes"]),
    )


def _sign(named: str | None) -> Callable[[Case, Any], bool] | None:
    """Return what tells a mistake from a result: a function of a room's `given`."""
    if named is None:
        return None
    module, _, name = named.rpartition(".")
    if not GIVEN.fullmatch(module):
        raise ValueError(f"{named} stands in no lesson's given.py")
    found: Callable[[Case, Any], bool] = getattr(import_module(module), name)
    return found


def _outcome(said: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> Outcome:
    return Outcome(
        value=unpacked(said["value"], arrays),
        gradients=_gradients(said["gradients"], arrays),
        error=_error(*said["error"]) if said["error"] is not None else None,
        changed_inputs=said["changed_inputs"],
        shares_memory=said["shares_memory"],
        changed_state=list(said["changed_state"]),
    )


def _error(kind: str, text: str) -> Exception:
    found: Any = WrongObject if kind == WrongObject.__name__ else getattr(builtins, kind, None)
    if inspect.isclass(found) and issubclass(found, Exception):
        return found(text)
    return RuntimeError(text)


def _hand_in(said: Mapping[str, Any]) -> HandIn:
    shapes = {name: tuple(shape) for name, shape in said["shapes"].items()}
    return HandIn(said["name"], said["title"], said["file"], shapes)


def unpacked(said: Any, arrays: Mapping[str, Tensor]) -> Any:
    """Return a value from its description: plain, or a marked tensor, tuple, dictionary …"""
    if isinstance(said, list):
        return [unpacked(item, arrays) for item in said]
    if not isinstance(said, dict):
        return said
    (kind, held), *_ = said.items()
    if kind == "tensor":
        return arrays[held].clone()
    if kind == "array":
        return np.asarray(arrays[held].numpy())
    if kind == "number":
        return float(held)  # "inf", "nan": JSON has none
    if kind == "tuple":
        return tuple(unpacked(item, arrays) for item in held)
    return {key: unpacked(item, arrays) for key, item in held.items()}  # kind is "dict"


def _signature(name: str, parameters: list[str]) -> Callable[..., Any]:
    """Return a stand-in whose signature names the inputs, for messages."""

    def stand_in(*args: Any, **kwargs: Any) -> NoReturn:
        _not_here()

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(one, kind) for one in parameters])
    stand_in.__name__ = name
    vars(stand_in)["__signature__"] = signature
    return stand_in


def _not_here(*args: Any, **kwargs: Any) -> NoReturn:
    raise NotImplementedError("a kit holds results, not the code that made them")
