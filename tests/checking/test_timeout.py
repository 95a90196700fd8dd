"""Stopping code: on the main thread, on another, and where there is no alarm."""

import importlib
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from course_lib.checking import timeout
from course_lib.checking.timeout import Timeout, limit


def spin(seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def in_thread(work: Any) -> list[Any]:
    """Run `work` on another thread and return what it raised."""
    raised: list[Any] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(type(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()
    return raised


def too_long() -> None:
    with limit(0.2):
        spin()


def test_the_main_thread_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(Timeout):
        too_long()
    assert time.monotonic() - started < 3


def test_another_thread_is_stopped_and_the_main_one_left_alone() -> None:
    assert in_thread(too_long) == [Timeout]
    spin(0.3)


def test_without_an_alarm_the_main_thread_is_stopped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGALRM")
    with pytest.raises(Timeout):
        too_long()


@pytest.mark.parametrize("alarm", [timeout._alarm, timeout._timer])
def test_what_ends_in_time_is_not_stopped_later(alarm: Any) -> None:
    with alarm(timeout._Clock(0.2)):
        pass
    spin(0.4)


def test_a_native_call_is_told_of_when_it_returns() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(Timeout):
        in_native_code()
    assert signal.getsignal(signal.SIGALRM) is before


def in_native_code() -> None:
    with limit(0.1):
        sum(range(30_000_000))


def test_ctrl_c_stays_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt), timeout._timer(timeout._Clock(5.0)):
        raise KeyboardInterrupt


@pytest.fixture
def slow_module(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "slow_module.py").write_text("import time\ntime.sleep(0.8)\nready = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    assert sys.modules.pop("slow_module").ready


def test_an_import_is_neither_cut_short_nor_counted(slow_module: None) -> None:
    with limit(0.5):
        import slow_module  # noqa: F401


def import_and_spin() -> None:
    with limit(0.5):
        import slow_module  # noqa: F401

        spin()


def reload_forever() -> None:
    with limit(0.1):
        while True:
            importlib.reload(json)


def test_the_time_begins_anew_behind_an_import(slow_module: None) -> None:
    started = time.monotonic()
    with pytest.raises(Timeout):
        import_and_spin()
    assert time.monotonic() - started < 4


def test_imports_without_end_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeout, "PATIENCE", 0.3)
    started = time.monotonic()
    with pytest.raises(Timeout):
        reload_forever()
    assert time.monotonic() - started < 5
