"""Call an answer on one case and note everything that happened."""

import contextlib
import io
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from course_lib.checking import device, explain, trace
from course_lib.checking.case import Case
from course_lib.checking.forbidden import ForbiddenCall, Watch, find_forbidden
from course_lib.checking.guard import GlobalState
from course_lib.checking.noise import noise
from course_lib.checking.protocol import Call, Protocol
from course_lib.checking.timeout import Timeout, limit
from course_lib.checking.values import copy, each, equal, leaves, memory

#: Most that an answer's own prints may weigh in a result.
PRINTED = 20_000


@dataclass(frozen=True)
class Outcome:
    """What one call gave: a value with its gradients, or an exception, and its side effects."""

    value: Any = None
    error: BaseException | None = None
    gradients: tuple[torch.Tensor | None, ...] = ()
    changed_inputs: bool = False
    changed: tuple[int | str, ...] = ()  # which, by position or by name, where that is known
    shares_memory: bool = False
    changed_state: list[str] = field(default_factory=list)


class Printed(io.StringIO):
    """Keeps the first characters that an answer prints."""

    def write(self, text: str) -> int:
        if self.tell() < PRINTED:
            super().write(text[: PRINTED - self.tell()])
        return len(text)


#: Told when an answer's time begins to run, with the seconds left, and with None when it stops.
Watching = Callable[[float | None], None]


class Runner:
    """Calls answers under guard, with one budget of seconds for all calls of a check.

    Args:
        protocol: how they are called.
        seconds: the budget.
        watching: see `Watching`; for a process that would end this one when it is late.
    """

    def __init__(
        self, protocol: Protocol, seconds: float = 10.0, watching: Watching | None = None
    ) -> None:
        self.protocol = protocol
        self.seconds = seconds
        self.watching = watching or (lambda left: None)
        self.printed = Printed()

    def run(self, obj: Any, case: Case) -> Outcome:
        """Call `obj` on fresh copies of the case's inputs; only timeouts and interrupts escape."""
        call = Call.of(case, gradients=case.gradients)
        before = GlobalState.now()
        state = GlobalState.seeded()
        try:
            with self._guard():
                value = self.protocol.call(obj, call)
                gradients = self._gradients(obj, case, value, call) if case.gradients else ()
                shared = bool(memory(value) & memory([*call.args, *call.kwargs.values()]))
                value = each(value, _detached)
        except (Timeout, KeyboardInterrupt):
            raise
        except BaseException as error:
            return Outcome(error=error)
        finally:
            changes = state.changes()
            before.restore()
        changed = _changed(call, case)
        return Outcome(
            value=value,
            gradients=gradients,
            changed_inputs=bool(changed),
            changed=changed,
            shares_memory=shared,
            changed_state=changes,
        )

    def _gradients(
        self, obj: Any, case: Case, value: Any, call: Call
    ) -> tuple[torch.Tensor | None, ...]:
        try:
            return gradients_of(value, call)
        except Exception as error:
            if explain.learners_line(error)[0] is None:
                within = contextlib.nullcontext  # this call is under guard already
                line = trace.stops_gradients(self.protocol, within, obj, case, str(error))
                vars(error).update(raised_at=line, on_the_way_back=True)
            raise

    def first_nan(self, obj: Any, case: Case) -> str:
        """Say where the first NaN of a result comes from, as far as that can be known."""
        return trace.first_nan(self.protocol, self._guard, obj, case)

    def caller(self, obj: Any, case: Case) -> Callable[..., Any]:
        """Return a guarded way for a property to call the answer again, with inputs of its own."""

        def again(*args: Any, **kwargs: Any) -> Any:
            call = Call(copy(args), copy(kwargs), dict(case.init), copy(dict(case.state)))
            with self._guard():
                return self.protocol.call(obj, call)

        return again

    def refuse(self, name: str, obj: Any, case: Case) -> None:
        """Raise `WrongObject` unless `obj` is what the exercise asks for."""
        self.protocol.refuse(name, obj, case)

    def forbidden(self, obj: Any, case: Case, names: Sequence[str]) -> str | None:
        """Return the first forbidden name that `obj` uses, by its source or at work, or None."""
        return find_forbidden(obj, names) or self.watch(obj, case, names)

    def assumes_device(self, obj: Any, case: Case) -> str | None:
        """Return a sentence when `obj` makes tensors on a fixed device, or None."""
        return device.assumes_device(self.protocol, self._guard, obj, case)

    def watch(self, obj: Any, case: Case, names: Sequence[str]) -> str | None:
        """Return the forbidden name that torch is asked for during one call, or None."""
        state, call = GlobalState.now(), Call.of(case)
        try:
            with self._guard():
                target = self.protocol.prepare(obj, call)
                with Watch(names):
                    target(*call.args, **call.kwargs)
        except ForbiddenCall as error:
            return error.name
        except Exception:
            return None
        finally:
            state.restore()
        return None

    @contextlib.contextmanager
    def _guard(self) -> Iterator[None]:
        if self.seconds <= 0:
            raise Timeout
        self.watching(self.seconds)
        started = time.perf_counter()
        try:
            with (
                limit(
                    self.seconds, self._importing
                ),  # first: what it has to say must not go where the prints go
                contextlib.redirect_stdout(self.printed),
                contextlib.redirect_stderr(self.printed),
                warnings.catch_warnings(action="ignore"),
            ):
                yield
        finally:
            self.seconds -= time.perf_counter() - started
            self.watching(None)

    def _importing(self) -> None:
        self.watching(self.seconds)


def gradients_of(value: Any, call: Call) -> tuple[torch.Tensor | None, ...]:
    """Return the gradient of every input that collects one, against fixed noise on the outputs."""
    inputs = [tensor for tensor in call.tensors() if tensor.requires_grad]
    outputs = [
        leaf
        for leaf in leaves(value)
        if isinstance(leaf, torch.Tensor) and leaf.is_floating_point()
    ]
    # One number to differentiate: torch imports sympy (2 s) when it is handed gradients of outputs.
    pulls = [
        (out * noise(77 + place, *out.shape, dtype=out.dtype)).sum()
        for place, out in enumerate(outputs)
        if out.requires_grad
    ]
    if not pulls:
        return tuple(None for _ in inputs)
    return torch.autograd.grad(torch.stack(pulls).sum(), inputs, allow_unused=True)


def _changed(call: Call, case: Case) -> tuple[int | str, ...]:
    """Return which inputs are no longer what they were."""
    was, now = _keyed(case), _keyed(call)
    return tuple(key for key in was if not equal(now[key], was[key]))


def _keyed(given: Call | Case) -> dict[int | str, Any]:
    keyed: dict[int | str, Any] = dict(enumerate(given.args))
    return keyed | dict(given.kwargs)


def _detached(leaf: Any) -> Any:
    return leaf.detach() if isinstance(leaf, torch.Tensor) else leaf
