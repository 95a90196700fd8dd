"""Hand a case's own functions and objects to the sandbox: by name where it has them, else by value.

Only the marker packs; what the sandbox sends back never holds code. Names of packed functions are
left out, so that an answer cannot read from a name what it should find out by calling.
"""

import collections
import functools
import importlib
import itertools
import marshal
import types
from pathlib import Path
from typing import Any

import numpy as np
import torch

from course_lib.grading.sandbox.wire import Decoder, Encoder

GIVEN = "given"
#: Parts of a class that Python or dataclasses make again, or that nobody needs.
LEFT_OUT = {
    *("__dict__", "__weakref__", "__module__", "__doc__", "__annotations__", "__slots__"),
    *("__dataclass_fields__", "__dataclass_params__", "__match_args__", "__orig_bases__"),
    *("__abstractmethods__", "_abc_impl", "__parameters__", "__qualname__", "__classcell__"),
    *("__setattr__", "__delattr__", "__init__", "__repr__", "__hash__", "__eq__", "__replace__"),
}
MADE_AGAIN = {"__setattr__", "__delattr__", "__init__", "__repr__", "__hash__", "__eq__"}


class Packer:
    """Encodes what `Encoder` does not know: functions, classes, modules, objects of all kinds.

    Args:
        kit: the folder of the course's code inside; what it holds goes by name.
    """

    def __init__(self, kit: Path) -> None:
        self.kit = kit
        self.seen: dict[int, int] = {}
        self.kept: list[Any] = []  # an id is an id only while its object lives

    def __call__(self, value: Any, encoder: Encoder) -> Any:
        """Return the header of a value; raise TypeError for one that cannot be sent."""
        if id(value) in self.seen:
            return {"k": "same", "id": self.seen[id(value)]}
        named = self._by_name(value)
        if named is not None:
            return named
        if isinstance(value, torch.Size):
            return encoder.encode(tuple(value))
        if isinstance(value, set | frozenset):
            return {"k": "set", "v": [encoder.encode(item) for item in sorted(value, key=repr)]}
        if isinstance(value, types.FunctionType):
            return self._function(value, encoder)
        if isinstance(value, types.MethodType):
            return {
                "k": "method",
                "v": [encoder.encode(value.__func__), self(value.__self__, encoder)],
            }
        if isinstance(value, functools._lru_cache_wrapper):
            return encoder.encode(value.__wrapped__)
        if isinstance(value, functools.partial):
            parts = (value.func, value.args, dict(value.keywords))
            return {"k": "partial", "v": [encoder.encode(part) for part in parts]}
        if isinstance(value, type):
            return self._class(value, encoder)
        if isinstance(value, dict):
            return {"k": "ordered", "v": encoder.encode(dict(value))}
        return self._object(value, encoder)

    def tensor(self, value: Any, encoder: Encoder) -> Any:
        """Encode a parameter so that it arrives as one; the same one twice arrives as one, too."""
        if id(value) in self.seen:
            return {"k": "same", "id": self.seen[id(value)]}
        place = self._note(value)
        plain, grad = encoder.encode(value.detach()), encoder.encode(value.grad)
        return {"k": "parameter", "id": place, "v": plain, "g": grad, "grad": value.requires_grad}

    def _note(self, value: Any) -> int:
        place = self.seen[id(value)] = len(self.seen)
        self.kept.append(value)
        return place

    def _object(self, value: Any, encoder: Encoder) -> Any:
        """Encode an object as its class and its attributes."""
        if not hasattr(value, "__dict__") or type(value).__module__ == "builtins":
            raise TypeError(f"a case holds a {type(value).__name__}, which cannot be sent")
        place = self._note(value)
        return {
            "k": "object",
            "id": place,
            "class": encoder.encode(type(value)),
            "state": encoder.encode(dict(vars(value))),
        }

    def _class(self, value: type, encoder: Encoder) -> Any:
        place = self._note(value)
        fields = hasattr(value, "__dataclass_fields__")
        out = LEFT_OUT if fields else LEFT_OUT - MADE_AGAIN
        items = [(name, item) for name, item in vars(value).items() if name not in out]
        return {
            "k": "class",
            "id": place,
            "bases": [encoder.encode(base) for base in value.__bases__],
            "items": [[name, self._member(item, encoder)] for name, item in items],
        }

    def _member(self, item: Any, encoder: Encoder) -> Any:
        for kind in (staticmethod, classmethod):
            if isinstance(item, kind):
                return {"k": kind.__name__, "v": encoder.encode(item.__func__)}
        if isinstance(item, property):
            return {"k": "property", "v": encoder.encode(item.fget)}
        return encoder.encode(item)

    def _function(self, value: types.FunctionType, encoder: Encoder) -> Any:
        place = self._note(value)
        code = value.__code__
        used = _names(code)
        known = {name: value.__globals__[name] for name in used if name in value.__globals__}
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return {
            "k": "function",
            "id": place,
            "code": encoder.encode(np.frombuffer(marshal.dumps(_nameless(code)), dtype=np.uint8)),
            "globals": [[name, self._global(item, used, encoder)] for name, item in known.items()],
            "closure": [encoder.encode(item) for item in cells],
            "defaults": encoder.encode(value.__defaults__),
            "kwdefaults": encoder.encode(value.__kwdefaults__),
        }

    def _global(self, item: Any, used: set[str], encoder: Encoder) -> Any:
        """Encode a global; of a module that is not inside, only the names that are used."""
        if isinstance(item, types.ModuleType) and not self._inside(item.__name__):
            names = sorted(name for name in used if hasattr(item, name))
            return {"k": "space", "v": [[n, encoder.encode(getattr(item, n))] for n in names]}
        return encoder.encode(item)

    def _inside(self, module: str) -> bool:
        """Tell whether the sandbox can import a module."""
        if not module.startswith("course_"):
            return True
        path = self.kit.joinpath(*module.split("."))
        return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()

    def _by_name(self, value: Any) -> Any:
        """Return a header for what the sandbox holds under a name."""
        if isinstance(value, types.ModuleType):
            return {"k": "module", "name": value.__name__} if self._inside(value.__name__) else None
        if not callable(value):
            return None
        modules = [getattr(value, "__module__", None), "torch", "torch.nn.functional", "builtins"]
        names = [getattr(value, key, None) for key in ("__qualname__", "__name__")]
        for module, name in itertools.product(modules, names):
            if not (isinstance(module, str) and isinstance(name, str) and self._inside(module)):
                continue
            if _found(module, name) is value:
                return {"k": "name", "module": module, "name": name}
        return None


def _found(module: str, name: str) -> Any:
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    return found


def _names(code: types.CodeType) -> set[str]:
    inner = [_names(const) for const in code.co_consts if isinstance(const, types.CodeType)]
    return set(code.co_names).union(*inner)


def _nameless(code: types.CodeType) -> types.CodeType:
    consts = tuple(
        _nameless(const) if isinstance(const, types.CodeType) else const for const in code.co_consts
    )
    return code.replace(
        co_name=GIVEN, co_qualname=GIVEN, co_filename="<case>", co_consts=consts, co_firstlineno=1
    )


class Unpacker:
    """Makes functions of what `Packer` sent; used inside the sandbox only."""

    def __init__(self) -> None:
        self.made: dict[int, Any] = {}

    def __call__(self, header: Any, decoder: Decoder) -> Any:
        """Return the value of a header."""
        kind = header["k"]
        if kind == "same":
            return self.made[header["id"]]
        if kind == "module":
            return importlib.import_module(header["name"])
        if kind == "name":
            return _found(header["module"], header["name"])
        if kind == "partial":
            target, args, kwargs = (decoder.decode(part) for part in header["v"])
            return functools.partial(target, *args, **kwargs)
        if kind == "space":
            space = types.SimpleNamespace()
            for name, item in header["v"]:
                setattr(space, name, decoder.decode(item))
            return space
        make = getattr(self, f"_{kind}", None)
        if make is not None:
            return make(header, decoder)
        return _unpack_source(kind, header, decoder)

    def _set(self, header: Any, decoder: Decoder) -> Any:
        return {decoder.decode(item) for item in header["v"]}

    def _ordered(self, header: Any, decoder: Decoder) -> Any:
        return collections.OrderedDict(decoder.decode(header["v"]))

    def _method(self, header: Any, decoder: Decoder) -> Any:
        function, owner = (decoder.decode(item) for item in header["v"])
        return types.MethodType(function, owner)

    def _parameter(self, header: Any, decoder: Decoder) -> Any:
        plain = decoder.decode(header["v"])
        made = self.made[header["id"]] = torch.nn.Parameter(plain, requires_grad=header["grad"])
        made.grad = decoder.decode(header["g"])
        return made

    def _object(self, header: Any, decoder: Decoder) -> Any:
        kind = decoder.decode(header["class"])
        made = self.made[header["id"]] = kind.__new__(kind)
        vars(made).update(decoder.decode(header["state"]))
        return made

    def _class(self, header: Any, decoder: Decoder) -> Any:
        bases = tuple(decoder.decode(base) for base in header["bases"])
        made = self.made[header["id"]] = types.new_class("Given", bases)
        for name, item in header["items"]:
            setattr(made, name, decoder.decode(item))
        return made

    def _staticmethod(self, header: Any, decoder: Decoder) -> Any:
        return staticmethod(decoder.decode(header["v"]))

    def _classmethod(self, header: Any, decoder: Decoder) -> Any:
        return classmethod(decoder.decode(header["v"]))

    def _property(self, header: Any, decoder: Decoder) -> Any:
        return property(decoder.decode(header["v"]))

    def _function(self, header: Any, decoder: Decoder) -> Any:
        """Build a function; its parts are decoded in the order in which they were encoded."""
        code = marshal.loads(decoder.decode(header["code"]).tobytes())
        names: dict[str, Any] = {"__builtins__": __builtins__}
        cells = tuple(types.CellType() for _ in header["closure"])
        made = types.FunctionType(code, names, GIVEN, None, cells)
        self.made[header["id"]] = made
        for name, item in header["globals"]:
            names[name] = decoder.decode(item)
        for cell, item in zip(cells, header["closure"], strict=True):
            cell.cell_contents = decoder.decode(item)
        made.__defaults__ = decoder.decode(header["defaults"])
        made.__kwdefaults__ = decoder.decode(header["kwdefaults"])
        return made


def _unpack_source(kind: str, header: Any, decoder: Decoder) -> Any:
    """Rebuild a source of random numbers at the state it was in."""
    import torch

    if kind == "generator":
        return torch.Generator(header["device"]).set_state(decoder.decode(header["v"]))
    if kind == "rng":
        state = decoder.decode(header["v"])
        source = getattr(np.random, state["bit_generator"])()
        source.state = state
        return np.random.Generator(source)
    if kind == "device":
        return torch.device(header["v"])
    raise KeyError(kind)
