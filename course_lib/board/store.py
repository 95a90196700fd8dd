"""One room on disk: an SQLite file in WAL mode. What is acknowledged is in it."""

import hashlib
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from course_lib.board.told import Told

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS learners (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, token TEXT NOT NULL UNIQUE,
    joined REAL NOT NULL, gone REAL, export INTEGER NOT NULL, lowered REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS events (
    learner INTEGER NOT NULL REFERENCES learners(id) ON DELETE CASCADE,
    id TEXT NOT NULL, kind TEXT NOT NULL, lesson TEXT NOT NULL, name TEXT NOT NULL,
    at REAL NOT NULL, status TEXT, diagnosis TEXT, choice INTEGER, hint INTEGER,
    PRIMARY KEY (learner, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rounds (
    id INTEGER PRIMARY KEY, poll INTEGER NOT NULL, lesson TEXT NOT NULL, name TEXT NOT NULL,
    opened REAL NOT NULL, closed REAL, shown REAL
);
"""


@dataclass
class Learner:
    """Somebody in the room.

    Args:
        id: within the room.
        name: as the instructor sees it; never empty.
        joined, gone: when, in seconds since 1970; gone is None while here.
        export: whether the name may stand in an export.
        lowered: when the instructor lowered the hand last.
    """

    id: int
    name: str
    joined: float
    gone: float | None = None
    export: bool = False
    lowered: float = 0.0


@dataclass
class Round:
    """One asking of a poll; `poll` is shared by a question and its being asked again."""

    id: int
    poll: int
    lesson: str
    name: str
    opened: float
    closed: float | None = None
    shown: float | None = None


def digest(token: str) -> str:
    """Return what is kept of a token: whoever reads the file cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


class Store:
    """A room's file. One thread uses it.

    Args:
        path: made when missing, readable for its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # ------------------------------------------------------------ what is written

    def put(self, **values: str) -> None:
        """Keep facts about the room."""
        with self._transaction():
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def add_learner(self, name: str, token: str, now: float, export: bool) -> int:
        """Add somebody and return the id; of the token, its digest is kept."""
        sql = "INSERT INTO learners (name, token, joined, export) VALUES (?, ?, ?, ?)"
        return int(self._db.execute(sql, (name, digest(token), now, export)).lastrowid or 0)

    def rename(self, learner: int, name: str) -> None:
        """Give somebody a name."""
        self._db.execute("UPDATE learners SET name = ? WHERE id = ?", (name, learner))

    def set_gone(self, learner: int, now: float) -> None:
        """Somebody has left; what was told stays."""
        self._db.execute("UPDATE learners SET gone = ? WHERE id = ?", (now, learner))

    def forget(self, learner: int) -> None:
        """Delete somebody, and all that was told."""
        self._db.execute("DELETE FROM learners WHERE id = ?", (learner,))

    def lower(self, learner: int, now: float) -> None:
        """The instructor has lowered a hand."""
        self._db.execute("UPDATE learners SET lowered = ? WHERE id = ?", (now, learner))

    def add(self, rows: Iterable[tuple[int, Told]]) -> list[tuple[int, Told]]:
        """Keep events in one transaction and return those that are new."""
        sql = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        here = {id_ for (id_,) in self._db.execute("SELECT id FROM learners")}
        new = []
        with self._transaction():
            for learner, told in rows:
                values = (learner, *astuple(told))
                # Who is not here was forgotten in the meantime.
                if learner in here and self._db.execute(sql, values).rowcount == 1:
                    new.append((learner, told))
        return new

    def save_round(self, one: Round) -> Round:
        """Keep a round as it is; a new one (id 0) gets its id."""
        values = (one.poll, one.lesson, one.name, one.opened, one.closed, one.shown)
        if one.id:
            sql = (
                "UPDATE rounds SET poll=?, lesson=?, name=?, opened=?, closed=?, shown=? WHERE id=?"
            )
            self._db.execute(sql, (*values, one.id))
            return one
        sql = "INSERT INTO rounds (poll, lesson, name, opened, closed, shown) VALUES (?,?,?,?,?,?)"
        one.id = int(self._db.execute(sql, values).lastrowid or 0)
        if not one.poll:
            one.poll = one.id
            self._db.execute("UPDATE rounds SET poll = id WHERE id = ?", (one.id,))
        return one

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db)

    # ------------------------------------------------------------ what is read

    def facts(self) -> dict[str, str]:
        """Return the facts about the room."""
        return dict(self._db.execute("SELECT key, value FROM meta"))

    def learners(self) -> dict[int, Learner]:
        """Return everybody, by id."""
        sql = "SELECT id, name, joined, gone, export, lowered FROM learners ORDER BY id"
        rows = self._db.execute(sql)
        return {
            id_: Learner(id_, name, joined, gone, bool(export), lowered)
            for id_, name, joined, gone, export, lowered in rows
        }

    def tokens(self) -> dict[str, int]:
        """Return whose each token's digest is."""
        return dict(self._db.execute("SELECT token, id FROM learners"))

    def events(self) -> list[tuple[int, Told]]:
        """Return all events, oldest first."""
        sql = (
            "SELECT learner, id, kind, lesson, name, at, status, diagnosis, choice, hint "
            "FROM events ORDER BY at"
        )
        return [(row[0], Told(*row[1:])) for row in self._db.execute(sql)]

    def rounds(self) -> list[Round]:
        """Return all rounds of polls, in order."""
        sql = "SELECT id, poll, lesson, name, opened, closed, shown FROM rounds ORDER BY id"
        return [Round(*row) for row in self._db.execute(sql)]


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def __enter__(self) -> None:
        self.db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self.db.execute("COMMIT" if kind is None else "ROLLBACK")
