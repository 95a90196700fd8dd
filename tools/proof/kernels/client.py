"""Stand in for a kernel:  client.py SOCKET CONNECTION_FILE [OPTION …]

Ask the zygote for one, pass signals on to it, and end as it ends. Where the zygote says no, or is
not there, become an ordinary kernel.
"""

import json
import os
import signal
import socket
import sys
from typing import TextIO


def main() -> int:
    """Live as long as the kernel does; return its exit code."""
    place, *words = sys.argv[1:]
    zygote = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        answers = ask(zygote, place, words)
        pid = int(answers.readline() or 0)
    except OSError:
        pid = 0
    if not pid:
        ordinary(words)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: os.kill(pid, number))
    code = int(answers.readline() or 1)
    return 128 - code if code < 0 else code


def ask(zygote: socket.socket, place: str, words: list[str]) -> TextIO:
    """Order a kernel with this process's variables, folder and standard files.

    Args:
        zygote: a socket of our own.
        place: of the zygote's.
        words: the connection file, and what else a kernel is called with.
    """
    zygote.connect(place)
    order = {"environment": dict(os.environ), "folder": os.getcwd(), "words": words}
    data = json.dumps(order).encode() + b"\n"
    sent = socket.send_fds(zygote, [data], [0, 1, 2])
    zygote.sendall(data[sent:])
    return zygote.makefile()


def ordinary(words: list[str]) -> None:
    os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", "-f", *words])


if __name__ == "__main__":
    sys.exit(main())
