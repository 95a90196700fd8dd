"""Empty an outbox in the background: short timeouts, longer and longer waits, once each."""

import random
import threading
import time
from typing import Any

from course_lib.errors import CourseError
from course_lib.workbook.sharing.outbox import Outbox
from course_lib.workbook.sharing.wire import Away, Wire

#: Events in one post.
BATCH = 50
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
#: The room is closed, or knows the token no more: nothing is sent again.
ENDED = (401, 403, 404, 410)


class Sender:
    """A daemon thread that sends what waits.

    Args:
        wire: to the board.
        outbox: to empty.
        token: of the learner.
    """

    def __init__(self, wire: Wire, outbox: Outbox, token: str) -> None:
        self.wire, self.outbox, self.token = wire, outbox, token
        self.ended = ""
        self._news = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def wake(self) -> None:
        """Something waits; return at once."""
        self._news.set()
        with self._starting:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="course-board", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Send nothing more."""
        self._stop.set()
        self._news.set()

    def close(self) -> None:
        """Stop, and wait until the connection is closed."""
        self.stop()
        if self._thread is not None:
            self._thread.join(2 * self.wire.timeout)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._news.wait()
                self._news.clear()
                self._empty()
        finally:
            self.wire.close()

    def _empty(self) -> None:
        """Send until nothing waits; whenever that fails, wait longer."""
        wait = FIRST_WAIT
        while not self._stop.is_set() and (batch := self.outbox.first(BATCH)):
            pause = self._send(batch)
            wait = FIRST_WAIT if pause == 0 else min(LONGEST_WAIT, max(pause, 2 * wait))
            if pause:
                # Three hundred who lost the board at once do not come back at once.
                self._stop.wait(wait * random.uniform(0.5, 1.0))

    def _send(self, batch: list[tuple[str, dict[str, Any]]]) -> float:
        """Send a batch and return how long to wait before the next, 0 when all is well."""
        now = time.time()
        events = [_with_age(event, now) for _, event in batch]
        try:
            status, answer, pause = self.wire.post("/api/events", {"events": events}, self.token)
        except Away:
            return FIRST_WAIT
        except CourseError as error:
            return self._end(str(error))
        if status == 200:
            settled = {*answer.get("taken", ()), *answer.get("refused", ())}
            self.outbox.drop([name for name, event in batch if event.get("id") in settled])
            return 0 if settled else FIRST_WAIT
        if status in ENDED:
            return self._end(str(answer.get("error") or "The room is closed."))
        if status == 400:  # what the board cannot read it will not read later
            self.outbox.drop([name for name, _ in batch])
            return 0
        return pause or FIRST_WAIT

    def _end(self, why: str) -> float:
        self.ended = why
        self.stop()
        return FIRST_WAIT


def _with_age(event: dict[str, Any], now: float) -> dict[str, Any]:
    """Say how long ago it was: clocks differ, lengths of time do not."""
    told = {key: value for key, value in event.items() if key != "at"}
    return {**told, "age": round(max(0.0, now - float(event.get("at", now))), 3)}
