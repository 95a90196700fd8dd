"""What a wall asks of a board: the page, and what is on it, as it changes."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from course_lib import explore
from course_lib.board.desk import Desk
from course_lib.board.snapshot import snapshot
from course_lib.board.web import Handler

STATIC = Path(__file__).with_name("static")
#: What a browser may fetch: file and type.
FILES = {
    "": (STATIC / "wall.html", "text/html; charset=utf-8"),
    "wall.js": (STATIC / "wall.js", "text/javascript; charset=utf-8"),
    "wall.css": (STATIC / "wall.css", "text/css; charset=utf-8"),
    "explorer.css": (
        Path(explore.__file__).parent / "static" / "explorer.css",
        "text/css; charset=utf-8",
    ),
}
#: Walls at once.
MOST = 24
#: Seconds between two pictures, at least and at most: minutes go on where nothing happens.
SOONEST, LATEST = 0.25, 15.0


class File(Handler):
    """The page and what it is made of."""

    def get(self, name: str) -> None:
        """Send a file; there are four."""
        if name not in FILES:
            raise HTTPError(404, reason="There is no such page.")
        path, kind = FILES[name]
        self.set_header("Content-Type", kind)
        self.finish(path.read_bytes())


class Snapshot(Handler):
    """What is on the wall now."""

    def get(self) -> None:
        """Send it once."""
        self.finish(snapshot(self.desk, instructor=self.role() == "instructor"))


class Stream(Handler):
    """What is on the wall, again whenever it changes: server-sent events."""

    async def get(self) -> None:
        """Send until the page is closed."""
        role, gallery = self.role(), self.settings["gallery"]
        if gallery.watching >= MOST:
            return self.refuse(503, f"{MOST} walls are open; close one.", wait=10)
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        gallery.watching += 1
        seen = -1
        try:
            while not self.request.connection.stream.closed():  # type: ignore[union-attr]
                seen, text = await gallery.next(role, seen)
                self.write(f"data: {text}\n\n")
                await self.flush()
        except StreamClosedError:
            pass
        finally:
            gallery.watching -= 1
        return None


class Gallery:
    """Pictures of the wall, made once for all who look.

    Args:
        desk: of the room.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk, self.watching, self.number = desk, 0, 0
        self._made: dict[str, tuple[int, str]] = {}
        self._turn = asyncio.Condition()

    async def run(self) -> None:
        """Turn the page whenever something changed, but not too often."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.desk.changed.wait(), LATEST)
            self.desk.changed.clear()
            async with self._turn:
                self.number += 1
                self._turn.notify_all()
            await asyncio.sleep(SOONEST)

    async def next(self, role: str, seen: int) -> tuple[int, str]:
        """Return the newest picture that was not seen, when there is one."""
        async with self._turn:
            await self._turn.wait_for(lambda: self.number != seen)
        number, text = self._made.get(role, (-1, ""))
        if number != self.number:
            text = json.dumps(snapshot(self.desk, instructor=role == "instructor"))
            self._made[role] = number, text = self.number, text
        return number, text
