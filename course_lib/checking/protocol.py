"""How an answer is called: a function as it is, a module class after loading its parameters."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from course_lib.checking.case import Case
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
            by_place = f"{given} argument{'s' * (given != 1)} by position"
            by_name = f"{', '.join(case.kwargs)} by name"
            said = " and ".join(
                [by_place] * (given > 0 or not case.kwargs) + [by_name] * bool(case.kwargs)
            )
            raise WrongObject(
                f"{name} is called with {said}; "
                f"yours is {name}{signature}, which does not take them ({error}). "
                "Restore its first line."
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


class LongStream(Protocol):
    """Calls a function whose last argument is a list, which a case may make very long.

    A case whose `init` says `{"times": n}` hands the list out n times over, by reference: who goes
    through it needs no memory for that, who joins it needs all. The oracle is told `times`.
    """

    def prepare(self, obj: Any, call: Call) -> Callable[..., Any]:
        """Return a function that lengthens the list first."""
        times = int(call.init.get("times", 1))
        return lambda *args: obj(*args[:-1], list(args[-1]) * times)

    def expect(self, oracle: Callable[..., Any], call: Call) -> Any:
        """Ask the oracle, which need not go through the list so often."""
        return oracle(*call.args, **call.init)


class ModuleProtocol(Protocol):
    """Builds an `nn.Module` class, loads the case's parameters into it, and calls it.

    The oracle receives the parameters first: `oracle(state, *args, **kwargs, **init)`.
    """

    noun = "nn.Module class"

    def refuse(self, name: str, obj: Any, case: Case) -> None:
        """Raise `WrongObject` unless `obj` is a module class that can be built and called."""
        due = f"{name} is a class here, derived from nn.Module"
        if isinstance(obj, nn.Module):
            raise WrongObject(
                f"{due}; you passed an object of it. Pass the class, without brackets."
            )
        if inspect.isclass(obj) and not issubclass(obj, nn.Module):
            raise WrongObject(f"{due}; yours is not. Begin with: class {name}(nn.Module):")
        if not inspect.isclass(obj):
            raise WrongObject(f"{due}; you passed {_a(obj)}.")
        methods = {"forward": "is what a call runs"}
        if case.init:
            methods = {"__init__": "makes the parameters"} | methods
        for method, why in methods.items():
            if getattr(obj, method) is getattr(nn.Module, method):
                raise WrongObject(f"Your class has no method {method}, which {why}.")
        self._bind_method(name, obj, "__init__", Case(label="", kwargs=case.init))
        self._bind_method(name, obj, "forward", case)

    def _bind_method(self, name: str, obj: Any, method: str, case: Case) -> None:
        try:
            self._bind(f"{name}.{method}", getattr(obj, method).__get__(object(), object), case)
        except WrongObject as error:
            first = next(iter(inspect.signature(getattr(obj, method)).parameters), None)
            hint = "" if first == "self" else " A method's first argument is self."
            raise WrongObject(f"{error}{hint}") from None

    def prepare(self, obj: Any, call: Call) -> Callable[..., Any]:
        module, state = self._build(obj, call), dict(call.state)
        self._compare_parameters(module, state)
        dtype = next((t.dtype for t in state.values() if t.is_floating_point()), torch.float64)
        module.to(dtype)
        if any(tensor.device.type == "meta" for tensor in state.values()):
            return module.to("meta")  # type: ignore[no-any-return]
        if any(tensor.requires_grad for tensor in state.values()):
            return lambda *args, **kwargs: torch.func.functional_call(module, state, args, kwargs)
        module.load_state_dict(state, strict=False)
        return module  # type: ignore[no-any-return]

    def _build(self, obj: Any, call: Call) -> Any:
        """Construct the module; the random numbers of fresh parameters leave no trace."""
        random = torch.get_rng_state()
        try:
            module = obj(**call.init)
            ready = "_parameters" in vars(module)
        except AttributeError as error:
            if "Module.__init__()" not in str(error):
                raise
            ready = False
        finally:
            torch.set_rng_state(random)
        if not ready:
            raise WrongObject(
                "super().__init__() has not run when your class needs it: it prepares the places "
                "where parameters are kept. Make it the first line of __init__, brackets included."
            )
        return module

    def _compare_parameters(self, module: nn.Module, state: Mapping[str, Any]) -> None:
        yours = {name: tuple(p.shape) for name, p in module.named_parameters()}
        due = {name: tuple(tensor.shape) for name, tensor in state.items()}
        missing = [name for name in due if name not in yours]
        extra = [name for name in yours if name not in due]
        if missing or extra:
            said = f"lacks {', '.join(missing)}" if missing else ""
            said += " and " if missing and extra else ""
            said += f"has {', '.join(extra)} beyond them" if extra else ""
            raise WrongObject(
                f"The parameters should be {', '.join(due)}. Your class {said}. "
                + _why_parameters_differ(module, missing, extra)
            )
        for name, shape in due.items():
            if shape != yours[name]:
                raise WrongObject(
                    f"{name} should have shape {shape}; yours has {yours[name]}."
                    + _why_shape_differs(module, name, shape, yours[name])
                )

    def expect(self, oracle: Callable[..., Any], call: Call) -> Any:
        return oracle(call.state, *call.args, **call.kwargs, **call.init)


def _why_parameters_differ(module: nn.Module, missing: list[str], extra: list[str]) -> str:
    """Return what most likely went wrong, in one sentence."""
    wanted = {name.split(".")[0] for name in missing}
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor) and name in wanted:
            return f"self.{name} is a plain tensor: wrap it in nn.Parameter, or keep a layer."
        held = [] if name.startswith("_") else list(leaves(value))
        if len(held) > 1 and isinstance(held[0], nn.Module):
            return f"PyTorch does not look inside self.{name}: set each layer on self by its name."
    for name in sorted(wanted.intersection(extra)):
        return f"self.{name} should be a layer: its weight is then called {name}.weight."
    if not extra and all(name.endswith("bias") for name in missing):
        return "Layers have a bias unless they are made with bias=False."
    if missing and not extra:
        return "Set them on self, in __init__: the check loads parameters by their names."
    if not missing and all(name.endswith("bias") for name in extra):
        return "A layer is made without a bias by bias=False."
    return "Keep the names of the exercise: the check loads parameters by them."


def _why_shape_differs(module: nn.Module, name: str, due: Any, yours: Any) -> str:
    layer = module.get_submodule(name.rpartition(".")[0])
    if isinstance(layer, nn.Linear) and yours == due[::-1]:
        return " nn.Linear takes the width of its inputs first, of its outputs second."
    return ""


def _a(obj: Any) -> str:
    if obj is None:
        return "None"
    if inspect.isclass(obj):
        return f"the class {obj.__name__}"
    if inspect.isroutine(obj):
        return "a function"
    kind = type(obj).__name__
    article = "an" if kind[0] in "aeiouAEIOU" else "a"
    text = repr(obj)
    return f"{article} {kind} ({text})" if len(text) <= 30 else f"{article} {kind}"
