"""A room at work: what is asked of it, in memory and on disk at once."""

import asyncio
import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from course_lib.board.catalogue import Page
from course_lib.board.limits import Limit
from course_lib.board.names import apart, clean, new_code, plain
from course_lib.board.pace import Stop
from course_lib.board.room import Place, Room
from course_lib.board.store import Learner, Round, Store, digest
from course_lib.board.told import Told
from course_lib.errors import CourseError

T = TypeVar("T")
#: Events that wait to be written; more are sent back.
BACKLOG = 5000


class Busy(Exception):
    """Too much waits to be written."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How a room is run.

    Args:
        address: by which learners reach it, with the fingerprint.
        most: learners.
        code_seconds: for which a code is valid.
        stops: the run sheet; empty for none.
    """

    address: str = "http://127.0.0.1:8642"
    most: int = 400
    code_seconds: float = 8 * 3600.0
    stops: Sequence[Stop] = ()


@dataclass
class Limits:
    """How often each may do what.

    Args:
        wrong: codes and secrets, for an address.
        join: for an address: a class behind one of them comes at once.
        tell: events, for a learner: a morning's backlog, then a few a second.
        post: requests, for a learner.
    """

    wrong: Limit = field(default_factory=lambda: Limit(burst=20, rate=20 / 60))
    join: Limit = field(default_factory=lambda: Limit(burst=450, rate=2))
    tell: Limit = field(default_factory=lambda: Limit(burst=300, rate=5))
    post: Limit = field(default_factory=lambda: Limit(burst=60, rate=5))


class Desk:
    """All that handlers need of a room.

    Args:
        store: its file.
        pages: the lessons.
        setting: how it is run.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        pages: Mapping[str, Page],
        setting: Setting | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.pages, self.clock = store, pages, clock
        self.setting, self.limits = setting or Setting(), Limits()
        self.version = 0
        self.changed = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, "course-board-disk")
        self._waiting: list[tuple[Sequence[tuple[int, Told]], asyncio.Future[int]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._found()
        self._take(self._read())

    def _found(self) -> None:
        """Give a new room its secrets; an older one has them."""
        facts = self.store.facts()
        made = {
            "room": secrets.token_hex(6),
            "code": new_code(),
            "code_until": str(self.clock() + self.setting.code_seconds),
            "instructor": secrets.token_urlsafe(32),
            "wall": secrets.token_urlsafe(16),
            "began": str(self.clock()),
        }
        self.store.put(**{key: value for key, value in made.items() if key not in facts})
        self.facts = self.store.facts()

    def _read(self) -> tuple[dict[str, int], Room, list[Round]]:
        room = Room(self.pages, self.store.learners())
        room.add(row for row in self.store.events() if row[1].lesson in self.pages)
        rounds = [one for one in self.store.rounds() if one.lesson in self.pages]
        return self.store.tokens(), room, rounds

    def _take(self, read: tuple[dict[str, int], Room, list[Round]]) -> None:
        self.tokens, self.room, self.rounds = read
        self.touch()

    def close(self) -> None:
        """Write what waits and close the file."""
        self._disk.shutdown(wait=True)
        self.store.close()

    def touch(self) -> None:
        """Something that the wall shows has changed."""
        self.version += 1
        self.changed.set()

    async def disk(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do something with the file, in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._disk, work, *arguments)

    async def put(self, **facts: str) -> None:
        """Keep facts about the room."""
        await self.disk(lambda: self.store.put(**facts))
        self.facts |= facts
        self.touch()

    # ------------------------------------------------------------ learners

    def right_code(self, code: str) -> bool:
        """Tell whether a code opens this room."""
        return hmac.compare_digest(plain(code).encode(), plain(self.facts["code"]).encode())

    @property
    def open_until(self) -> float:
        """When the code expires; 0 when the door is closed."""
        return 0.0 if self.facts.get("door") == "closed" else float(self.facts["code_until"])

    async def join(self, name: str, export: bool) -> tuple[Learner, str]:
        """Let somebody in and return the learner and the token.

        Raises:
            CourseError: when the room is full.
        """
        if len(self.room.learners) >= self.setting.most:
            raise CourseError(f"the room is full: {self.setting.most} learners have joined.")
        token, now = secrets.token_urlsafe(24), self.clock()
        wanted = clean(name)
        id_ = await self.disk(self.store.add_learner, wanted or "?", token, now, export)
        called = apart(
            wanted or f"Learner {id_}", [one.name for one in self.room.learners.values()]
        )
        learner = Learner(id_, called, now, None, export)
        self.room.learners[id_] = learner
        self.tokens[digest(token)] = id_
        await self.disk(self.store.rename, id_, called)
        self.touch()
        return learner, token

    def whose(self, token: str) -> Learner | None:
        """Return whose token this is, in this room; None when nobody's."""
        return self.room.learners.get(self.tokens.get(digest(token), 0))

    async def leave(self, learner: Learner, *, forget: bool) -> None:
        """Somebody leaves; what was told stays, or is forgotten."""
        if forget:
            await self.disk(self.store.forget, learner.id)
            self._take(await self.disk(self._read))
            return
        learner.gone = self.clock()
        await self.disk(self.store.set_gone, learner.id, learner.gone)
        self.touch()

    async def tell(self, rows: Sequence[tuple[int, Told]]) -> int:
        """Keep events and return how many the room has; they are on disk then.

        Raises:
            Busy: when too many wait already.
        """
        if sum(len(one) for one, _ in self._waiting) > BACKLOG:
            raise Busy
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        """Write all that waits in one transaction, and what came meanwhile in the next."""
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                rows = [row for one, _ in batch for row in one]
                try:
                    self.room.add(await self.disk(self.store.add, rows))
                except Exception as error:
                    for _, done in batch:
                        if not done.done():
                            done.set_exception(error)
                    continue
                self.touch()
                for _, done in batch:
                    if not done.done():
                        done.set_result(self.room.taken)
        finally:
            self._writing = None

    async def lower(self, learner: int) -> None:
        """Lower a hand; an unknown one is lowered already."""
        if learner in self.room.learners:
            now = self.clock()
            self.room.learners[learner].lowered = now
            await self.disk(self.store.lower, learner, now)
            self.touch()

    # ------------------------------------------------------------ polls

    def current(self) -> list[Round]:
        """Return the rounds of the poll that is on the wall; none when there is none."""
        poll = self.facts.get("poll", "")
        return [one for one in self.rounds if str(one.poll) == poll]

    async def open_poll(self, lesson: str, name: str) -> None:
        """Ask a prediction of the course's.

        Raises:
            CourseError: when there is no such prediction.
        """
        if lesson not in self.pages or name not in self.pages[lesson].polls:
            raise CourseError("there is no such prediction")
        await self._close_round()
        await self._ask(Round(0, 0, lesson, name, self.clock()))

    async def ask_again(self) -> None:
        """Ask the same once more, after talking.

        Raises:
            CourseError: when nothing was asked, or the truth is known already.
        """
        rounds = self.current()
        if not rounds or rounds[-1].shown is not None:
            raise CourseError("ask again while a poll is on the wall, before it is revealed")
        await self._close_round()
        last = rounds[-1]
        await self._ask(Round(0, last.poll, last.lesson, last.name, self.clock()))

    async def reveal(self) -> None:
        """Show what was answered, beside the truth."""
        if rounds := self.current():
            await self._close_round()
            rounds[-1].shown = rounds[-1].shown or self.clock()
            await self.disk(self.store.save_round, rounds[-1])
            self.touch()

    async def end_poll(self) -> None:
        """Take the poll off the wall."""
        await self._close_round()
        await self.put(poll="")

    async def _ask(self, one: Round) -> None:
        await self.disk(self.store.save_round, one)
        self.rounds.append(one)
        await self.put(poll=str(one.poll))

    async def _close_round(self) -> None:
        rounds = self.current()
        if rounds and rounds[-1].closed is None:
            rounds[-1].closed = self.clock()
            await self.disk(self.store.save_round, rounds[-1])

    # ------------------------------------------------------------ clock, door, what is left out

    @property
    def dropped(self) -> set[Place]:
        """The exercises that the instructor has left out."""
        words = self.facts.get("dropped", "").split()
        return {(lesson, name) for lesson, _, name in (word.partition("/") for word in words)}

    async def drop(self, lesson: str, name: str) -> None:
        """Leave an exercise out.

        Raises:
            CourseError: when there is none of this name.
        """
        if lesson not in self.pages or name not in self.pages[lesson].tasks:
            raise CourseError("there is no such exercise")
        words = {*self.facts.get("dropped", "").split(), f"{lesson}/{name}"}
        await self.put(dropped=" ".join(sorted(words)))

    async def renew_code(self) -> None:
        """Give the room another code, and open the door."""
        until = str(self.clock() + self.setting.code_seconds)
        await self.put(code=new_code(), code_until=until, door="open")
