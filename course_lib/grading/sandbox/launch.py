"""Start a cage early: it loads torch while the marker does. Imports nothing heavy itself."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from types import ModuleType

from course_lib.grading.sandbox import bubblewrap

#: How kits' folders begin; the file that whoever uses one keeps locked.
KIT, LOCK = "course-kit-", ".in-use"
#: Seconds after which a kit without a lock is a dead one.
UNLOCKED = 3600.0
fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # on Windows, where no kit is swept
    fcntl = None


class Cage:
    """A process that loads torch inside bubblewrap and waits for settings.

    Args:
        unsafe: without bubblewrap.
        whole_disk: see `bubblewrap.command`.
    """

    def __init__(self, *, unsafe: bool = False, whole_disk: bool = False) -> None:
        self.unsafe = unsafe
        sweep()
        self._folder = tempfile.TemporaryDirectory(prefix=KIT)
        self.kit = Path(self._folder.name)
        self._lock = _locked(self.kit / LOCK)
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
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> "Cage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sweep() -> None:
    """Remove the kits of commands that were killed: nobody holds their lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{KIT}*"):
        with contextlib.suppress(OSError):
            own = folder.stat(follow_symlinks=False)
            if stat.S_ISDIR(own.st_mode) and own.st_uid == os.getuid() and _is_dead(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_dead(folder: Path) -> bool:
    """Tell whether nobody uses a kit; one without a lock may be in the making."""
    if not (folder / LOCK).exists():
        return time.time() - folder.stat().st_mtime > UNLOCKED
    lock = _locked(folder / LOCK)
    if lock is not None:
        os.close(lock)
    return lock is not None


def _locked(path: Path) -> int | None:
    """Lock a file for this process and those that are forked from it; None when another has."""
    if fcntl is None:
        return None
    found = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(found)
        return None
    return found
