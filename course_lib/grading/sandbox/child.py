"""What runs in a locked-in fork: it reads untrusted files, or runs a learner's cells and answers.

Every request carries a nonce that its reply repeats; a reply that was made before its request
cannot know it. Nothing that is said here earns a mark: values are compared by the marker.
"""

import contextlib
import io
import linecache
import os
import socket
import sys
import types
from typing import Any

import torch

from course_lib.checking import explain, protocol, values
from course_lib.checking.case import Case
from course_lib.checking.device import warm_up as warm_up_device
from course_lib.checking.protocol import ModuleProtocol, WrongObject
from course_lib.checking.run import Outcome, Runner
from course_lib.checking.timeout import Timeout, limit
from course_lib.grading.sandbox import cells, front_end, notebook_file, ways_around
from course_lib.grading.sandbox.functions import Unpacker
from course_lib.grading.sandbox.wire import Decoder, Encoder, Gone, Size, framed, receive

#: Requests come from the marker: they may be as large as it likes.
REQUEST = Size(header=64 << 20, body=256 << 20)
TEXT, PRINTED = 2000, 2000


def warm_up() -> None:
    """Let torch load what its first sums need, so that no learner waits for it."""
    warm_up_device()
    front_end.warm_up()
    x = torch.ones(3, 3, dtype=torch.float64, requires_grad=True)
    torch.autograd.grad((x @ x).softmax(-1).sum(), x)
    case = Case(label="warm-up", args=(x.detach(),), gradients=True)
    Runner(protocol.Protocol()).run(lambda x: x @ x, case)
    _model().forward(x.detach())


def _model() -> Any:
    return torch.nn.Linear(3, 3).double()


def main(link: int, order: dict[str, Any]) -> None:
    """Answer requests until the other side closes."""
    way = socket.socket(fileno=link)
    desk = Desk()
    while True:
        try:
            header, body = receive(way, REQUEST)
        except Gone:
            os._exit(0)
        reply, arrays = desk.answer(header, body)
        way.sendall(framed({**reply, "nonce": header["nonce"]}, arrays))


class Desk:
    """Takes requests one by one; keeps what the cells have defined."""

    def __init__(self) -> None:
        self.module = types.ModuleType("__main__")
        front_end.offer(vars(self.module))

    def answer(self, header: Any, body: memoryview) -> tuple[dict[str, Any], list[bytes]]:
        """Do what is asked; a failure is an answer too."""
        encoder = Encoder(strange)
        request = Request(header, body)
        try:
            reply = getattr(self, f"do_{header['do']}")(request, encoder)
        except (Timeout, KeyboardInterrupt):
            reply = {"late": True}
        except BaseException as error:
            encoder.arrays.clear()
            reply = {"error": told(error)}
        return reply, encoder.arrays

    # ------------------------------------------------------------ files

    def do_notebook(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """Parse the notebook that is sent as the one array."""
        return notebook_file.read(bytes(request.body))

    def do_uses(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """Look for forbidden names in sources, and for exercises that call others."""
        sources, names = request.header["sources"], request.header["names"]
        own = request.header.get("own", sources)
        return {
            "found": notebook_file.forbidden(sources, names),
            "calls": notebook_file.calls(sources, list(names)),
            "ways": ways_around.ways(sources, names),
            "tampers": ways_around.tampers(own),
        }

    def do_unzip(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """List and unpack an archive."""
        return notebook_file.unzip(bytes(request.body), request.header["most"], encoder.arrays)

    def do_weights(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """Read a safetensors file."""
        from safetensors.torch import load

        return {"value": encoder.encode(load(bytes(request.body)))}

    # ------------------------------------------------------------ cells

    def do_cell(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """Run one cell where the cells before it have run."""
        name, source = request.header["name"], request.header["source"]
        sys.modules["__main__"] = self.module
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        nothing = io.StringIO()
        nothing.write = len  # type: ignore[assignment,method-assign]
        with (
            limit(request.header["seconds"]),
            contextlib.redirect_stdout(nothing),
            contextlib.redirect_stderr(nothing),
        ):
            cells.run(source, name, vars(self.module))
        return {"done": True}

    def do_defined(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """Say which names exist, and which of them are the course's own."""
        have = vars(self.module)
        names = [name for name in request.header["names"] if name in have]
        own = [n for n in names if str(getattr(have[n], "__module__", "")).startswith("course_")]
        return {"names": names, "course": own}

    # ------------------------------------------------------------ answers

    def do_refuse(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """Say what keeps an object from being called at all."""
        try:
            request.runner.refuse(request.name, self._object(request), request.case)
        except WrongObject as error:
            return {"refused": str(error)[:TEXT]}
        return {"refused": None}

    def do_run(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """Call an answer on one case; send the value, the gradients, and what else happened."""
        runner = request.runner
        outcome: Outcome = runner.run(self._object(request), request.case)
        printed = runner.printed.getvalue()[:PRINTED]
        if outcome.error is not None:
            return {"error": told(outcome.error), "printed": printed}
        return {
            "value": encoder.encode(outcome.value),
            "gradients": encoder.encode(list(outcome.gradients)),
            "changed_inputs": bool(outcome.changed_inputs),
            "shares_memory": bool(outcome.shares_memory),
            "changed_state": [str(text)[:TEXT] for text in outcome.changed_state],
            "printed": printed,
        }

    def do_again(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """Call an answer for a property, from the random state that the property sees."""
        torch.set_rng_state(request.decode("random"))
        args, kwargs = request.decode("places"), request.decode("named")
        value = request.runner.caller(self._object(request), request.case)(*args, **kwargs)
        return {"value": encoder.encode(values.each(value, _detached))}

    def do_forbidden(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """Say which forbidden name an answer uses at work."""
        names = request.header["names"]
        return {"found": request.runner.forbidden(self._object(request), request.case, names)}

    def do_device(self, request: "Request", encoder: Encoder) -> dict[str, Any]:
        """Say whether an answer assumes a device."""
        return {"said": request.runner.assumes_device(self._object(request), request.case)}

    def _object(self, request: "Request") -> Any:
        return vars(self.module)[request.name]


class Request:
    """One request, its values decoded when they are asked for, in the order they were encoded."""

    def __init__(self, header: Any, body: memoryview) -> None:
        self.header, self.body = header, body
        self.decoder = Decoder(body, Unpacker())
        self._case: Case | None = None
        if "case" in header:
            fields = {key: self.decoder.decode(item) for key, item in header["case"].items()}
            self._case = Case(label="", **fields)
        if "protocol" in header:
            kinds = {"module": ModuleProtocol, "function": protocol.Protocol}
            sent = header["protocol"]
            kind = kinds[sent]() if isinstance(sent, str) else self.decode("protocol")
            self.runner = Runner(kind, header["seconds"])

    @property
    def name(self) -> str:
        """Of the exercise."""
        return str(self.header["name"])

    @property
    def case(self) -> Case:
        """The case that came along."""
        assert self._case is not None
        return self._case

    def decode(self, key: str) -> Any:
        """Return one value of the request."""
        return self.decoder.decode(self.header[key])


def _detached(leaf: Any) -> Any:
    return leaf.detach() if isinstance(leaf, torch.Tensor) else leaf


def strange(value: Any, encoder: Encoder) -> Any:
    """Describe an object of a kind that is not sent."""
    if hasattr(value, "_fields") and isinstance(value, tuple):
        return encoder.encode(tuple(value))
    for plain in (bool, int, float, str):
        if isinstance(value, plain):
            return encoder.encode(plain(value))
    like = "generator" if isinstance(value, types.GeneratorType) else None
    like = like or ("callable" if callable(value) else None)
    try:
        text = repr(value)[:200]
    except Exception:
        text = ""
    return {"k": "stranger", "type": type(value).__name__[:80], "text": text, "like": like}


def told(error: BaseException) -> dict[str, Any]:
    """Describe an exception: its type, its message, and the learner's line."""
    try:
        line, code = explain.learners_line(error)
        said = str(error)[:TEXT]
    except BaseException:
        line, code, said = None, "", ""
    return {
        "type": type(error).__name__[:80],
        "said": said,
        "bare": not error.args,
        "line": line,
        "code": str(code)[:200],
        "wrong_object": isinstance(error, WrongObject),
        "syntax": error.lineno if isinstance(error, SyntaxError) else None,
    }
