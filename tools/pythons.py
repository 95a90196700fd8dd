"""Which Pythons are here, and what each of them has. Standard library only, for any Python 3."""

import os
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
#: Major, minor, and whether venv and ensurepip are there.
ASK_PYTHON = """
import sys, importlib.util as u
print(*sys.version_info[:2], *(int(u.find_spec(m) is not None) for m in ("venv", "ensurepip")))
"""


def find_pythons():
    """Every fitting Python and what it has, the one that runs this first, then PATH's by version.

    Returns:
        Pairs: a command, and (major, minor, has venv, has ensurepip).
    """
    running = getattr(sys, "_base_executable", None) or sys.executable
    minors = range(NEWEST[1], OLDEST[1] - 1, -1)
    names = [f"python3.{minor}" for minor in minors] + ["python3", "python"]
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    paths = [shutil.which(name, path=folder) for name in names for folder in folders]
    commands = [[path] for path in dict.fromkeys([running, *filter(None, paths)])]
    commands += [["py", f"-3.{minor}"] for minor in minors] if os.name == "nt" else []
    asked = ((command, ask(command)) for command in commands)
    return [(command, has) for command, has in asked if has and OLDEST <= has[:2] <= NEWEST]


def ask(command):
    """(major, minor, has venv, has ensurepip) of a Python, or None where it does not run."""
    try:
        answer = subprocess.run(
            [*command, "-c", ASK_PYTHON], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return tuple(int(part) for part in answer.stdout.split()) or None
    except (OSError, ValueError):
        return None


def has_pip(command):
    """True when a Python runs pip."""
    return run_quietly([*command, "-m", "pip", "--version"])


def run_quietly(command):
    """True when a command succeeds."""
    try:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.call([str(part) for part in command], **quiet) == 0
    except OSError:
        return False


def text(version):
    """3.11 for (3, 11)."""
    return ".".join(map(str, version))
