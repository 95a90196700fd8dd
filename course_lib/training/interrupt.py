"""Ctrl-C, or a notebook's stop button, heard between two steps instead of within one."""

import signal
import threading
from types import FrameType
from typing import Any


class Interrupt:
    """While entered, a first interrupt sets `asked`; a second one is an ordinary KeyboardInterrupt.

    Outside the main thread Python hears no signals, and nothing changes.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
