"""Stop code that runs too long, as far as a process can stop itself."""

import _thread
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

#: After the first alarm, one every so many seconds: code that catches everything is hit again.
AGAIN = 0.2
#: An import that is cut short leaves a broken module behind for good: it gets so many seconds of
#: this process's own, and ten times as many by the clock where others keep the machine busy.
PATIENCE = 30.0
STUBBORN = (
    "The check's time is up, but this code catches every exception and goes on. "
    "Interrupt the kernel (■), or restart it, and catch only the exception you expect."
)


class Timeout(BaseException):
    """The time is up."""


def _nobody() -> None:
    """Tell nobody."""


@contextmanager
def limit(seconds: float, importing: Callable[[], None] = _nobody) -> Iterator[None]:
    """Raise `Timeout` in the block after `seconds`.

    On the main thread of a POSIX system an alarm interrupts Python code; elsewhere a timer does,
    on the main thread as Ctrl-C would. A native call is interrupted when it returns. An import
    under way when an alarm rings is left in peace, and the time begins anew behind it: what torch
    loads at a first use is long on a busy machine, and no fault of the code. `importing` is called
    whenever that happens, for whoever else holds a watch.
    """
    clock = _Clock(max(seconds, 0.01), importing)
    on_main = threading.current_thread() is threading.main_thread()
    alarm = _alarm if hasattr(signal, "SIGALRM") and on_main else _timer
    with alarm(clock):
        yield
    if clock.is_over():
        raise Timeout


class _Clock:
    """When the time is up."""

    def __init__(self, seconds: float, importing: Callable[[], None] = _nobody) -> None:
        self.seconds, self.importing = seconds, importing
        self.begin()

    def begin(self) -> None:
        self.end = time.perf_counter() + self.seconds

    def is_over(self) -> bool:
        return time.perf_counter() > self.end


@contextmanager
def _alarm(clock: _Clock) -> Iterator[None]:
    out, alarms, imports, over = sys.stdout, 0, _Patience(), False

    def ring(signum: int, frame: FrameType | None) -> None:
        nonlocal alarms
        if over:
            return
        if _is_importing(frame) and imports.lasts():
            clock.begin()
            clock.importing()
        if not clock.is_over():
            return
        alarms += 1
        if alarms == 10:
            out.write(STUBBORN + "\n")
            out.flush()
        raise Timeout

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, clock.seconds, AGAIN)
    # Twice `finally`: an alarm at the very end interrupts the first, never the second.
    try:
        try:
            yield
        finally:
            over = True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Patience:
    """What an import may take, counted from the first alarm that meets one."""

    def __init__(self) -> None:
        self.own = self.end = 0.0

    def lasts(self) -> bool:
        if not self.end:
            self.own, self.end = time.process_time(), time.perf_counter() + 10 * PATIENCE
        return time.process_time() < self.own + PATIENCE and time.perf_counter() < self.end


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def _timer(clock: _Clock) -> Iterator[None]:
    thread, lock, over, rang = threading.current_thread(), threading.Lock(), False, False

    def ring() -> None:
        nonlocal rang
        with lock:
            if not over:
                rang = True
                _interrupt(thread)

    timer = threading.Timer(clock.seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if rang:
            raise Timeout from None
        raise
    finally:
        with lock:
            over = True
        timer.cancel()


def _interrupt(thread: threading.Thread) -> None:
    if thread is threading.main_thread():
        _thread.interrupt_main()
    else:
        ident = ctypes.c_ulong(thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(Timeout))
