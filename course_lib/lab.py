"""JupyterLab, opened on the learner's work folder: this interpreter's, on loopback, offline."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from course_lib import workspace
from course_lib.checking.progress import progress_folder
from course_lib.doctor import writable
from course_lib.errors import CourseError


def open_lab(*, work: Path | None, lesson: str | None, port: int, browser: bool) -> int:
    """Bring the work folder up to date and run JupyterLab in it until it is stopped.

    Args:
        work: the work folder; found upward from here, else `work/` beside the lessons.
        lesson: the number of the lesson to open; the first when None.
        port: on 127.0.0.1; 0 takes a free one.
        browser: open one.

    Returns:
        JupyterLab's exit code.

    Raises:
        CourseError: unknown lesson, a taken port, a folder that cannot be written.
    """
    first = workspace.course_notebooks()[0]
    name = (first if lesson is None else workspace.lesson_file(lesson)).name
    folder = workspace.find_work(work)
    for note in workspace.update_lessons(folder):
        print(note)
    demand_runtime_folder()
    sign_notebooks()
    print(f"Your work is in {folder}; stop JupyterLab with Ctrl+C.", flush=True)
    return _run_until_stopped(
        lab_command(folder, name, port=free_port(port), browser=browser), folder
    )


def join_room(address: str, code: str | None, name: str | None, *, work: Path | None) -> None:
    """Join the room of a board from the command line, after asking.

    Args:
        address: of the board.
        code: of the room; asked for when None.
        name: or nickname; asked for when None.
        work: the work folder; found upward from here when None.

    Raises:
        CourseError: when the board is away, or does not take the code.
    """
    import typer

    from course_lib.workbook.sharing.sharing import WHAT_IS_SENT, Sharing

    print(WHAT_IS_SENT)
    if not typer.confirm("Join?", default=True):
        print("Nothing is sent.")
        return
    code = code or typer.prompt("Code of the room")
    if name is None:
        name = typer.prompt("Name or nickname (empty for none)", default="", show_default=False)
    export = bool(name) and typer.confirm(
        "May the name stand in what the instructor keeps?", default=False
    )
    folder: Path | None = workspace.find_work(work) / workspace.MARK
    if os.environ.get("COURSE_PROGRESS"):
        folder = progress_folder()
    if folder is None:
        raise CourseError("COURSE_PROGRESS=off remembers no room: use lesson.join in the lesson.")
    print(Sharing(folder).join(address, code, name, export=export).split(". ")[0] + ".")


def demand_runtime_folder() -> None:
    """Refuse to start what could start no kernel: Jupyter keeps its connections in the home folder.

    Raises:
        CourseError: when that folder cannot be written.
    """
    from jupyter_core.paths import jupyter_runtime_dir

    folder = Path(jupyter_runtime_dir())
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if not writable(folder):
        raise CourseError(
            f"JupyterLab cannot write in {folder}. Free space there, or set HOME (or "
            "JUPYTER_RUNTIME_DIR) to a folder of yours."
        )


def sign_notebooks() -> None:
    """Sign the course's notebooks, so that JupyterLab trusts their outputs."""
    import nbformat
    from nbformat.sign import NotebookNotary

    try:
        notary = NotebookNotary()
        solved = sorted((workspace.ROOT / "solutions").glob("*.ipynb"))
        for path in [*workspace.course_notebooks(), *solved]:
            notary.sign(nbformat.read(path, as_version=4))
    except (OSError, ValueError) as error:
        print(f"The lessons could not be signed ({error}); choose Trust Notebook in JupyterLab.")


def free_port(port: int) -> int:
    """The port asked for when it is free, or any free one for 0."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            raise CourseError(f"port {port} cannot be used; leave --port out to get one.") from None
        return int(probe.getsockname()[1])


def lab_command(folder: Path, name: str, *, port: int, browser: bool) -> list[str]:
    """JupyterLab of this very interpreter, on loopback, offline, opened on one notebook."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [
        *(sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}"),
        f"--LabApp.default_url=/lab/tree/{name}",
        # News, updates and the list of extensions would each ask the network.
        *("--LabApp.news_url=None", "--LabApp.extension_manager=readonly"),
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        # Explorers answer 40 ms sooner.
        "--ServerApp.kernel_websocket_connection_class=course_lib.explore.prompt_socket.PromptSocket",
        *([] if browser else ["--no-browser"]),
        *(["--allow-root"] if as_root else []),
    ]


def lab_environment() -> dict[str, str]:
    """The environment in which kernels are this interpreter's and `course` is on PATH."""
    environment = dict(os.environ)
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"
    environment.pop("JUPYTER_PATH", None)  # would offer another environment's python3 first
    bin_folder = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([bin_folder, environment.get("PATH", "")])
    return environment


def _run_until_stopped(command: list[str], folder: Path) -> int:
    """Run JupyterLab; Ctrl+C is its own to answer, a polite end is passed on."""
    process = subprocess.Popen(command, cwd=folder, env=lab_environment())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()
