"""What keeps a stage away from the network, and from whatever the user has set."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PLUGINS = ROOT / "tests" / "plugins"
OFFLINE = {
    "COURSE_NO_NETWORK": "1",
    "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "no_network"), str(PLUGINS)]),
    "COURSE_PROGRESS": "off",
    "COURSE_QUIET": "1",
    "COURSE_STATIC": "1",
    "HF_HUB_OFFLINE": "1",
}
#: Without byte code every one of hundreds of processes compiles torch anew, for ten seconds.
SLOWS = "PYTHONDONTWRITEBYTECODE"


def environment(offline: bool, more: dict[str, str | None]) -> dict[str, str]:
    """Return the variables of a stage; those that `more` gives as None are taken out."""
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    wanted = {**os.environ, **(OFFLINE if offline else {}), "PATH": path, SLOWS: None, **more}
    return {name: value for name, value in wanted.items() if value is not None}


def namespace() -> list[str]:
    """The words before a command that give it a network of its own, loopback only; or none."""
    if not shutil.which("unshare"):
        return []
    root = os.geteuid() == 0
    lifted = [sys.executable, str(ROOT / "tools" / "loopback.py")]
    words = ["unshare", "--net", *([] if root else ["--map-root-user"]), *lifted]
    works = subprocess.run([*words, "true"], capture_output=True).returncode == 0
    return words if works else []
