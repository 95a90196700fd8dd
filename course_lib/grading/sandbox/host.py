"""The marker's side of the sandbox: start it, fork a session for each submission, ask, end."""

import contextlib
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading.defences import ALL, Defences
from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.limits import Groups, Limits
from course_lib.grading.sandbox.wire import (
    Decoder,
    Encoder,
    Gone,
    Late,
    Size,
    WireError,
    framed,
    receive,
    wait_for,
)

#: Seconds in which torch must have loaded.
STARTING = 120.0


class Sandbox:
    """A cage with torch loaded, out of which sessions are forked.

    Args:
        sources: of the setup and given cells; what they import is there, nothing else.
        limits: of each session.
        unsafe: without bubblewrap.
        nest: try to give each session namespaces of its own inside the cage.
        defences: test-only; everything is on.
    """

    def __init__(
        self,
        sources: Sequence[str] = (),
        limits: Limits | None = None,
        *,
        unsafe: bool = False,
        nest: bool = True,
        defences: Defences = ALL,
    ) -> None:
        self.limits, self.unsafe, self.defences = limits or Limits(), unsafe, defences
        self._folder = tempfile.TemporaryDirectory(prefix="course-kit-")
        self.kit = Path(self._folder.name)
        self.preload = bubblewrap.stage(self.kit, sources)
        self.nest = nest and not unsafe
        self.process: subprocess.Popen[bytes] | None = None
        self._jobs = 0
        self._start()

    # ------------------------------------------------------------ the process

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {**os.environ, **bubblewrap.ENVIRONMENT, "PATH": os.environ.get("PATH", "")}
        self.process = subprocess.Popen(
            self._command(),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment if self.unsafe else {"PATH": os.environ.get("PATH", "")},
            start_new_session=True,
        )
        theirs.close()
        self.control = ours
        ours.send(json.dumps({"preload": self.preload, "nest": self.nest}).encode())
        ready = self._hear(STARTING)
        self.nests, self.address_space = bool(ready["nests"]), int(ready["address_space"])
        self._used = False

    def _command(self) -> list[str]:
        if self.unsafe:
            return bubblewrap.python(self.kit)
        whole = not self.defences.mounts
        return bubblewrap.command(bubblewrap.demand(), self.kit, whole_disk=whole)

    def _hear(self, seconds: float) -> dict[str, Any]:
        """Return what the zygote says next."""
        if select.select([self.control], [], [], seconds)[0]:
            data = self.control.recv(1 << 16)
            if data:
                found: dict[str, Any] = json.loads(data)
                return found
        said = self._last_words()
        raise CourseError(f"the sandbox did not start or has ended: {said or 'no reason given'}")

    def _last_words(self) -> str:
        assert self.process is not None and self.process.stderr is not None
        self.process.kill()
        said = self.process.stderr.read().decode(errors="replace").strip()[-500:]
        self.stop()
        return said

    def stop(self) -> None:
        """Kill the cage with everything in it."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            if self.process.stderr is not None:
                self.process.stderr.close()

    def close(self) -> None:
        """Stop, and remove the kit."""
        self.stop()
        self.control.close()
        self._folder.cleanup()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ sessions

    def session(self, seconds: float | None = None) -> "Session":
        """Fork a child that has `seconds` for everything; close it before the next one opens."""
        if self._used and not self.nests:
            self.stop()  # one cage for one submission, where cages do not nest
            self.control.close()
            self._start()
        self._used = True
        self._jobs += 1
        groups = Groups(
            self.limits,
            memory=self.defences.memory_limit,
            processes=self.defences.process_limit,
        )
        ours, theirs = socket.socketpair()
        limits = self.limits.of_process(self.address_space, groups)
        if not self.defences.memory_limit:
            limits.pop("AS", None)
        order = {
            "do": "fork",
            "job": self._jobs,
            "limits": limits,
            "folder": self.limits.folder,
            "work": "/tmp" if not self.unsafe else str(self.kit),
        }
        members = groups.open()
        socket.send_fds(self.control, [json.dumps(order).encode()], [theirs.fileno(), *members])
        theirs.close()
        for member in members:
            os.close(member)
        return Session(self, self._jobs, ours, groups, seconds or self.limits.submission)

    def end(self, job: int) -> int:
        """Kill a session's processes; return how its first had ended."""
        try:
            self.control.send(json.dumps({"do": "end", "job": job}).encode())
            return int(self._hear(10.0)["status"])
        except (OSError, CourseError):
            self.stop()
            self.control.close()
            self._start()
            return 0


class Session:
    """One locked-in child: ask it, then close it.

    Args:
        sandbox: that forked it.
        job: its number there.
        link: the way to it.
        groups: its control groups.
        seconds: that all requests may take.
    """

    def __init__(
        self, sandbox: Sandbox, job: int, link: socket.socket, groups: Groups, seconds: float
    ) -> None:
        self.sandbox, self.job, self.link, self.groups = sandbox, job, link, groups
        self.until = time.monotonic() + seconds
        self.status: int | None = None
        self._due: list[str] = []
        self._replies: dict[str, tuple[dict[str, Any], Decoder]] = {}

    def ask(
        self,
        do: str,
        seconds: float,
        *,
        encoder: Encoder | None = None,
        arrays: list[bytes] | None = None,
        header_bytes: int = 1 << 20,
        **header: Any,
    ) -> tuple[dict[str, Any], Decoder]:
        """Send a request and return the reply.

        Args:
            do: what is asked.
            seconds: that the child may take; it is late when some grace has passed as well.
            encoder: that encoded values of `header`.
            arrays: bytes to send, where no values are encoded.
            header_bytes: the longest header of a reply.
            header: the rest of the request.

        Raises:
            Late: when no reply came in time.
            Gone: when the process has ended.
            WireError: when what came is not a reply to this request.
        """
        sent = encoder.arrays if encoder else arrays
        return self.collect(self.post(do, seconds, sent, **header), seconds, header_bytes)

    def post(self, do: str, seconds: float, arrays: list[bytes] | None, **header: Any) -> str:
        """Send a request whose reply is collected later; return its nonce."""
        if self.status is not None:
            raise Gone("this session is closed")
        nonce = secrets.token_hex(16)
        until = self._until(seconds)
        request = {"do": do, "nonce": nonce, "seconds": seconds, **header}
        data = memoryview(framed(request, arrays))
        while data:
            reads, writes = wait_for(self.link, until, write=True)
            try:
                if writes:
                    data = data[self.link.send(data, socket.MSG_DONTWAIT) :]
                elif reads:  # the child waits for us to read before it reads on
                    self._read(until)
            except BlockingIOError:
                continue
            except OSError as error:
                raise Gone(f"the sandbox is gone ({error.strerror})") from None
        self._due.append(nonce)
        return nonce

    def collect(
        self, nonce: str, seconds: float, header_bytes: int = 1 << 20
    ) -> tuple[dict[str, Any], Decoder]:
        """Return the reply to a request; see `ask`."""
        if self.status is not None:
            raise Gone("this session is closed")
        until = self._until(seconds)
        while nonce not in self._replies:
            self._read(until, header_bytes)
        return self._replies.pop(nonce)

    def _until(self, seconds: float) -> float:
        grace = self.sandbox.limits.grace if self.sandbox.defences.deadlines else 1e6
        return min(time.monotonic() + seconds + grace, self.until)

    def _read(self, until: float, header_bytes: int = 1 << 20) -> None:
        """Read the next reply: it must be to the oldest request that has none."""
        size = Size(header=header_bytes, body=self.sandbox.limits.reply)
        if not self.sandbox.defences.reply_size:
            size = Size(header=1 << 31, body=1 << 31)
        reply, body = receive(self.link, size, until)
        if not isinstance(reply, dict) or not self._due:
            raise WireError("a reply that nobody asked for")
        nonce = self._due.pop(0)
        if self.sandbox.defences.nonces and reply.get("nonce") != nonce:
            raise WireError("a reply to another request")
        self._replies[nonce] = (reply, Decoder(body))

    def close(self) -> int:
        """End the child and all that it started; return how it had ended: 128 + signal, or code."""
        if self.status is None:
            self.link.close()
            if self.sandbox.defences.kills:
                self.status = self.sandbox.end(self.job)
                self.groups.remove()
            else:
                self.status = 0
        return self.status

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


__all__ = ["Gone", "Late", "Sandbox", "Session", "WireError"]
