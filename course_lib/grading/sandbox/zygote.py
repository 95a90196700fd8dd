"""The process inside bubblewrap: loads torch once, then forks a locked-in child for every job.

It obeys the socket on its standard input. One datagram is one order, a JSON object:
`fork` (with the child's socket, then the member files of its control groups) and `end`.
"""

import array
import contextlib
import json
import os
import select
import signal
import socket
from typing import Any

from course_lib.grading.sandbox import isolate

MOST = 1 << 16
#: Seconds between two looks at how many processes there are.
LOOK = 0.05


def main() -> None:
    """Load what children need, say so, and obey until the other side closes."""
    import torch  # noqa: F401  # while the other side makes up its settings

    control = socket.socket(fileno=os.dup(0))
    settings = json.loads(control.recv(MOST))
    preload(settings["preload"])
    nests = settings["nest"] and _can_nest()
    _say(control, ready=True, nests=nests, address_space=isolate.address_space())
    Zygote(control, nests).run()


def preload(modules: list[str]) -> None:
    """Import what every child would import, and make torch ready for its first sum."""
    import importlib

    import torch

    from course_lib.grading.sandbox import child, stand_in

    importlib.invalidate_caches()  # the kit has grown since this process began
    stand_in.install()
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    torch.set_num_threads(1)  # a fork with threads of its parent would hang in the next sum
    child.warm_up()


def _can_nest() -> bool:
    """Try on a child what every job needs."""
    pid = os.fork()
    if pid == 0:
        try:
            isolate.namespaces()
            inner = os.fork()
            if inner == 0:
                isolate.own_folders(1 << 16)
                os._exit(0)
            os._exit(os.waitpid(inner, 0)[1] != 0)
        except BaseException:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _say(control: socket.socket, **event: Any) -> None:
    control.send(json.dumps(event).encode())


class Zygote:
    """Forks children and ends them.

    Args:
        control: the way to the host; it can open others.
        nests: whether every child gets namespaces of its own; else there is one child only, and
            the bubblewrap around this process is its cage.
    """

    def __init__(self, control: socket.socket, nests: bool) -> None:
        self.controls, self.nests = [control], nests
        self.jobs: dict[tuple[int, int], tuple[int, int, int]] = {}
        self.most: dict[tuple[int, int], int] = {}

    def run(self) -> None:
        """Obey orders until the first of those who give them is gone."""
        while True:
            pause = LOOK if self.most else None
            for control in select.select(self.controls, [], [], pause)[0]:
                self._obey(control)
            self._watch()

    def _watch(self) -> None:
        """Kill the jobs that have more processes than they may: where no control group does."""
        if not self.most:
            return
        parents = _parents()
        for key, most in list(self.most.items()):
            pid = self.jobs[key][1]
            if pid and sum(_descends(one, pid, parents) for one in parents) > most:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _obey(self, control: socket.socket) -> None:
        data, files = _receive(control)
        if not data:
            if control is self.controls[0]:
                os._exit(0)
            for key in [key for key in self.jobs if key[0] == control.fileno()]:
                self._end(key)  # its marker was killed
            self.controls.remove(control)
            control.close()
            return
        order = json.loads(data)
        key = (control.fileno(), order.get("job", 0))
        if order["do"] == "fork":
            self._fork(key, order, files)
        elif order["do"] == "open":
            self.controls.append(socket.socket(fileno=files[0]))
        else:
            _say(control, ended=order["job"], status=self._end(key))

    def _fork(self, key: tuple[int, int], order: dict[str, Any], files: list[int]) -> None:
        born, tell = os.pipe()
        go, wait = os.pipe()
        guard = os.fork()
        if guard == 0:
            os.close(born)
            os.close(wait)
            try:
                self._guard(order, files, tell, go)
            finally:
                os._exit(99)
        for file in (tell, go, *files):
            os.close(file)
        text = os.read(born, 32)
        os.close(born)
        if order["watch"] is not None:
            self.most[key] = order["watch"]
        self.jobs[key] = (guard, int(text or b"0"), wait)

    def _guard(self, order: dict[str, Any], files: list[int], tell: int, go: int) -> None:
        """Fork the child proper, pass on its number, and wait until it may be buried."""
        link, *groups = files
        isolate.join(groups)
        if self.nests:
            isolate.namespaces()
        pid = os.fork()
        if pid == 0:
            os.close(tell)
            os.close(go)
            try:
                self._child(order, link)
            finally:
                os._exit(98)
        os.write(tell, str(pid).encode())
        isolate.close_all_but(go)
        os.read(go, 1)  # the number of a process that nobody buried is not given away again
        status = os.waitpid(pid, 0)[1]
        signalled = os.WIFSIGNALED(status)
        os._exit(128 + os.WTERMSIG(status) if signalled else os.WEXITSTATUS(status) & 127)

    def _child(self, order: dict[str, Any], link: int) -> None:
        from course_lib.grading.sandbox import child

        isolate.die_with_parent()
        isolate.close_all_but(link)
        if self.nests:
            isolate.own_folders(order["folder"])
        os.chdir(order["work"])
        isolate.no_privileges()
        isolate.limit(order["limits"])
        child.main(link, order)

    def _end(self, key: tuple[int, int]) -> int:
        """Kill a child with all that it started; return how it had ended: 128 + signal, or code."""
        self.most.pop(key, None)
        guard, pid, wait = self.jobs.pop(key, (0, 0, 0))
        if not guard:
            return 0
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.close(wait)
        return os.waitstatus_to_exitcode(os.waitpid(guard, 0)[1])


def _parents() -> dict[int, int]:
    """Return the parent of every process in the cage."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
                found[int(name)] = int(file.read().rpartition(")")[2].split()[1])
    return found


def _descends(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    """Tell whether a process has another among its ancestors; orphans belong to the first."""
    seen = 0
    while pid in parents and seen < len(parents):
        if pid == ancestor:
            return True
        pid, seen = parents[pid], seen + 1
    return False


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    data, ancillary, _, _ = control.recvmsg(MOST, socket.CMSG_SPACE(8 * 4))
    files = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            files.frombytes(content[: len(content) - len(content) % files.itemsize])
    return data, list(files)


if __name__ == "__main__":
    main()
