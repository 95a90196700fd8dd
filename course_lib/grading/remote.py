"""Answers that live in the sandbox, called as the engine calls its own: inputs out, values in."""

import builtins
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from course_lib.checking.case import Case
from course_lib.checking.protocol import ModuleProtocol, Protocol, WrongObject
from course_lib.checking.run import PRINTED, Outcome, Runner
from course_lib.checking.timeout import Timeout
from course_lib.grading.answers import Answers, Found, ProcessEnded
from course_lib.grading.sandbox.functions import Packer
from course_lib.grading.sandbox.host import Session, WireError
from course_lib.grading.sandbox.wire import Decoder, Encoder

#: More gradients than any case has inputs: those that are left out count as missing.
GRADIENTS = 200


class RemoteRunner(Runner):
    """Calls the answer that the sandbox holds under a name, whatever `obj` is.

    Args:
        answers: where it lives.
        name: of the exercise.
        protocol: how it is called.
        found: a forbidden name that its source uses, if any.
        ahead: the cases that will be run, in order; they are sent all at once.
        again: the object was looked at before: only its results are asked for.
    """

    def __init__(
        self,
        answers: Answers,
        name: str,
        protocol: Protocol,
        *,
        found: str | None = None,
        ahead: Sequence[Case] = (),
        again: bool = False,
    ) -> None:
        super().__init__(protocol, answers.limits.exercise)
        self.answers, self.name, self.found = answers, name, found
        self.ahead, self.again = tuple(ahead), again
        self.lost: ProcessEnded | None = None
        self._posted: dict[int, tuple[Session, str]] = {}

    def run(self, obj: Any, case: Case) -> Outcome:
        """Send a case and return what came back; a lost process is an error like another."""
        try:
            reply, decoder = self._reply(case)
            if isinstance(reply.get("error"), dict):
                return Outcome(error=raised(reply["error"]))
            value = decoder.decode(reply.get("value"))
            gradients = decoder.decode(reply.get("gradients"))
        except ProcessEnded as error:
            return Outcome(error=error)
        except WireError as error:
            return Outcome(error=ProcessEnded(f"your code sent {error}"))
        missing = GRADIENTS if self.answers.sandbox.defences.gradients else 0
        return Outcome(
            value=value,
            gradients=(*_gradients(gradients), *[None] * missing),
            changed_inputs=bool(reply.get("changed_inputs")),
            shares_memory=bool(reply.get("shares_memory")),
            changed_state=[str(text)[:200] for text in reply.get("changed_state") or ()],
        )

    def _reply(self, case: Case) -> tuple[dict[str, Any], Decoder]:
        """Return the reply on a case; the first call sends all cases, to be answered ahead."""
        if self.ahead:
            cases, self.ahead = self.ahead, ()
            self._posted = self._timed(lambda session: self._post_all(session, cases))
        session, nonce = self._posted.pop(id(case), (None, ""))
        if session is None:
            return self._ask("run", case)
        return self._heard(lambda now: session.collect(nonce, self.seconds))

    def _post_all(self, session: Session, cases: Sequence[Case]) -> dict[int, tuple[Session, str]]:
        return {id(case): (session, self._post(session, "run", case)) for case in cases}

    def caller(self, obj: Any, case: Case) -> Callable[..., Any]:
        """Return a way to call the answer again, from torch's random state of the moment."""

        def again(*args: Any, **kwargs: Any) -> Any:
            extra = {"random": torch.get_rng_state(), "places": args, "named": kwargs}
            reply, decoder = self._ask("again", case, extra)
            torch.rand(1)  # a second call draws other numbers, as it would here
            if isinstance(reply.get("error"), dict):
                raise raised(reply["error"])
            try:
                return decoder.decode(reply.get("value"))
            except WireError as error:
                raise ProcessEnded(f"your code sent {error}") from None

        return again

    def refuse(self, name: str, obj: Any, case: Case) -> None:
        """Raise `WrongObject` where the answer is not what the exercise asks for."""
        if self.again:
            return
        try:
            reply, _ = self._ask("refuse", case)
        except ProcessEnded:
            return  # the first case will say so
        if reply.get("refused"):
            raise WrongObject(str(reply["refused"]))

    def forbidden(self, obj: Any, case: Case, names: Sequence[str]) -> str | None:
        """Return the forbidden name that the source uses, or torch is asked for at work."""
        if self.found is not None or self.again:
            return self.found
        try:
            found = self._ask("forbidden", case, names=list(names))[0].get("found")
        except ProcessEnded:
            return None
        return found if found in names else None

    def assumes_device(self, obj: Any, case: Case) -> str | None:
        """Return a sentence when the answer makes tensors on a fixed device, or None."""
        if self.again:
            return None
        try:
            said = self._ask("device", case)[0].get("said")
        except ProcessEnded as error:
            return str(error)
        return str(said) if said else None

    def _ask(
        self, do: str, case: Case, extra: Mapping[str, Any] | None = None, **more: Any
    ) -> tuple[dict[str, Any], Decoder]:
        """Send a case with a request, and return the reply."""

        def action(session: Session) -> tuple[dict[str, Any], Decoder]:
            return session.collect(self._post(session, do, case, extra, **more), self.seconds)

        return self._heard(action)

    def _post(
        self,
        session: Session,
        do: str,
        case: Case,
        extra: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> str:
        encoder = Encoder(Packer(self.answers.sandbox.cage.kit))
        fields = {
            "args": case.args,
            "kwargs": dict(case.kwargs),
            "init": dict(case.init),
            "state": dict(case.state),
            "gradients": case.gradients,
        }
        more["case"] = {key: encoder.encode(value) for key, value in fields.items()}
        kinds: dict[type, str] = {ModuleProtocol: "module", Protocol: "function"}
        kind = kinds.get(type(self.protocol))
        more["protocol"] = kind or encoder.encode(self.protocol)
        more |= {key: encoder.encode(value) for key, value in (extra or {}).items()}
        return session.post(do, self.seconds, encoder.arrays, name=self.name, **more)

    def _heard(
        self, action: Callable[[Session], tuple[dict[str, Any], Decoder]]
    ) -> tuple[dict[str, Any], Decoder]:
        reply, decoder = self._timed(action)
        if reply.get("late"):
            self.answers.close()  # the cases after it would only keep others waiting
            raise Timeout
        self.printed.write(str(reply.get("printed", ""))[:PRINTED])
        return reply, decoder

    def _timed(self, action: Callable[[Session], Found]) -> Found:
        """Talk to the session; count the seconds by our own clock."""
        if self.lost is not None:
            raise self.lost
        if self.seconds <= 0:
            raise Timeout
        started = time.monotonic()
        try:
            return self.answers.talk(action)
        except ProcessEnded as error:
            self.lost = error
            raise
        finally:
            self.seconds -= time.monotonic() - started


def _gradients(sent: Any) -> list[torch.Tensor | None]:
    """Return what is a gradient of what was sent; None for the rest."""
    items = sent if isinstance(sent, list) else []
    return [item if isinstance(item, torch.Tensor) else None for item in items]


def raised(told: Mapping[str, Any]) -> BaseException:
    """Make an exception of what the sandbox tells about one."""
    name, said = str(told.get("type")), str(told.get("said"))
    known = getattr(builtins, name, None)
    if told.get("wrong_object"):
        error: BaseException = WrongObject(said)
    elif isinstance(known, type) and issubclass(known, Exception | SystemExit):
        said = said.strip("'") if known is KeyError else said
        error = _build(known, () if told.get("bare") else (said,))
    else:
        plain = "".join(c for c in name if c.isalnum() or c == "_") or "Exception"
        error = type(plain, (Exception,), {})(said)
    if isinstance(error, NameError) and "'" in said:
        error.name = said.split("'")[1]
    line = told.get("line")
    error.raised_at = (line if isinstance(line, int) else None, str(told.get("code", ""))[:200])  # type: ignore[attr-defined]
    return error


def _build(kind: type[BaseException], args: tuple[str, ...]) -> BaseException:
    try:
        return kind(*args)
    except TypeError:  # such as UnicodeDecodeError, which takes five arguments
        other: type[Exception] = type(kind.__name__, (Exception,), {})
        return other(*args)
