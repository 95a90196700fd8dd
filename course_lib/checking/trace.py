"""Run an answer once more and find the line that makes the first NaN, or that stops gradients."""

import math
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from course_lib.checking import explain
from course_lib.checking.case import Case
from course_lib.checking.guard import GlobalState
from course_lib.checking.protocol import Call, Protocol
from course_lib.checking.values import leaves

#: Makes what an answer is called within: its seconds, and where its prints go.
Guard = Callable[[], AbstractContextManager[None]]
Line = tuple[int | None, str]

DIVISIONS = {"div", "divide", "true_divide", "truediv", "rtruediv", "rdiv", "itruediv"}
DIFFERENCES = {"sub", "subtract", "rsub", "isub", "add", "radd", "iadd"}
PRODUCTS = {"mul", "multiply", "rmul", "imul"}
#: Names of calls that write into a tensor.
IN_PLACE = re.compile(r"__(i\w+|setitem)__|\w+[a-z0-9]_")
#: Sums of products, and sums.
SUMS = {"matmul", "rmatmul", "mm", "bmm", "einsum", "linear", "dot", "mv", "sum", "mean", "cumsum"}


class _Calls(TorchFunctionMode):
    """Tells `note` of every call to torch: name, inputs, result, whether an input held NaN."""

    def __init__(self, note: Callable[[str, list[Tensor], list[Tensor], bool], None]) -> None:
        super().__init__()
        self.note = note

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        given = _floats([*args, *(kwargs or {}).values()])
        lost = any(_nan(tensor) for tensor in given)
        out = func(*args, **(kwargs or {}))
        self.note(getattr(func, "__name__", ""), given, _floats(out), lost)
        return out


def first_nan(protocol: Protocol, guard: Guard, obj: Any, case: Case) -> str:
    """Say where the first NaN of a result comes from, as far as that can be known."""
    if any(_nan(tensor) for tensor in _floats([*case.args, *case.kwargs.values()])):
        return (
            "An input of this case holds NaN where it must not count, and whatever is added to or "
            "multiplied by NaN is NaN, 0 · NaN too."
        )
    found = _Search()
    _again(protocol, guard, obj, case, found.note)
    return found.said or "NaN comes from 0/0, ∞/∞, ∞ − ∞ or 0 · ∞; an overflow makes the ∞."


class _Search:
    """Looks for the first call that makes NaN of numbers, and remembers who made the first ∞."""

    def __init__(self) -> None:
        self.said, self.overflow = "", ""

    def note(self, name: str, given: list[Tensor], out: list[Tensor], lost: bool) -> None:
        name = name.strip("_")
        if self.said or lost:
            return
        if any(_nan(tensor) for tensor in out):
            why = _why(name, given)
            origin = self.overflow if "∞" in why else ""
            self.said = f"The first NaN arises{_at(explain.current_line())}: {why}.{origin}"
        elif not self.overflow and _infinite(out) and not _infinite(given):
            how = "an exponential grows beyond the largest float" if name == "exp" else name
            self.overflow = f" The first ∞ arises{_at(explain.current_line())}: {how}."


def _at(line: Line) -> str:
    return f" at your line {line[0]}, “{line[1]}”" if line[0] else ""


def _why(name: str, given: list[Tensor]) -> str:
    """Name the sum that has no result, from what went into a call."""
    if name in DIVISIONS:
        return "∞/∞" if _infinite(given) and not _zero_by_zero(given) else "0/0"
    if name in DIFFERENCES:
        return "∞ − ∞"
    if name in PRODUCTS:
        return "0 · ∞"
    if "softmax" in name:
        above = any(bool((tensor == math.inf).any()) for tensor in given)
        return "a softmax over a row that holds ∞" if above else "a softmax over nothing but −∞"
    if name in SUMS and _infinite(given):
        return "∞ meets 0 or −∞ in a sum"
    if name in {"mean", "std", "var"}:
        return f"{name} of too few numbers, 0/0"
    return f"{name or 'this call'} has no result for its inputs"


def _zero_by_zero(given: list[Tensor]) -> bool:
    if len(given) == 1:
        return not _infinite(given)
    return bool(((given[0] == 0) & (given[1] == 0)).any())


def stops_gradients(protocol: Protocol, guard: Guard, obj: Any, case: Case, said: str) -> Line:
    """Return the last line of the learner's whose call an error of the way back speaks of."""
    lines: list[tuple[str, Line]] = []
    in_place = "inplace" in said

    def note(name: str, given: list[Tensor], out: list[Tensor], lost: bool) -> None:
        lines.append((name, explain.current_line()))

    _again(protocol, guard, obj, case, note, gradients=True)
    for name, line in reversed(lines):
        fits = bool(IN_PLACE.fullmatch(name)) if in_place else name.strip("_") in said
        if line[0] and len(name) > 2 and fits:
            return line
    return None, ""


def _again(
    protocol: Protocol,
    guard: Guard,
    obj: Any,
    case: Case,
    note: Callable[..., None],
    gradients: bool = False,
) -> None:
    call, state = Call.of(case, gradients=gradients), GlobalState.now()
    try:
        target = protocol.prepare(obj, call)
        with guard(), _Calls(note):
            target(*call.args, **call.kwargs)
    except Exception:  # what it says is told already
        return
    finally:
        state.restore()


def _floats(value: Any) -> list[Tensor]:
    found = [leaf for leaf in leaves(value) if isinstance(leaf, Tensor)]
    return [leaf.detach() for leaf in found if leaf.is_floating_point()]


def _nan(tensor: Tensor) -> bool:
    return bool(tensor.isnan().any())


def _infinite(tensors: list[Tensor]) -> bool:
    return any(bool(tensor.isinf().any()) for tensor in tensors)
