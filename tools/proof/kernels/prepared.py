"""Run a command; kernels that it starts are forks of one that has imported:  prepared.py COMMAND …

They go by the name of ordinary ones, `python3`. Where a fork is unsafe (Windows, macOS), where
there is no zygote, or where its variables are not the kernel's, they are ordinary ones.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NAME = "python3"
ORDINARY = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


def main() -> int:
    """Run the command; return its exit code."""
    with tempfile.TemporaryDirectory(prefix="course-kernels-") as place, zygote(place) as kernel:
        folder = Path(place, "kernels", NAME)
        folder.mkdir(parents=True)
        spec = {"argv": kernel, "display_name": "Python 3", "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        paths = [place, os.environ.get("JUPYTER_PATH", "")]
        environment = {**os.environ, "JUPYTER_PATH": os.pathsep.join(filter(None, paths))}
        return subprocess.call(sys.argv[1:], env=environment)


@contextlib.contextmanager
def zygote(place: str) -> Iterator[list[str]]:
    """Yield the command that starts a kernel, while there is something to fork it from."""
    if sys.platform != "linux":
        yield ORDINARY
        return
    socket = os.path.join(place, "socket")
    command = [sys.executable, str(FOLDER / "zygote.py"), socket]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline().strip() == "ready":
            yield [sys.executable, "-S", str(FOLDER / "client.py"), socket, "{connection_file}"]
        else:
            print("No kernels can be prepared here: ordinary ones, slower.", flush=True)
            yield ORDINARY
        process.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
