"""How far a long run is, and how long it will take, where no terminal shows a bar."""

import json
import os
import sys
import time
from typing import Any

#: Seconds between two lines.
EVERY = 10.0


class Lines:
    """Writes a line to stderr now and then: for people, or JSON for machines.

    Args:
        total: of all things to do.
        done: those that were done before.
        as_json: write JSON.
        what: is done with each: "marked".
    """

    def __init__(
        self, total: int, done: int = 0, *, as_json: bool = False, what: str = "marked"
    ) -> None:
        self.total, self.done, self.before, self.as_json = total, done, done, as_json
        self.what = what
        self.start = time.monotonic()
        self.next = self.start
        self.quiet = os.environ.get("COURSE_QUIET") == "1"

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def update(self) -> None:
        """Count one more; tell it when it is time, and at the end."""
        self.done += 1
        now = time.monotonic()
        if self.quiet or (now < self.next and self.done < self.total):
            return
        self.next = now + EVERY
        spent = now - self.start
        left = spent / (self.done - self.before) * (self.total - self.done)
        print(self._line(spent, left), file=sys.stderr, flush=True)

    def _line(self, spent: float, left: float) -> str:
        if self.as_json:
            held = {"done": self.done, "of": self.total, "seconds": round(spent, 1)}
            return json.dumps({"progress": {**held, "seconds_left": round(left)}})
        return f"{self.what} {self.done} of {self.total}; about {left / 60:.1f} minutes left"


def bar(
    total: int, done: int = 0, *, as_json: bool = False, what: str = "marked", unit: str = "hand-in"
) -> Any:
    """Return a progress bar where a terminal shows one, else lines; both have `update()`."""
    if not sys.stderr.isatty():
        return Lines(total, done, as_json=as_json, what=what)
    from tqdm import tqdm

    quiet = os.environ.get("COURSE_QUIET") == "1"
    return tqdm(total=total, initial=done, desc=what, unit=unit, disable=quiet)
