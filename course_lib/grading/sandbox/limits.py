"""How much a submission may take, and the control groups that see to it where they are writable."""

import contextlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one submission may take.

    Args:
        exercise: seconds for an exercise, and for a cell.
        submission: seconds for everything.
        grace: seconds beyond a limit before the process is killed from outside.
        memory: bytes beyond what the process has before it reads the submission.
        processes: at one time.
        folder: bytes of its own /tmp.
        reply: bytes of one reply.
    """

    exercise: float = 10.0
    submission: float = 120.0
    grace: float = 2.0
    memory: int = 1 << 30
    processes: int = 64
    folder: int = 64 << 20
    reply: int = 64 << 20

    def of_process(self, address_space: int, groups: "Groups") -> dict[str, int]:
        """Return the kernel's limits on one process, by name."""
        found = {
            "CPU": int(self.submission) + 5,
            "FSIZE": self.folder,
            "NOFILE": 256,
            "CORE": 0,
        }
        if not groups.hold_memory:
            found["AS"] = address_space + self.memory
        if not groups.hold_processes:
            found["NPROC"] = self.processes
        return found


class Groups:
    """Control groups of one submission: made before it starts, removed after it has ended.

    Both forms are tried: version 2 (one tree), and version 1 (one tree for each resource). Where
    neither is writable, `hold_memory` and `hold_processes` are False.
    """

    def __init__(self, limits: Limits, *, memory: bool = True, processes: bool = True) -> None:
        self.folders: list[Path] = []
        name = f"course-{uuid.uuid4().hex[:12]}"
        v2 = _writable(CGROUP if (CGROUP / "cgroup.procs").exists() else None)
        here = {"memory": v2 or _v1("memory"), "pids": v2 or _v1("pids")}
        space = {"memory.max": limits.memory} if v2 else {"memory.limit_in_bytes": limits.memory}
        most = {"pids.max": limits.processes}
        self.hold_memory = memory and self._make(here["memory"], name, space, ("memory.swap.max",))
        self.hold_processes = processes and self._make(here["pids"], name, most)

    def _make(
        self, where: Path | None, name: str, settings: dict[str, int], zero: tuple[str, ...] = ()
    ) -> bool:
        if where is None:
            return False
        folder = where / name
        try:
            folder.mkdir(exist_ok=True)
            if folder not in self.folders:
                self.folders.append(folder)
            for setting, value in settings.items():
                (folder / setting).write_text(str(value))
        except OSError:
            return False
        for setting in zero:
            with contextlib.suppress(OSError):
                (folder / setting).write_text("0")
        return True

    def open(self) -> list[int]:
        """Return descriptors by which a process can enter."""
        return [os.open(folder / "cgroup.procs", os.O_WRONLY) for folder in self.folders]

    def remove(self) -> None:
        """Remove the groups, which must be empty by now."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _v1(controller: str) -> Path | None:
    """Return the folder of this process's own group in the tree of one controller."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            if controller in names.split(","):
                found = CGROUP / controller / path.lstrip("/")
                return _writable(found) or _writable(CGROUP / controller)
    return None


def _writable(folder: Path | None) -> Path | None:
    usable = folder is not None and folder.is_dir() and os.access(folder, os.W_OK)
    return folder if usable else None
