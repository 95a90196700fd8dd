"""A wire between learners and a board that can be cut, or that loses the answers."""

import socket
import threading
from contextlib import suppress


class Wire:
    """Forwards one port to another, on loopback.

    Args:
        port: of the board.
    """

    def __init__(self, port):
        self.to, self.cut, self.loses_answers = port, False, False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_now(self):
        """End all connections, and let none in."""
        self.cut = True
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.cut_now()
        self._server.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                if self.cut:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.to))
                self._open += [near, far]
                for pair in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source, target, answers):
        with suppress(OSError):
            while data := source.recv(65536):
                if answers and self.loses_answers:
                    break
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
