"""A Python that has imported what lessons import; every kernel asked for is a fork of it.

It draws nothing and computes nothing, so that no thread of OpenMP and no seed is handed on. A
kernel gets the environment, the folder and the files of whoever asked, and ends when they go.
"""

import contextlib
import importlib
import json
import os
import random
import selectors
import signal
import socket
import sys
import threading
from typing import Any

#: What lessons import, or what torch imports when something is first trained.
PRELOAD = (
    *("torch", "torch._dynamo", "torch.utils.flop_counter", "torchvision"),
    "torchvision.transforms",
    *("numpy", "scipy.stats", "sklearn.datasets", "sklearn.linear_model"),
    *("matplotlib.pyplot", "matplotlib.backends.backend_agg", "matplotlib_inline.backend_inline"),
    *("IPython.core.interactiveshell", "ipykernel.kernelapp", "ipykernel.ipkernel", "ipywidgets"),
    *("anywidget", "tqdm.auto", "accelerate", "transformers", "tokenizers", "safetensors.torch"),
)
#: Variables that a library may have read while it was imported: a kernel with others is no fork.
READ_AT_IMPORT = ("PYTHON", "OMP_", "MKL_", "OPENBLAS_", "TORCH", "PYTORCH", "CUDA", "HF_", "MPL")
POLL = 0.05


def preload() -> None:
    """Import everything once, as a kernel would; what is not installed is left out."""
    # Read when matplotlib is imported; a kernel sets it before.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    for name in PRELOAD:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    import course_lib

    course_lib.Lesson  # noqa: B018  # it is loaded when first named


def fits(asked: dict[str, str], own: dict[str, str]) -> bool:
    """Tell whether a kernel with these variables may be a fork of a process that had its own."""
    names = {name for name in {*asked, *own} if name.startswith(READ_AT_IMPORT)}
    return all(asked.get(name) == own.get(name) for name in names)


class Zygote:
    """Forks a kernel for every client, and ends it when the client goes.

    Args:
        place: path of the socket that clients connect to.
        own: the environment before anything was imported; libraries add to it.
    """

    def __init__(self, place: str, own: dict[str, str]) -> None:
        self.own = own
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(place)
        self.server.listen(64)
        self.clients: dict[socket.socket, int] = {}
        self.watched = selectors.DefaultSelector()
        self.watched.register(self.server, selectors.EVENT_READ)
        self.watched.register(sys.stdin, selectors.EVENT_READ)

    def run(self) -> dict[str, Any] | None:
        """Serve until standard input closes; in a fork, return what was asked for."""
        while True:
            for key, _ in self.watched.select(POLL if self.clients else None):
                if key.fileobj is sys.stdin:
                    self._end()
                    return None
                if key.fileobj is self.server:
                    asked = self._welcome(self.server.accept()[0])
                    if asked is not None:
                        return asked
                else:
                    self._gone(key.fileobj)
            self._bury()

    def _welcome(self, client: socket.socket) -> dict[str, Any] | None:
        """Read an order and fork; return the order in the child alone."""
        asked, files = receive(client)
        if not fits(asked["environment"], self.own) or threading.active_count() > 1:
            client.sendall(b"0\n")
            client.close()
            for file in files:  # a pipe held here would never end for who reads it
                os.close(file)
            return None
        pid = os.fork()
        if pid == 0:
            self.watched.close()
            for one in (self.server, client, *self.clients):
                one.close()
            return {**asked, "files": files}
        for file in files:
            os.close(file)
        client.sendall(f"{pid}\n".encode())
        self.clients[client] = pid
        self.watched.register(client, selectors.EVENT_READ)
        return None

    def _bury(self) -> None:
        """Tell clients whose kernel has ended how it ended."""
        for client, pid in list(self.clients.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                with contextlib.suppress(OSError):
                    client.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
                self._forget(client)

    def _gone(self, client: Any) -> None:
        kill(self.clients[client])
        os.waitpid(self.clients[client], 0)
        self._forget(client)

    def _forget(self, client: socket.socket) -> None:
        self.watched.unregister(client)
        del self.clients[client]
        client.close()

    def _end(self) -> None:
        for pid in self.clients.values():
            kill(pid)


def kill(pid: int) -> None:
    """End a kernel and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def receive(client: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return an order (a line of JSON) and the three standard files that came with it."""
    data, files, _, _ = socket.recv_fds(client, 1 << 16, 3)
    while not data.endswith(b"\n"):
        data += client.recv(1 << 16)
    return json.loads(data), files


def become(asked: dict[str, Any]) -> None:
    """Turn a fork into the kernel that was asked for."""
    os.setsid()
    for place, file in enumerate(asked["files"]):
        os.dup2(file, place)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    reseed()
    from ipykernel import kernelapp

    parent = f"--IPKernelApp.parent_handle={os.getppid()}"
    sys.argv = ["ipykernel_launcher.py", "-f", *asked["words"], parent]
    kernelapp.launch_new_instance()


def reseed() -> None:
    """Forget the seeds that came with the fork: no two kernels draw alike."""
    import numpy
    import torch

    random.seed()
    numpy.random.seed()
    torch.seed()


if __name__ == "__main__":
    del sys.path[0]  # the folder of this file, which no kernel knows
    own = dict(os.environ)
    preload()
    zygote = Zygote(sys.argv[1], own)
    print("ready", flush=True)
    order = zygote.run()
    if order is not None:
        become(order)
