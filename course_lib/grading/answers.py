"""A learner's cells at work in the sandbox, and the answers that they define there."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from course_lib.checking.timeout import Timeout
from course_lib.grading.program import Program, Step
from course_lib.grading.sandbox.host import Gone, Late, Sandbox, Session, WireError

#: Share of a submission's time that its cells may take before only their definitions are run.
CELLS = 0.5

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
        self.cut: set[int] = set()  # of these steps only what they define is run
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
            whole = time.monotonic() < limit and place not in self.cut
            source = step.source if whole else step.kept
            try:
                self._cell(session, step, source)
            except WireError as error:
                (self.skipped if place in self.cut else self.cut).add(place)
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
            if source != step.kept:
                self._cell(session, step, step.kept)
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


def _said(told: Mapping[str, Any]) -> str:
    return f"{told.get('type')}: {' '.join(str(told.get('said')).split())[:200]}".rstrip(": ")


def _signal(status: int) -> str:
    if status > 128:
        try:
            return signal.Signals(status - 128).name
        except ValueError:
            return f"signal {status - 128}"
    return f"exit code {status}"
