"""Answers that live in the sandbox, called as the engine calls its own: inputs out, values in."""

import builtins
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch

from course_lib.checking.exercise import Case
from course_lib.checking.protocol import ModuleProtocol, Protocol, WrongObject
from course_lib.checking.run import PRINTED, Outcome, Runner
from course_lib.checking.timeout import Timeout
from course_lib.grading.program import Program, Step
from course_lib.grading.sandbox.functions import Packer
from course_lib.grading.sandbox.host import Gone, Late, Sandbox, Session, WireError
from course_lib.grading.sandbox.wire import Decoder, Encoder

#: Share of a submission's time that its cells may take before only their definitions are run.
CELLS = 0.5
#: More gradients than any case has inputs: those that are left out count as missing.
GRADIENTS = 200


Found = TypeVar("Found")


class ProcessEnded(Exception):
    """An answer ended its process, or sent what no result is."""


class Answers:
    """A learner's cells at work in the sandbox; started again when an answer has ended them.

    Args:
        sandbox: where.
        names: that are looked for when the cells have run.
    """

    def __init__(self, sandbox: Sandbox, names: Sequence[str]) -> None:
        self.sandbox, self.names = sandbox, names
        self.program = Program()
        self.limits = sandbox.limits
        self.until = time.monotonic() + self.limits.submission
        self.trouble: dict[str, str] = {}
        self.skipped: set[int] = set()
        self.session: Session | None = None
        self.ready = self.ended = False
        self.defined: set[str] = set()
        self.courses: set[str] = set()

    def start(self) -> None:
        """Run the cells, unless they stand ready; those that end the process are left out."""
        if self.ended and not self.sandbox.defences.restarts:
            raise ProcessEnded("an earlier answer has ended the process")
        while not self.ready:
            if time.monotonic() > self.until:
                raise Timeout
            self.ready = self._load(self.open())
            if not self.ready:
                self.close()

    def open(self) -> Session:
        """Return the session, forked when there is none; nothing has run in it yet."""
        if self.session is None:
            self.session = self.sandbox.session(max(self.until - time.monotonic(), 0.1))
        return self.session

    def _load(self, session: Session) -> bool:
        limit = time.monotonic() + self.limits.submission * CELLS
        for place, step in enumerate(self.program.steps):
            if place in self.skipped:
                continue
            source = step.source if time.monotonic() < limit else step.kept
            try:
                self._cell(session, step, source)
            except WireError as error:
                self.skipped.add(place)
                self._note(step, self._ended(session, error))
                return False
        try:
            reply, _ = session.ask("defined", self.limits.exercise, names=list(self.names))
            self.defined = {str(name) for name in reply["names"]}
            self.courses = {str(name) for name in reply["course"]}
        except (WireError, KeyError, TypeError):
            return False
        return True

    def _cell(self, session: Session, step: Step, source: str) -> None:
        if step.wrong:
            self._note(step, f"does not parse: {step.wrong}")
            return
        if not source.strip():
            return
        reply, _ = session.ask("cell", self.limits.exercise, name=step.name, source=source)
        if reply.get("late"):
            self._note(step, f"was stopped after {self.limits.exercise:g} s")
        elif isinstance(reply.get("error"), dict):
            self._note(step, f"raised {_said(reply['error'])}")

    def _note(self, step: Step, what: str) -> None:
        self.trouble.setdefault(step.name, what)

    def _ended(self, session: Session, error: WireError) -> str:
        """Close a session that failed, and say how."""
        status = session.close()
        if isinstance(error, Late):
            return f"was stopped after {self.limits.exercise:g} s"
        if not isinstance(error, Gone):
            return f"sent {error}"
        return f"ended its process ({_signal(status)})"

    def why_missing(self, name: str) -> str | None:
        """Say what kept a name from being defined; None when no cell was to define it."""
        for step in reversed(self.program.steps):
            if name in step.defines:
                return f"{step.name} {self.trouble.get(step.name, 'does not define it')}"
        return None

    def talk(self, action: Callable[[Session], Found]) -> Found:
        """Do something with the session.

        Raises:
            Timeout: when it was late.
            ProcessEnded: when it has gone, or sent what no reply is.
        """
        self.start()
        assert self.session is not None
        try:
            return action(self.session)
        except WireError as error:
            said = self._ended(self.session, error)
            self.session, self.ready, self.ended = None, False, True
            if isinstance(error, Late):
                raise Timeout from None
            raise ProcessEnded(f"your code {said}") from None

    def close(self) -> None:
        """End the session."""
        if self.session is not None:
            self.session.close()
        self.session, self.ready = None, False


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


def _said(told: Mapping[str, Any]) -> str:
    return f"{told.get('type')}: {' '.join(str(told.get('said')).split())[:200]}".rstrip(": ")


def _signal(status: int) -> str:
    import signal

    if status > 128:
        try:
            return signal.Signals(status - 128).name
        except ValueError:
            return f"signal {status - 128}"
    return f"exit code {status}"
