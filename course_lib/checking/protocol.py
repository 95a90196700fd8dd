"""How an answer is called: a function as it is, an `nn.Module` class after loading its parameters."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from course_lib.checking.exercise import Case
from course_lib.checking.values import copy, leaves


class WrongObject(Exception):
    """The object is not what the exercise asks for; the message is for the learner."""


@dataclass(frozen=True)
class Call:
    """A case made ready: fresh copies of its inputs, which collect gradients if asked."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    init: Mapping[str, Any]
    state: Mapping[str, Any]

    @classmethod
    def of(cls, case: Case, gradients: bool = False, device: str | None = None) -> "Call":
        """Copy the inputs of a case."""

        def ready(value: Any) -> Any:
            value = copy(value, gradients=gradients)
            return value if device is None else _move(value, device)

        return cls(
            ready(case.args), ready(dict(case.kwargs)), dict(case.init), ready(dict(case.state))
        )

    def tensors(self) -> list[torch.Tensor]:
        """Return every tensor among the inputs and the parameters."""
        values = [*leaves(list(self.args)), *leaves(dict(self.kwargs)), *leaves(dict(self.state))]
        return [value for value in values if isinstance(value, torch.Tensor)]


def _move(value: Any, device: str) -> Any:
    from course_lib.checking.values import each

    return each(value, lambda leaf: leaf.to(device) if isinstance(leaf, torch.Tensor) else leaf)


class Protocol:
    """Calls functions."""

    noun = "function"

    def refuse(self, name: str, obj: Any, case: Case) -> None:
        """Raise `WrongObject` unless `obj` is of the right kind and takes the case's inputs."""
        if inspect.isclass(obj):
            raise WrongObject(f"{name} is a function here; you passed the class {obj.__name__}.")
        if not callable(obj):
            raise WrongObject(f"{name} is a function here; you passed {_a(obj)}.")
        self._bind(name, obj, case)

    def _bind(self, name: str, obj: Callable[..., Any], case: Case) -> None:
        try:
            signature = inspect.signature(obj)
        except (TypeError, ValueError):
            return
        try:
            signature.bind(*case.args, **case.kwargs)
        except TypeError as error:
            given = len(case.args)
            named = f" and {', '.join(case.kwargs)} by name" if case.kwargs else ""
            raise WrongObject(
                f"{name} is called with {given} argument{'s' * (given != 1)} by position{named}; "
                f"yours is {name}{signature}, which does not take them ({error}). "
                "Restore the first line of the exercise cell."
            ) from None

    def prepare(self, obj: Any, call: Call) -> Callable[..., Any]:
        """Return what is to be called with the inputs."""
        return obj  # type: ignore[no-any-return]

    def call(self, obj: Any, call: Call) -> Any:
        """Call an answer."""
        return self.prepare(obj, call)(*call.args, **call.kwargs)

    def expect(self, oracle: Callable[..., Any], call: Call) -> Any:
        """Ask the oracle for the same call."""
        return oracle(*call.args, **call.kwargs)


class ModuleProtocol(Protocol):
    """Builds an `nn.Module` class, loads the case's parameters into it, and calls it.

    The oracle receives the parameters first: `oracle(state, *args, **kwargs, **init)`.
    """

    noun = "nn.Module class"

    def refuse(self, name: str, obj: Any, case: Case) -> None:
        if not (inspect.isclass(obj) and issubclass(obj, nn.Module)):
            raise WrongObject(
                f"{name} is a class here, derived from nn.Module; you passed {_a(obj)}. "
                "Pass the class itself, not an object of it."
            )
        forward = obj.forward.__get__(object(), object)
        self._bind(f"{name}.forward", forward, case)

    def prepare(self, obj: Any, call: Call) -> Callable[..., Any]:
        random = torch.get_rng_state()
        try:
            module = obj(**call.init)
        finally:
            torch.set_rng_state(random)
        state = dict(call.state)
        self._compare_parameters(module, state)
        dtype = next((t.dtype for t in state.values() if t.is_floating_point()), torch.float64)
        module.to(dtype)
        if any(tensor.device.type == "meta" for tensor in state.values()):
            return module.to("meta")  # type: ignore[no-any-return]
        if any(tensor.requires_grad for tensor in state.values()):
            return lambda *args, **kwargs: torch.func.functional_call(module, state, args, kwargs)
        module.load_state_dict(state, strict=False)
        return module  # type: ignore[no-any-return]

    def _compare_parameters(self, module: nn.Module, state: Mapping[str, Any]) -> None:
        yours = {name: tuple(p.shape) for name, p in module.named_parameters()}
        due = {name: tuple(tensor.shape) for name, tensor in state.items()}
        if yours == due:
            return
        missing = [name for name in due if name not in yours]
        extra = [name for name in yours if name not in due]
        if missing or extra:
            said = [f"it lacks {', '.join(missing)}"] if missing else []
            said += [f"it has {', '.join(extra)} beyond them"] if extra else []
            raise WrongObject(
                f"The parameters should be {', '.join(due)}; in yours, {' and '.join(said)}. "
                "Keep the names of the exercise: the check loads parameters by them."
            )
        name = next(name for name in due if due[name] != yours[name])
        raise WrongObject(f"{name} should have shape {due[name]}; yours has {yours[name]}.")

    def expect(self, oracle: Callable[..., Any], call: Call) -> Any:
        return oracle(call.state, *call.args, **call.kwargs, **call.init)


def _a(obj: Any) -> str:
    if inspect.isclass(obj):
        return f"the class {obj.__name__}"
    if inspect.isroutine(obj):
        return "a function"
    kind = type(obj).__name__
    article = "an" if kind[0] in "aeiouAEIOU" else "a"
    text = repr(obj)
    return f"{article} {kind} ({text})" if len(text) <= 30 else f"{article} {kind}"
