"""Start a JupyterLab on loopback, with no settings of the user's, and stop it at the end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# As `course lab` does; see course_lib/explore/prompt_socket.py.
PROMPT = (
    "--ServerApp.kernel_websocket_connection_class=course_lib.explore.prompt_socket.PromptSocket"
)

# Without the first, outputs off screen are not on the page; without the second, news are fetched.
_SETTINGS: dict[str, dict[str, Any]] = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@contextmanager
def jupyterlab(folder: Path, home: Path) -> Iterator[str]:
    """Run JupyterLab on a free port and yield its address.

    Args:
        folder: what it shows.
        home: an empty folder for its settings, its log, its kernels' files.
    """
    port = _free_port()
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(
            _command(folder, port),
            env=_environment(home),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_up(url, server, home / "lab.log")
            yield url
        finally:
            _stop(server)


def _command(folder: Path, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="),
        *("--ServerApp.password=", "--LabApp.expose_app_in_browser=True"),
        *(f"--ServerApp.root_dir={folder}", PROMPT),
    ]


def _environment(home: Path) -> dict[str, str]:
    settings = home / "settings"
    for name, values in _SETTINGS.items():
        path = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    folders = {
        "JUPYTERLAB_SETTINGS_DIR": settings,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
        "COURSE_PROGRESS": home / "progress",
    }
    kept = {name: value for name, value in os.environ.items() if name != "COURSE_STATIC"}
    own = {name: str(place) for name, place in folders.items()}
    return {**kept, **own, "COURSE_QUIET": "1", "COURSE_SCALE": "tiny"}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_until_up(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{url}/api/status", timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """Ask the server to end its kernels and itself; insist after ten seconds."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
