"""Seconds from `git clone` to a JupyterLab that answers, and gigabytes: a fresh clone.

The clone is made in a temporary folder and removed afterwards. `--cold` gives uv an empty cache,
so that everything is downloaded; without it, what this machine has downloaded before is used.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BAR_S = 60
PATIENCE_S = 600


def main() -> int:
    """Print the seconds of each step and their sum; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="download everything")
    with tempfile.TemporaryDirectory() as folder:
        steps = measure(Path(folder), cold=parser.parse_args().cold)
        size = installed(Path(folder) / "course" / ".venv")
    total = sum(steps.values())
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in steps.items())
    print(f"clone to lab: {total:.1f} s ({parts}); bar {BAR_S} s; installed {size:.1f} GB")
    return int(total > BAR_S)


def measure(folder: Path, *, cold: bool) -> dict[str, float]:
    """Clone, install, start; the seconds of each."""
    course = folder / "course"
    environment = {**os.environ, "JUPYTER_TOKEN": "bench", "COURSE_PROGRESS": "off"}
    environment.pop("VIRTUAL_ENV", None)
    if cold:
        environment["UV_CACHE_DIR"] = str(folder / "cache")
    clone = timed(["git", "clone", "--quiet", str(ROOT), str(course)], folder, environment)
    install = timed(["make", "env"], course, environment)
    return {"clone": clone, "install": install, "lab": start_lab(course, environment)}


def installed(folder: Path) -> float:
    """Return the gigabytes that an environment takes, files that are linked twice counted once."""
    seen = {(one.st_dev, one.st_ino): one.st_size for one in map(os.lstat, files_of(folder))}
    return sum(seen.values()) / 1e9


def files_of(folder: Path) -> list[str]:
    """Return the path of every file below a folder."""
    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]


def timed(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Run a command in silence; the seconds it took."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def start_lab(course: Path, environment: dict[str, str]) -> float:
    """Start JupyterLab, wait for its page, end it; the seconds until the page was there."""
    port = free_port()
    command = [str(course / ".venv/bin/course"), "lab", "--no-browser", "--port", str(port)]
    start = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    lab = subprocess.Popen(command, cwd=course, env=environment, **quiet)
    try:
        await_page(f"http://127.0.0.1:{port}/lab?token=bench", lab)
        return time.perf_counter() - start
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.wait(30)


def await_page(address: str, lab: subprocess.Popen) -> None:
    """Return once the page is there; give up when JupyterLab ended."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and lab.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("JupyterLab did not answer; run `course lab` to see why")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
