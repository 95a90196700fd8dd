"""Shut a forked process in: own namespaces, limits, nothing open but its way to the marker."""

import contextlib
import ctypes
import os
import resource
import sys
from typing import Any

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
NODEV, NOSUID, NOEXEC, BIND, REC = 4, 2, 8, 0x1000, 0x4000
CAPBSET_DROP, SET_PDEATHSIG, SET_NO_NEW_PRIVS = 24, 1, 38
CAPSET, CAP_VERSION = {"x86_64": 126, "aarch64": 91}, 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


def namespaces() -> None:
    """Leave the user, mount, process, network and ipc namespaces of the parent.

    Raises:
        OSError: where nesting is refused.
    """
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(NEWUSER | NEWNS | NEWIPC | NEWPID | NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def own_folders(size: int) -> None:
    """Put empty folders of limited size over /tmp and /dev/shm, and nothing at all over /proc.

    A Python that is installed below /tmp is put back there.
    """
    kept = {path: os.open(path, os.O_PATH) for path in _below_tmp()}
    for folder, options in (("/tmp", size), ("/dev/shm", size), ("/proc", 4096)):
        flags = NODEV | NOSUID | (NOEXEC if folder != "/tmp" else 0)
        _mount("tmpfs", folder, "tmpfs", flags, f"size={options}")
        if folder == "/tmp":
            for path, opened in kept.items():
                os.makedirs(path, exist_ok=True)
                _mount(f"/proc/self/fd/{opened}", path, "", BIND | REC, "")
                os.close(opened)


def _below_tmp() -> list[str]:
    """Return where Python is installed below /tmp: a folder within another is left out."""
    found = sorted({os.path.realpath(path) for path in (sys.prefix, sys.base_prefix)})
    below = [path for path in found if path.startswith("/tmp/")]
    return [p for p in below if not any(p.startswith(f"{q}/") for q in below)]


def _mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    words = (source.encode(), target.encode(), kind.encode())
    if _libc.mount(*words, flags, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def no_privileges() -> None:
    """Give up every capability, for good."""
    _libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(64):
        _libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)
    number = CAPSET.get(os.uname().machine)
    if number is not None:
        head, none = (ctypes.c_uint32 * 2)(CAP_VERSION, 0), (ctypes.c_uint32 * 6)()
        _libc.syscall(number, head, none)


def die_with_parent() -> None:
    """Be killed when the process that forked this one ends."""
    _libc.prctl(SET_PDEATHSIG, 9, 0, 0, 0)


def limit(limits: dict[str, Any]) -> None:
    """Set the kernel's limits on this process and what it starts."""
    for name in ("CPU", "FSIZE", "NOFILE", "CORE", "AS", "NPROC"):
        most = limits.get(name)
        if most is not None:
            kind = getattr(resource, f"RLIMIT_{name}")
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most))


def address_space() -> int:
    """Return the bytes of address space that this process has now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def close_all_but(*kept: int) -> None:
    """Close every other file, and let what is printed go nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    at = 3
    for descriptor in sorted(kept):
        os.closerange(at, descriptor)
        at = descriptor + 1
    os.closerange(at, 65_536)


def join(groups: list[int]) -> None:
    """Enter the control groups whose member files are open for writing."""
    for group in groups:
        with contextlib.suppress(OSError):
            os.write(group, b"0")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
