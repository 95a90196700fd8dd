"""Start a cage early: it loads torch while the marker does. Imports nothing heavy itself."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from course_lib.grading.sandbox import bubblewrap


class Cage:
    """A process that loads torch inside bubblewrap and waits for settings.

    Args:
        unsafe: without bubblewrap.
        whole_disk: see `bubblewrap.command`.
    """

    def __init__(self, *, unsafe: bool = False, whole_disk: bool = False) -> None:
        self.unsafe = unsafe
        self._folder = tempfile.TemporaryDirectory(prefix="course-kit-")
        self.kit = Path(self._folder.name)
        bubblewrap.stage(self.kit, ())
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = os.environ.get("PATH", "")
        environment = {**os.environ, **bubblewrap.ENVIRONMENT} if unsafe else {}
        self.process = subprocess.Popen(
            self._command(whole_disk),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**environment, "PATH": path},
            start_new_session=True,
        )
        theirs.close()

    def _command(self, whole_disk: bool) -> list[str]:
        if self.unsafe:
            return bubblewrap.python(self.kit)
        return bubblewrap.command(bubblewrap.demand(), self.kit, whole_disk=whole_disk)

    def last_words(self) -> str:
        """End it, and return what it said to standard error."""
        assert self.process.stderr is not None
        self.process.kill()
        with contextlib.suppress(ValueError):
            return self.process.stderr.read().decode(errors="replace").strip()[-500:]
        return ""

    def close(self) -> None:
        """Kill everything in it, and remove the kit."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()
        self.control.close()
        self._folder.cleanup()

    def __enter__(self) -> "Cage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
