"""A board in this process, in a thread of its own; it can be stopped and started again."""

import asyncio
import json
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress

from course_lib.board.catalogue import Page, Poll, Task
from course_lib.board.desk import Desk, Setting
from course_lib.board.server import serving
from course_lib.board.store import Store

DIVIDES = "Your scores are divided by d, not by √d."
MASK = {"upside_down": "Your mask is upside down.", "no_diagonal": "Your mask leaves out itself."}
PAGES = {
    "04": Page(
        "04",
        "Scaled dot-product attention",
        {
            "scaled_scores": Task(
                "scaled_scores", "4.3", "Scaled scores", 5, 0, {"divides_by_d": DIVIDES}
            ),
            "causal_mask": Task("causal_mask", "4.5", "Causal mask", 6, 1, MASK),
            "attention": Task("attention", "4.6", "Attention", 9, 2),
        },
        {"peak": Poll("peak", "Where is the peak?", ("left", "right", "nowhere"), 1, "It moves.")},
    )
}
MINUTE = 60.0


class Hosted:
    """A board on loopback.

    Args:
        path: of the room's file.
        setting: how it is run.
        clock: seconds; the real ones when left out.
        port: 0 takes a free one.
        pages: the lessons.
        options: of `serving`.
    """

    def __init__(self, path, setting=None, clock=time.time, port=0, pages=PAGES, **options):
        self.path, self.setting, self.clock, self.port = path, setting, clock, port
        self.pages = pages
        self.options = options
        self.start()

    def start(self):
        self.loop = asyncio.new_event_loop()
        self.ready, self.stopped = threading.Event(), None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self.ready.wait(10)

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._serve())
        self.loop.close()

    async def _serve(self):
        self.stopped = asyncio.Event()
        self.desk = Desk(Store(self.path), self.pages, self.setting or Setting(), self.clock)
        async with serving(self.desk, port=self.port, **self.options) as self.port:
            self.ready.set()
            await self.stopped.wait()
        self.desk.close()

    def stop(self):
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.stopped.set)
            self.thread.join(10)

    def call(self, coroutine):
        """Do something at the desk, in its thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def code(self):
        return self.desk.facts["code"]

    def ask(self, path, body=None, token="", method=None, **headers):
        """Return (status, answer as text, headers)."""
        sent = {"Content-Type": "application/json", **headers}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status, response.read().decode(), response.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers

    def join(self, name="", export=False):
        """Return the token of somebody new."""
        status, text, _ = self.ask("/api/join", {"code": self.code, "name": name, "export": export})
        assert status == 200, text
        return json.loads(text)["token"]

    def tell(self, token, *events):
        status, text, _ = self.ask("/api/events", {"events": list(events)}, token)
        return status, json.loads(text)

    def wall(self, *, instructor=False):
        """Return what is on the wall."""
        secret = self.desk.facts["instructor" if instructor else "wall"]
        status, text, _ = self.ask("/api/snapshot", token=secret)
        assert status == 200, text
        return json.loads(text)

    def act(self, act, **body):
        return self.ask(f"/api/act/{act}", body, self.desk.facts["instructor"])[0]

    def row(self, name="scaled_scores", **options):
        """Return an exercise's row on the wall."""
        task = PAGES["04"].tasks[name]
        lessons = self.wall(**options)["lessons"]
        return next(row for row in lessons[0]["rows"] if row["label"] == task.label)


class Clock:
    """Time that a test turns."""

    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self):
        return self.now


_count = iter(range(1, 1_000_000))


def event(kind="check", name="scaled_scores", **more):
    """Return an event as a learner sends it; a check that failed where nothing else is said."""
    told = {"id": f"{next(_count):032x}", "kind": kind, "lesson": "04", "name": name, "age": 0.0}
    if kind == "check":
        told["status"] = "failed"
    return {**told, **more}


def until(true, seconds=5.0):
    """Wait until something is true; assert that it becomes so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(AssertionError):
            if true():
                return
        time.sleep(0.01)
    assert true()
