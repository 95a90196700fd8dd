"""`course doctor`: what this machine offers, and what to do about each problem.

Works where torch, or anything else, is missing: that is when it is needed.
"""

import importlib.util
import json
import os
import platform
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

PYTHONS = ((3, 11), (3, 13))
TORCH = (2, 11)
WORDS = {"ok": "ok", "warn": "warning", "problem": "PROBLEM"}
NO_TEMPORARY = (
    "Free space where temporary files go, or name another folder: set TMPDIR (on Windows TEMP)."
)
NO_HOME = "JupyterLab keeps its settings there: free space, or set HOME to a folder of yours."
NARROW = 60  # columns; below that a table would be cut
STYLES = {"ok": "green", "warn": "yellow", "problem": "bold red"}


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        name: what was looked at.
        state: "ok", "warn" (the course runs, with less) or "problem" (it does not).
        found: what is there.
        advice: what to do about it; empty when there is nothing to do.
    """

    name: str
    state: Literal["ok", "warn", "problem"]
    found: str
    advice: str = ""


def report(*, as_json: bool = False) -> int:
    """Print the findings, as a table or as JSON; 1 when something is a problem, else 0."""
    findings = examine()
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _print_table(findings)
    return int(any(finding.state == "problem" for finding in findings))


def device_report() -> str:
    """Say in four lines what computes here; lesson 00 prints it.

    Returns:
        Lines such as `torch    2.15.0`; no clock, no free memory: the same when called again.
    """
    lines = [_python(), _torch(), _device(), _cores()]
    return "\n".join(f"{finding.name:<8} {finding.found}" for finding in lines)


def examine() -> list[Finding]:
    """Look at everything; a look that fails is a warning, never a traceback."""
    machine = [_python, _torch, _device, _cores, _memory, _disk]
    looks = [*machine, _temporary, _home, _front_end, _browser, _sandbox]
    return [_look(look) for look in looks]


def _look(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as error:
        name = look.__name__.strip("_").replace("_", " ")
        return Finding(name, "warn", "unknown", f"could not be found out: {error}")


def _python() -> Finding:
    lowest, highest = (".".join(map(str, pair)) for pair in PYTHONS)
    found = f"{platform.python_version()} on {platform.system()} ({platform.machine()})"
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return Finding("python", "ok", found)
    return Finding("python", "problem", found, f"Install Python {lowest} to {highest}; `make env`.")


def _torch() -> Finding:
    try:
        found = version("torch")
    except PackageNotFoundError:
        return Finding("torch", "problem", "not installed", "Run `make env`.")
    if _numbers(found) < TORCH:
        wanted = ".".join(map(str, TORCH))
        return Finding("torch", "problem", found, f"{wanted} or later is needed: run `make env`.")
    try:
        import torch  # noqa: F401
    except Exception as error:
        if _temporary().state == "problem":
            return Finding("torch", "problem", found, "It needs a temporary folder; see there.")
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        advice = f"It does not import ({reason}): run `make clean env`."
        return Finding("torch", "problem", found, advice)
    return Finding("torch", "ok", found)


def _device() -> Finding:
    if _torch().state == "problem":
        return Finding("device", "warn", "unknown", "Known once torch runs.")
    import torch

    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(0)
        return Finding("device", "ok", f"cuda: {card.name}, {card.total_memory / 2**30:.0f} GB")
    if torch.backends.mps.is_available():
        return Finding("device", "ok", "mps: the GPU of this Mac")
    return Finding("device", "ok", "cpu: every lesson runs on it", _gpu_advice())


def _gpu_advice() -> str:
    """Where a GPU is there but torch does not see it, say what to do."""
    if shutil.which("nvidia-smi") is None:
        return ""
    if sys.platform == "win32":
        return "An NVIDIA GPU is here; pytorch.org/get-started has the CUDA build for Windows."
    return "An NVIDIA GPU is here, torch does not see it: update its driver."


def _cores() -> Finding:
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    if cores < 2:
        return Finding("cores", "warn", str(cores), "Training takes about twice as long as stated.")
    return Finding("cores", "ok", str(cores))


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    total, free = memory.total / 2**30, memory.available / 2**30
    found = f"{total:.1f} GB, {free:.1f} GB of it free"
    if free < 2:
        return Finding("memory", "warn", found, "Close other programs: lessons take up to 2 GB.")
    return Finding("memory", "ok", found)


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    found = f"{free:.1f} GB free here"
    if free < 0.2:
        return Finding("disk", "problem", found, "Free at least 1 GB, or your work may not save.")
    if free < 1:
        return Finding("disk", "warn", found, "Free at least 1 GB before training lessons.")
    return Finding("disk", "ok", found)


def _temporary() -> Finding:
    try:
        return Finding("temporary", "ok", tempfile.gettempdir())
    except FileNotFoundError:
        return Finding("temporary", "problem", "none can be written", NO_TEMPORARY)


def _home() -> Finding:
    home = Path.home()
    if writable(home):
        return Finding("home", "ok", str(home))
    return Finding("home", "warn", f"{home} cannot be written", NO_HOME)


def writable(folder: Path) -> bool:
    """Tell whether a file in this folder can be made and filled."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
            file.flush()
    except OSError:
        return False
    return True


def _front_end() -> Finding:
    missing = [name for name in ("jupyterlab", "ipykernel", "anywidget") if not _has(name)]
    if missing:
        return Finding("front end", "problem", f"without {', '.join(missing)}", "Run `make env`.")
    found = f"JupyterLab {version('jupyterlab')}"
    if _numbers(version("jupyterlab")) < (4, 4):
        return Finding("front end", "problem", found, "4.4 or later is needed: run `make env`.")
    return Finding("front end", "ok", found)


def _browser() -> Finding:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found:
        return Finding("chromium", "ok", found)
    return Finding("chromium", "ok", "absent; only the course's own browser tests want it")


def _sandbox() -> Finding:
    if shutil.which("bwrap"):
        return Finding("bubblewrap", "ok", "present")
    return Finding("bubblewrap", "ok", "absent; only graders want it")


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _numbers(text: str) -> tuple[int, int]:
    """(2, 15) for "2.15.0+cpu"."""
    major, minor = text.split("+")[0].split(".")[:2]
    return int(major), int(minor)


def _print_table(findings: list[Finding]) -> None:
    """Print a table, or one paragraph a finding where a table would be cut."""
    width = shutil.get_terminal_size().columns
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        width = min(width, NARROW - 1)
    if width < NARROW:
        _print_paragraphs(findings, max(width, 8))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for heading in ("what", "state", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        state = f"[{STYLES[finding.state]}]{WORDS[finding.state]}[/]"
        table.add_row(finding.name, state, finding.found, finding.advice)
    Console().print(table)


def _print_paragraphs(findings: list[Finding], width: int) -> None:
    for finding in findings:
        words = [f"{finding.name}: {WORDS[finding.state]}.", finding.found, finding.advice]
        print(textwrap.fill(" ".join(filter(None, words)), width, subsequent_indent="  "))
