"""Messages between marker and sandbox: a length-limited JSON header, then raw arrays. No pickle.

A message is eight bytes (the lengths of header and body), the header, and the bytes of every array
one after another. Tensors and arrays appear in the header as dtype and shape; a number of bytes
that does not fit them is malformed. Nothing is allocated on the word of a header.
"""

import json
import math
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

_NOTHING = np.empty(0, dtype=np.uint8)
LENGTHS = struct.Struct(">II")
#: Values nested deeper than this are nobody's answer.
DEPTH = 20
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.bool, torch.uint8),
        *(torch.int8, torch.int16, torch.int32, torch.int64, torch.complex64, torch.complex128),
    )
}
ARRAYS = {
    *("float64", "float32", "float16", "bool", "uint8", "int8", "int16", "int32", "int64"),
    *("uint16", "uint32", "uint64", "complex64", "complex128"),
}


class WireError(Exception):
    """The other side sent what no message is; the message says what."""


class Late(WireError):
    """Nothing complete came in time."""


class Gone(WireError):
    """The other side has closed."""


@dataclass(frozen=True)
class Size:
    """The most that one message may weigh, in bytes."""

    header: int = 1 << 20
    body: int = 64 << 20


# ---------------------------------------------------------------- messages


def framed(header: Any, arrays: list[bytes] | None = None) -> bytes:
    """Return the bytes of one message."""
    text = json.dumps(header).encode()
    body = b"".join(arrays or [])
    return LENGTHS.pack(len(text), len(body)) + text + body


def receive(
    link: socket.socket, size: Size | None = None, until: float | None = None
) -> tuple[Any, memoryview]:
    """Read one message: its header, and the bytes of its arrays.

    Args:
        link: a stream socket.
        size: the most that it may weigh.
        until: `time.monotonic()` at which waiting ends.

    Raises:
        WireError: when what came is no message, is too large, late, or ended.
    """
    size = size or Size()
    text, body = LENGTHS.unpack(_exactly(link, LENGTHS.size, until))
    if text > size.header or body > size.body:
        raise WireError(f"a message of {text + body:,} bytes is too large")
    head = _exactly(link, text, until)
    data = _exactly(link, body, until)
    try:
        return json.loads(bytes(head)), memoryview(data)
    except (ValueError, RecursionError):
        raise WireError("a message whose header is not JSON") from None


def wait_for(link: socket.socket, until: float | None, *, write: bool = False) -> tuple[bool, bool]:
    """Wait until a socket can be read (or written), and say which.

    Raises:
        Late: when that takes too long.
    """
    left = None if until is None else max(0.0, until - time.monotonic())
    ready = select.select([link], [link] if write else [], [], left)
    if not any(ready):
        raise Late("no answer in time")
    return bool(ready[0]), bool(ready[1])


def _exactly(link: socket.socket, count: int, until: float | None) -> bytearray:
    """Read `count` bytes in pieces: memory grows with what came, not with what was promised."""
    data = bytearray()
    while len(data) < count:
        wait_for(link, until)
        try:
            piece = link.recv(min(count - len(data), 1 << 20), socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue
        except OSError as error:
            raise Gone(f"the sandbox is gone ({error.strerror})") from None
        if not piece:
            raise Gone("the sandbox has ended")
        data += piece
    return data


# ---------------------------------------------------------------- values


class Stranger:
    """Stands for an object of a kind that is not sent: only its type's name and a text came."""

    text = ""

    def __repr__(self) -> str:
        return self.text


class Encoder:
    """Turns a nested value into a header and arrays.

    Args:
        strange: what to do with a leaf of another kind: returns its header, or raises.
    """

    def __init__(self, strange: "Callable[[Any, Encoder], Any] | None" = None) -> None:
        self.arrays: list[bytes] = []
        self.strange = strange

    def encode(self, value: Any, depth: int = 0) -> Any:
        """Return the header of a value; its bytes are added to `arrays`."""
        if depth > DEPTH:
            return {"k": "stranger", "type": type(value).__name__[:80], "text": "nested too deep"}
        if value is None or type(value) is bool or type(value) is str:
            return value
        if type(value) is int:
            return {"k": "int", "v": str(value)} if abs(value) >= 1 << 53 else value
        if type(value) is float:
            return value if math.isfinite(value) else {"k": "float", "v": str(value)}
        if type(value) in (list, tuple):
            items = [self.encode(item, depth + 1) for item in value]
            return {"k": type(value).__name__, "v": items}
        if type(value) is dict:
            pairs = [[self.encode(x, depth + 1) for x in pair] for pair in value.items()]
            return {"k": "dict", "v": pairs}
        return self._leaf(value)

    def _leaf(self, value: Any) -> Any:
        parameter = getattr(self.strange, "tensor", None)
        if parameter is not None and isinstance(value, torch.nn.Parameter):
            return parameter(value, self)
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, np.ndarray) and value.dtype.name in ARRAYS:
            return self._raw("array", value.dtype.name, np.ascontiguousarray(value))
        if isinstance(value, np.generic) and value.dtype.name in ARRAYS:
            return self._raw("generic", value.dtype.name, np.asarray(value))
        if isinstance(value, torch.dtype):
            return {"k": "dtype", "v": str(value).removeprefix("torch.")}
        if isinstance(value, torch.device):
            return {"k": "device", "v": str(value)}
        if isinstance(value, torch.Generator):
            state = self.encode(value.get_state())
            return {"k": "generator", "v": state, "device": str(value.device)}
        if isinstance(value, np.random.Generator):
            return {"k": "rng", "v": self.encode(value.bit_generator.state)}
        if self.strange is None:
            raise TypeError(f"a {type(value).__name__} cannot be sent")
        return self.strange(value, self)

    def _tensor(self, value: torch.Tensor) -> Any:
        with torch._C.DisableTorchFunctionSubclass():  # the bytes, whatever a subclass says
            plain = value.detach()
            layout = str(plain.layout).removeprefix("torch.")
            name = str(plain.dtype).removeprefix("torch.")
            if layout != "strided" or plain.device.type == "meta" or name not in DTYPES:
                where = "meta" if plain.device.type == "meta" else layout
                return {"k": "empty", "d": name, "s": list(plain.shape), "where": where}
            plain = plain.as_subclass(torch.Tensor).cpu().resolve_conj().resolve_neg()
            flat = plain.reshape(-1).clone(memory_format=torch.contiguous_format)
            raw = flat.view(torch.uint8).numpy() if flat.numel() else _NOTHING
            return self._raw("tensor", name, raw, list(plain.shape))

    def _raw(self, kind: str, dtype: str, raw: np.ndarray, shape: Any = None) -> Any:
        data = raw.tobytes()
        self.arrays.append(data)
        shape = list(raw.shape) if shape is None else shape
        return {"k": kind, "d": dtype, "s": shape, "n": len(data)}


class Decoder:
    """Turns a header and the bytes after it back into a value; trusts neither.

    Args:
        body: the bytes of all arrays.
        strange: makes something of kinds that are known to one side alone.
    """

    def __init__(
        self, body: memoryview, strange: "Callable[[Any, Decoder], Any] | None" = None
    ) -> None:
        self.body, self.at = body, 0
        self.strange = strange

    def decode(self, header: Any, depth: int = 0) -> Any:
        """Return the value that a header describes; raise `WireError` when it describes none."""
        if depth > DEPTH + 2:
            raise WireError("a value nested too deep")
        if header is None or type(header) in (bool, int, float, str):
            return header
        if type(header) is not dict or type(header.get("k")) is not str:
            raise WireError("a value of no known kind")
        try:
            return self._known(header["k"], header, depth)
        except WireError:
            raise
        except Exception as error:
            raise WireError(f"a malformed {header['k'][:20]} ({type(error).__name__})") from None

    def _known(self, kind: str, header: Any, depth: int) -> Any:
        if kind in ("list", "tuple"):
            items = [self.decode(item, depth + 1) for item in header["v"]]
            return items if kind == "list" else tuple(items)
        if kind == "dict":
            pairs = header["v"]
            return {self.decode(a, depth + 1): self.decode(b, depth + 1) for a, b in pairs}
        if kind == "int":
            return int(str(header["v"]))
        if kind == "float":
            return float({"nan": "nan", "inf": "inf", "-inf": "-inf"}[header["v"]])
        if kind in ("tensor", "array", "generic"):
            return self._numbers(kind, header)
        if kind == "empty":
            return self._empty(header)
        if kind == "dtype":
            return DTYPES[header["v"]]
        if kind == "stranger":
            return self._stranger(header)
        if self.strange is None:
            raise WireError(f"a value of kind {kind[:20]!r}")
        return self.strange(header, self)

    def _numbers(self, kind: str, header: Any) -> Any:
        shape, count = _shape(header["s"]), header["n"]
        name = header["d"]
        if name not in (DTYPES if kind == "tensor" else ARRAYS):
            raise WireError("an array of an unknown dtype")
        item = DTYPES[name].itemsize if kind == "tensor" else np.dtype(name).itemsize
        if type(count) is not int or count != math.prod(shape) * item:
            raise WireError("an array whose bytes do not fit its shape")
        if count < 0 or self.at + count > len(self.body):
            raise WireError("an array that promises more bytes than came")
        raw = bytearray(self.body[self.at : self.at + count])
        self.at += count
        if kind == "tensor":
            if not count:
                return torch.empty(shape, dtype=DTYPES[name])
            return torch.frombuffer(raw, dtype=torch.uint8).view(DTYPES[name]).reshape(shape)
        found = np.frombuffer(raw, dtype=name).reshape(shape)
        return found[()] if kind == "generic" else found

    def _empty(self, header: Any) -> torch.Tensor:
        """Return a tensor without numbers: on "meta", or sparse."""
        shape, dtype = _shape(header["s"]), DTYPES.get(header["d"], torch.float64)
        if header["where"] == "meta":
            return torch.empty(shape, dtype=dtype, device="meta")
        return torch.empty(shape, dtype=dtype, layout=torch.sparse_coo)

    def _stranger(self, header: Any) -> Any:
        name = "".join(c for c in str(header["type"])[:80] if c.isalnum() or c == "_")
        if header.get("like") == "generator":
            return iter_nothing()
        if header.get("like") == "callable":
            return lambda *args, **kwargs: None
        return type(name or "object", (Stranger,), {"text": str(header["text"])[:200]})()


def iter_nothing() -> Iterator[None]:
    """Return a generator, for what was one."""
    yield from ()


def _shape(sizes: Any) -> tuple[int, ...]:
    if type(sizes) is not list or len(sizes) > 64:
        raise WireError("an array without a shape")
    if any(type(size) is not int or size < 0 or size >= 1 << 40 for size in sizes):
        raise WireError("an array of an impossible shape")
    return tuple(sizes)
