"""Prove on any machine that an answer follows the device of its inputs."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from course_lib.checking.case import Case
from course_lib.checking.guard import GlobalState
from course_lib.checking.protocol import Call, Protocol
from course_lib.checking.values import leaves

#: One line below a pass, where the exercise's text says nothing about devices.
REMARK = "On a GPU, tensors made inside would stay on the CPU: give them device=… of an input."
ADVICE = (
    "On a GPU it would fail: a tensor made inside (torch.ones, torch.arange, torch.tensor …) lands "
    "on the CPU unless it is told otherwise. Give it device=… of an input."
)

#: Makes what an answer is called within: its seconds, and where its prints go.
Guard = Callable[[], AbstractContextManager[None]]


def assumes_device(protocol: Protocol, guard: Guard, obj: Any, case: Case) -> str | None:
    """Return a sentence when `obj` makes tensors on a fixed device, or None.

    Two runs, and both must fail, so that right answers pass: inputs on the CPU while new tensors
    land on "meta" by default, and inputs on "meta" while new tensors land on the CPU. A
    zero-dimensional tensor may mix with any device (the second run allows it), and code that looks
    at values (which "meta" has not) passes the first.
    """
    if not Call.of(case).tensors() or not _makes_tensors(protocol, guard, obj, case):
        return None
    warm_up()
    first = _run(protocol, guard, obj, Call.of(case), "meta")
    if not isinstance(first, Exception) and "meta" not in _devices(first):
        return None
    second = _run(protocol, guard, obj, Call.of(case, device="meta"), "cpu")
    if isinstance(second, Exception):
        alone = not isinstance(first, Exception)
        return ADVICE if alone or _is_about_devices(second) else None
    return ADVICE if "cpu" in _devices(second) else None


class _Makes(TorchFunctionMode):
    """Notes whether a tensor is made from none, and not told where to live."""

    made: bool = False

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        told = kwargs.get("device") is not None or bool(_devices([args, kwargs]))
        self.made |= bool(_devices(out)) and not told
        return out


def _makes_tensors(protocol: Protocol, guard: Guard, obj: Any, case: Case) -> bool:
    call, state = Call.of(case), GlobalState.now()
    try:
        target = protocol.prepare(obj, call)
        with guard(), _Makes() as mode:
            target(*call.args, **call.kwargs)
    except Exception:
        return True
    finally:
        state.restore()
    return bool(mode.made)


@cache
def warm_up() -> None:
    """Let torch import what its first sums on "meta" need: that second is not the learner's."""
    x = torch.ones(1, 1, device="meta")
    _ = -(x @ x)


def _run(protocol: Protocol, guard: Guard, obj: Any, call: Call, default: str) -> Any:
    state = GlobalState.now()
    try:
        target = protocol.prepare(obj, call)
        with guard(), torch.device(default):
            return target(*call.args, **call.kwargs)
    except Exception as error:
        return error
    finally:
        state.restore()


def _devices(value: Any) -> set[str]:
    return {leaf.device.type for leaf in leaves(value) if isinstance(leaf, torch.Tensor)}


def _is_about_devices(error: Exception) -> bool:
    text = str(error)
    return "device" in text and "item()" not in text and "numpy" not in text
