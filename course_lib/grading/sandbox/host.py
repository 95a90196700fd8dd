"""The marker's side of the sandbox: start it, fork a session for each submission, ask, end."""

import copy
import json
import os
import secrets
import select
import socket
import time
from collections.abc import Sequence
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading.defences import ALL, Defences
from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.launch import Cage
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
        cage: one that was started before.
    """

    def __init__(
        self,
        sources: Sequence[str] = (),
        limits: Limits | None = None,
        *,
        unsafe: bool = False,
        nest: bool = True,
        defences: Defences = ALL,
        cage: Cage | None = None,
    ) -> None:
        self.limits, self.unsafe, self.defences = limits or Limits(), unsafe, defences
        self.sources, self.nest = sources, nest and not unsafe
        self.shared = False
        self._jobs = 0
        self._start(cage)

    # ------------------------------------------------------------ the process

    def _start(self, cage: Cage | None = None) -> None:
        whole = not self.defences.mounts
        self.cage = cage or Cage(unsafe=self.unsafe, whole_disk=whole)
        preload = bubblewrap.stage(self.cage.kit, self.sources)
        self.control = self.cage.control
        self.control.send(json.dumps({"preload": preload, "nest": self.nest}).encode())
        self._ready: dict[str, Any] | None = None
        self._used = False

    @property
    def ready(self) -> dict[str, Any]:
        """What the zygote said when it was ready; waits for it."""
        if self._ready is None:
            self._ready = self._hear(STARTING)
        return self._ready

    @property
    def nests(self) -> bool:
        """Whether each session gets namespaces of its own; else each gets a cage of its own."""
        return bool(self.ready["nests"])

    def _hear(self, seconds: float) -> dict[str, Any]:
        """Return what the zygote says next."""
        if select.select([self.control], [], [], seconds)[0]:
            data = self.control.recv(1 << 16)
            if data:
                found: dict[str, Any] = json.loads(data)
                return found
        said = "" if self.shared else self.cage.last_words()
        raise CourseError(f"the sandbox did not start or has ended: {said or 'no reason given'}")

    def share(self, count: int) -> list["Sandbox"]:
        """Return other ways into the same cage, for processes that are forked from this one."""
        found = []
        for _ in range(count if self.nests else 0):
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            socket.send_fds(self.control, [json.dumps({"do": "open"}).encode()], [theirs.fileno()])
            theirs.close()
            other = copy.copy(self)
            other.control, other.shared, other._jobs = ours, True, 0
            found.append(other)
        return found

    def close(self) -> None:
        """Kill the cage with everything in it; a shared way in is only closed."""
        if self.shared:
            self.control.close()
        else:
            self.cage.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ sessions

    def session(self, seconds: float | None = None) -> "Session":
        """Fork a child that has `seconds` for everything; close it before the next one opens."""
        if not self.nests and self._used:
            self.cage.close()  # one cage for one submission, where cages do not nest
            self._start()
        self._used = True
        self._jobs += 1
        groups = Groups(
            self.limits,
            memory=self.defences.memory_limit,
            processes=self.defences.process_limit,
        )
        ours, theirs = socket.socketpair()
        limits = self.limits.of_process(int(self.ready["address_space"]), groups)
        if not self.defences.memory_limit:
            limits.pop("AS", None)
        watched = self.defences.process_limit and not groups.hold_processes
        order = {
            "do": "fork",
            "job": self._jobs,
            "limits": limits,
            "watch": self.limits.processes if watched else None,
            "folder": self.limits.folder,
            "work": "/tmp" if not self.unsafe else str(self.cage.kit),
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
            if self.shared:
                raise
            self.cage.close()
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

    def __exit__(self, *_: object) -> None:
        self.close()


__all__ = ["Gone", "Late", "Sandbox", "Session", "WireError"]
