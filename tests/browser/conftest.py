"""A real JupyterLab in headless Chromium, with nothing of the user's and nothing of the network."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from .lab import CHROMIUM_ARGUMENTS, Lab, chromium

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here; skip it, with the reason, where there is no browser."""
    here = [item for item in items if item.path.is_relative_to(Path(__file__).parent)]
    for item in here:
        item.add_marker(pytest.mark.browser)
        if chromium() is None:
            reason = "Chromium is not installed (Debian: apt-get install chromium)"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab shows; tests put notebooks into it."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="session")
def lab_url(lab_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start JupyterLab on a free loopback port; stop it, kernels included, at the end."""
    home = tmp_path_factory.mktemp("home")
    port = _free_port()
    log = (home / "lab.log").open("w")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
            *(f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="),
            *("--ServerApp.password=", "--LabApp.expose_app_in_browser=True"),
            *(f"--ServerApp.root_dir={lab_folder}", "--ServerApp.disable_check_xsrf=True"),
        ],
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
        log.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """One headless Chromium for the session."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
        yield one
        one.close()


@pytest.fixture
def lab(lab_url: str, lab_folder: Path, browser: object) -> Iterator[Lab]:
    """A fresh browser window on JupyterLab; at the end, no request may have left or failed."""
    with Lab(lab_url, lab_folder, browser) as one:
        yield one
        one.assert_stayed_home()


def _environment(home: Path) -> dict[str, str]:
    settings = home / "settings"
    _write(
        settings / "@jupyterlab/notebook-extension/tracker.jupyterlab-settings",
        {"windowingMode": "none"},
    )
    _write(
        settings / "@jupyterlab/apputils-extension/notification.jupyterlab-settings",
        {"fetchNews": "false", "checkForUpdates": False},
    )
    folders = {
        "JUPYTERLAB_SETTINGS_DIR": settings,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
        "COURSE_PROGRESS": home / "progress",
    }
    own = {name: str(folder) for name, folder in folders.items()}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    kept = {name: value for name, value in os.environ.items() if name != "COURSE_STATIC"}
    return {**kept, **own, "PYTHONPATH": path, "COURSE_QUIET": "1", "COURSE_SCALE": "tiny"}


def _write(path: Path, settings: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings), encoding="utf-8")


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
