"""Hand a case's own functions to the sandbox: by name where a library has them, else by value.

Only the marker packs; what the sandbox sends back never holds code. Names of packed functions are
left out, so that an answer cannot read from a name what it should find out by calling.
"""

import functools
import importlib
import marshal
import types
from typing import Any

import numpy as np

from course_lib.grading.sandbox.wire import Decoder, Encoder

GIVEN = "given"


class Packer:
    """Encodes what `Encoder` does not know: functions, modules, partial calls, classes."""

    def __init__(self) -> None:
        self.seen: dict[int, int] = {}
        self.kept: list[Any] = []  # an id is an id only while its object lives

    def __call__(self, value: Any, encoder: Encoder) -> Any:
        """Return the header of a value; raise TypeError for one that cannot be sent."""
        if id(value) in self.seen:
            return {"k": "same", "id": self.seen[id(value)]}
        named = _by_name(value)
        if named is not None:
            return named
        if isinstance(value, types.FunctionType):
            return self._function(value, encoder)
        if isinstance(value, functools.partial):
            parts = (value.func, value.args, dict(value.keywords))
            return {"k": "partial", "v": [encoder.encode(part) for part in parts]}
        raise TypeError(f"a case holds a {type(value).__name__}, which cannot be sent")

    def _function(self, value: types.FunctionType, encoder: Encoder) -> Any:
        place = self.seen[id(value)] = len(self.seen)
        self.kept.append(value)
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
        """Encode a global; of a module of the course, only the names that are used."""
        if isinstance(item, types.ModuleType) and item.__name__.startswith("course_"):
            names = sorted(name for name in used if hasattr(item, name))
            return {"k": "space", "v": [[n, encoder.encode(getattr(item, n))] for n in names]}
        return encoder.encode(item)


def _by_name(value: Any) -> Any:
    """Return a header for what a library holds under a name."""
    if isinstance(value, types.ModuleType) and not value.__name__.startswith("course_"):
        return {"k": "module", "name": value.__name__}
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if name is None or not callable(value):
        return None
    modules = [getattr(value, "__module__", None), "torch", "torch.nn.functional", "builtins"]
    for module in modules:
        if not module or module.startswith("course_"):
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
        if kind == "function":
            return self._function(header, decoder)
        return _unpack_source(kind, header, decoder)

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
