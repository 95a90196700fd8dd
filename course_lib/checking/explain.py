"""Put a failure into words: what came, what was due, where, and what to look at."""

import ast
import inspect
import linecache
import traceback
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch

from course_lib.checking.case import Case
from course_lib.checking.compare import Finding, as_array, place
from course_lib.checking.exercise import Exercise, WrongAnswer
from course_lib.checking.protocol import WrongObject
from course_lib.checking.result import Difference
from course_lib.checking.values import short, size

#: Longest row of numbers that a message shows, and most characters of a list.
ROW, ITEMS = 8, 86
#: Findings that no number can show.
KINDS = {"type", "length", "shape", "dtype", "device"}
LIBRARY = Path(__file__).resolve().parents[1]


def raised(exercise: Exercise, case: Case, error: BaseException) -> str:
    """Say that an answer raised: where, the line, the message, and the sizes it was given."""
    if isinstance(error, WrongObject):
        return str(error)
    if isinstance(error, SystemExit):
        return "Your code called exit: a function returns its result, and the notebook goes on."
    line, text = learners_line(error)
    at = f", at your line {line}:\n    {text}" if line else ":"
    said = " ".join(str(error).split()) or "no message"
    given = inputs(exercise, case)
    back = "The result is there, but gradients cannot flow back through it: your"
    your = back if getattr(error, "on_the_way_back", False) else "Your"
    return (
        f"{your} {noun(exercise)} raised on the case “{case.label}”{at}\n"
        f"{type(error).__name__}: {said[:300]}{'' if said.endswith('.') else '.'}"
        f"{_self_missing(exercise, error)}\n{given}"
    )


def _self_missing(exercise: Exercise, error: BaseException) -> str:
    """Return a hint where a method asks for a name that may live on self."""
    if type(error) is not NameError or noun(exercise) != "class":
        return ""
    return f" If __init__ made it, a method finds it as self.{error.name}."


def noun(exercise: Exercise) -> str:
    """Return "function" or "class"."""
    return "class" if exercise.protocol and "class" in exercise.protocol.noun else "function"


def inputs(exercise: Exercise, case: Case) -> str:
    """Name the inputs of a case with their sizes: "It was given q (2, 3) float64, n = 3."."""
    named = arguments(exercise, case)
    given = ", ".join(f"{name} {_size(value)}" for name, value in named.items()) or "no inputs"
    built = ", ".join(f"{name} {_size(value)}" for name, value in case.init.items())
    return f"It was {f'built with {built} and ' if built else ''}given {given}."


def _size(value: Any) -> str:
    return (
        size(value)
        if isinstance(value, torch.Tensor | np.ndarray | list | tuple)
        else f"= {size(value)}"
    )


def arguments(exercise: Exercise, case: Case) -> dict[str, Any]:
    """Return the inputs of a case by the names of the reference's parameters."""
    from course_lib.checking.reference import load_reference

    target = load_reference(exercise)
    target = target.forward if inspect.isclass(target) else target  # type: ignore[attr-defined]
    names = [name for name in inspect.signature(target).parameters if name != "self"]
    return dict(zip(names, case.args, strict=False)) | dict(case.kwargs)


def is_own(error: BaseException, judge: Any) -> bool:
    """Tell whether an exception passed through a line of the learner's, not only of who judges."""
    ours = getattr(getattr(judge, "__code__", None), "co_filename", "")
    return learners_line(error, ours)[0] is not None


def learners_line(error: BaseException, ours: str = "") -> tuple[int | None, str]:
    """Return the number and the text of the learner's line that raised, as far as it is known.

    An exception that was raised elsewhere carries it along.
    """
    told: tuple[int | None, str] | None = getattr(error, "raised_at", None)
    return told or _where(error.__traceback__, ours)


def _where(trace: TracebackType | None, ours: str = "") -> tuple[int | None, str]:
    """Find the last line of a traceback that the learner wrote."""
    found: tuple[int | None, str] = (None, "")
    for frame, line in traceback.walk_tb(trace):
        name = frame.f_code.co_filename
        if name != ours and _is_learners(name):
            found = (line, linecache.getline(name, line).strip())
    return found


def current_line() -> tuple[int | None, str]:
    """Return the number and the text of the learner's line that is being run."""
    frame = inspect.currentframe()
    while frame is not None:
        name, line = frame.f_code.co_filename, frame.f_lineno
        if _is_learners(name):
            return line, linecache.getline(name, line).strip()
        frame = frame.f_back
    return None, ""


def _is_learners(name: str) -> bool:
    """Tell a learner's file, or cell, from the libraries' and the course's by its name."""
    if "site-packages" in name or name.startswith(("<frozen", "<string>", "<eval")):
        return False
    return "lib/python" not in name and not Path(name).is_relative_to(LIBRARY)


def is_blank(error: BaseException | None) -> bool:
    """Tell whether an exception is an unsolved stub's own `raise NotImplementedError`."""
    if not isinstance(error, NotImplementedError):
        return False
    _, text = learners_line(error)
    return "raise NotImplementedError" in text or (not text and not error.args)


def left_standing(error: BaseException | None) -> str | None:
    """Say so when an answer stands below the stub's `raise`, where it never runs."""
    file, line = "", 0
    for frame, at in traceback.walk_tb(error.__traceback__ if error else None):
        if _is_learners(frame.f_code.co_filename):
            file, line = frame.f_code.co_filename, at
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return None
    for body in (getattr(node, "body", None) for node in ast.walk(tree)):
        for one, other in pairwise(body if isinstance(body, list) else ()):
            if isinstance(one, ast.Raise) and one.lineno == line:
                return (
                    f"Your line {line} still says raise NotImplementedError, so what begins in "
                    f"line {other.lineno} never runs. Delete line {line}, and run the cell again."
                )
    return None


def kinds(exercise: Exercise, case: Case, finding: Finding, value: Any, expected: Any) -> str:
    """Say that a result is of another kind or size than is due, and on which inputs."""
    shown = ""
    for at, part in enumerate(exercise.parts):
        if finding.message.startswith(f"In {part}: "):
            value, expected = value[at], expected[at]
    if finding.kind == "length" and isinstance(expected, list):
        shown = f":\n    yours     {short(value, ITEMS)}\n    expected  {short(expected, ITEMS)}"
    return (
        f"{finding.message} So it is on the case “{case.label}”{shown or '.'}\n"
        f"{inputs(exercise, case)}"
    )


def recognised(wrong: WrongAnswer, case: Case, finding: Finding, value: Any, expected: Any) -> str:
    """Name a known mistake, show it on the smallest case, and say why it is wrong."""
    if finding.kind in KINDS:
        return f"{wrong.says} On the case “{case.label}”: {finding.message}\n{wrong.why}"
    if finding.difference is None or finding.kind == "gradient":
        return f"{wrong.says} {finding.message}\n{wrong.why}"
    shown = _evidence(finding, value, expected)[0]
    return f"{wrong.says} On the case “{case.label}”{shown}\n{wrong.why}"


def numbers(exercise: Exercise, case: Case, finding: Finding, value: Any, expected: Any) -> str:
    """Say that nothing but the numbers is wrong, and where."""
    where = finding.difference
    shape = isinstance(expected, torch.Tensor | np.ndarray) and np.ndim(expected) > 0
    holds = " and every property holds" if exercise.properties else ""
    opening = f"Right shape, right dtype{holds}, but the" if shape else "The"
    at = f"differs first at {place(where)}" if where and where.index else "differs"
    what = where.part.removeprefix("the ") if where and not where.index else ""
    shown, close = _evidence(finding, value, expected)
    if close:
        shown += "\nSo close is a matter of precision: something was rounded, to float32 or below."
    return f"{opening} {what or 'result'} {at}. On the case “{case.label}”{shown}"


def _evidence(finding: Finding, value: Any, expected: Any) -> tuple[str, bool]:
    """Return the lines "yours … / expected …" for the row that holds the first difference.

    And whether the two are so close that more digits than usual are needed to tell them apart.
    """
    where = finding.difference
    if where is None:
        return ".", False
    yours, due, row = _row(value, where), _row(expected, where), where.index[:-1]
    if yours is None or due is None or len(due) > ROW:
        yours, due, row = [where.yours], [where.expected], where.index
    at = f", {place(replace(where, index=row))} is" if row else ""
    digits = 4 if _join(yours, 4) != _join(due, 4) else 9
    shown = f"{at}:\n    yours     {_join(yours, digits)}\n    expected  {_join(due, digits)}"
    return shown, digits == 9


def _row(value: Any, where: Difference) -> list[Any] | None:
    """Return the numbers of the row that holds a place; None where there is no row."""
    array = as_array(value) if isinstance(value, torch.Tensor) else value
    if not isinstance(array, np.ndarray) or not where.index or array.ndim != len(where.index):
        return None
    return list(array[where.index[:-1]].tolist())


def _join(row: list[Any], digits: int) -> str:
    return "  ".join(_number(item, digits) for item in row)


def _number(item: Any, digits: int) -> str:
    if isinstance(item, bool) or not isinstance(item, float):
        return str(item)
    item += 0.0  # -0.0 reads as 0
    tiny = item and (abs(item) < 1e-3 or abs(item) >= 1e5)
    return f"{item:.{digits}g}" if tiny else f"{item:.{digits}f}"
