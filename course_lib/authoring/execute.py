"""Run a solved notebook in a fresh kernel, offline and in an empty folder."""

import asyncio
import os
import re
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets import default
from traitlets.config import Config

from course_lib.authoring.notebook import LANGUAGE
from course_lib.errors import CourseError

#: How a notebook runs when its outputs are to be committed.
STATIC = {
    "COURSE_STATIC": "1",
    "COURSE_QUIET": "1",
    "COURSE_PROGRESS": "off",
    "COURSE_SCALE": "small",
    "HF_HUB_OFFLINE": "1",
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
#: Set in the shell of whoever builds, these would change what cells do or show.
_UNSET = ("MPLBACKEND", "NBGRADER_EXECUTION", "COURSE_DATA", "PYTHONSTARTUP", "PYTHONWARNINGS")
#: Seconds for one cell.
CELL_SECONDS = 180
#: Bytes that a path of a socket may have everywhere, less those that are appended.
LONGEST_SOCKET = 90
_ANSI = re.compile(r"\x1b\[[0-9;]*[a-zA-Z]")


class CellError(CourseError):
    """A cell did not run to its end.

    Args:
        index: of the cell in the notebook.
        line: within the cell, from 1; None when nobody knows.
        says: what happened, in one line.
    """

    def __init__(self, index: int, line: int | None, says: str) -> None:
        super().__init__(says)
        self.index, self.line, self.says = index, line, says


def execute(
    notebook: NotebookNode,
    *,
    env: Mapping[str, str] | None = None,
    seconds: int = CELL_SECONDS,
    on_cell: Callable[[int], None] = lambda index: None,
) -> NotebookNode:
    """Run every cell in place and keep the outputs, less everything that changes by itself.

    Args:
        notebook: to run; its cells receive outputs.
        env: variables on top of the environment; see `STATIC`.
        seconds: that one cell may take.
        on_cell: called with the index of each cell that has run.

    Raises:
        CellError: when a cell raises, takes too long, or ends its kernel.
    """
    with tempfile.TemporaryDirectory(prefix="course-build-") as folder:
        places = {"IPYTHONDIR": os.path.join(folder, "ipython"), "PWD": os.path.join(folder, "cwd")}
        for place in places.values():
            os.mkdir(place)
        everything = {k: v for k, v in os.environ.items() if k not in _UNSET}
        run = _Run(notebook, {**everything, **STATIC, **places, **(env or {})}, seconds, on_cell)
        run.finish(places["PWD"], os.path.join(folder, "kernel"))
    _clean(notebook)
    return notebook


class NativeKernel(AsyncKernelManager):
    """Looks into no folder of kernels: the one of this very interpreter is what must run."""

    @default("kernel_spec_manager")
    def _only_native(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[], parent=self)


def _transport(socket: str) -> Config:
    """Talk to the kernel through files, where the system can: no port, no network."""
    if os.name != "posix" or len(socket) > LONGEST_SOCKET:
        return Config()
    return Config({"NativeKernel": {"transport": "ipc", "ip": socket}})


class _Run:
    """One notebook in one kernel. nbclient lives in a thread, so that Ctrl-C is the caller's."""

    def __init__(
        self,
        notebook: NotebookNode,
        env: dict[str, str],
        seconds: int,
        on_cell: Callable[[int], None],
    ) -> None:
        self.notebook, self.env, self.seconds, self.on_cell = notebook, env, seconds, on_cell
        self.index = 0
        self.stop: Callable[[], object] = lambda: None
        self.started = threading.Event()

    def finish(self, cwd: str, socket: str) -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="kernel") as pool:
            done: Future[None] = pool.submit(lambda: asyncio.run(self._execute(cwd, socket)))
            try:
                done.result()
            except BaseException:
                self.started.wait(10)
                self.stop()
                raise

    async def _execute(self, cwd: str, socket: str) -> None:
        client = self._client(cwd, socket)
        task = asyncio.ensure_future(client.async_execute(env=self.env))
        loop = asyncio.get_running_loop()
        self.stop = lambda: loop.is_closed() or loop.call_soon_threadsafe(task.cancel)
        self.started.set()
        try:
            await task
        except CellTimeoutError:
            says = f"stopped: it ran longer than {self.seconds} s"
            raise CellError(self.index, None, says) from None
        except DeadKernelError:
            raise CellError(self.index, None, "the kernel died while this cell ran") from None
        except CellExecutionError:
            raise self._failure() from None
        except RuntimeError as error:
            raise CourseError(f"the kernel did not start: {error}") from None

    def _client(self, cwd: str, socket: str) -> NotebookClient:
        return NotebookClient(
            self.notebook,
            kernel_manager_class=NativeKernel,
            kernel_name="python3",
            config=_transport(socket),
            timeout=self.seconds,
            resources={"metadata": {"path": cwd}},
            store_widget_state=False,
            record_timing=False,
            coalesce_streams=True,
            shutdown_kernel="immediate",
            on_cell_execute=self._note,
            on_cell_executed=lambda cell, cell_index, **_: self.on_cell(cell_index),
        )

    def _note(self, cell: NotebookNode, cell_index: int) -> None:
        self.index = cell_index

    def _failure(self) -> CellError:
        cell = self.notebook.cells[self.index]
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if not errors:
            return CellError(self.index, None, "the cell raised")
        error = errors[-1]
        said = " ".join(_ANSI.sub("", str(error.evalue)).split())
        return CellError(self.index, _line(cell, error), f"{error.ename}: {said}"[:500])


def _line(cell: NotebookNode, error: Any) -> int | None:
    """Return the line of the cell that a traceback came through last."""
    text = _ANSI.sub("", "\n".join(error.traceback))
    here = rf"Cell In\[{cell.execution_count}\], line (\d+)"
    found = re.findall(here, text) or re.findall(r"File <ipython-input[^>]*>:(\d+)", text)
    return int(found[-1]) if found else None


def _clean(notebook: NotebookNode) -> None:
    """Take out what differs from run to run or from machine to machine."""
    notebook.metadata["language_info"] = dict(LANGUAGE)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.pop("transient", None)
