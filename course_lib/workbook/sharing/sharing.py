"""Whether a learner has joined a board, and what it is told. Nothing here stops a lesson."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib.checking.exercise import LessonSpec
from course_lib.checking.progress import progress_folder
from course_lib.checking.records import Event
from course_lib.errors import CourseError
from course_lib.workbook.sharing.invitation import Invitation
from course_lib.workbook.sharing.outbox import Outbox
from course_lib.workbook.sharing.sender import Sender
from course_lib.workbook.sharing.wire import Away, Wire

FILE_NAME, OUTBOX = "board.json", "board-outbox"
WHAT_IS_SENT = (
    "Joined, this computer tells the board which exercise you checked, how the check ended, which "
    "known mistake it named, which hints you took, what you guessed and when you ask for help. "
    "Never your code, never a text of yours. A name or nickname is up to you; only the instructor "
    "sees it. lesson.leave() ends it."
)


@dataclass(frozen=True)
class Membership:
    """A place in a room.

    Args:
        address: of the board, with its fingerprint.
        room: its public name.
        token: by which the board knows this learner.
        called: how the board calls this learner.
    """

    address: str
    room: str
    token: str
    called: str


class Sharing:
    """What the lessons of one work folder share with a board.

    Args:
        folder: holds the membership and the outbox; None keeps both in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._held: Membership | None = None
        self._stamp: object = None
        self._sender: Sender | None = None

    @classmethod
    def open(cls) -> "Sharing":
        """Return the sharing of the current folder; one for each folder and process."""
        folder = progress_folder()
        key = "" if folder is None else os.path.abspath(folder)
        return _OPEN.setdefault(key, cls(folder))

    # ------------------------------------------------------------ membership

    @property
    def membership(self) -> Membership | None:
        """The room that was joined, here or in another notebook of this folder; or None."""
        if self.folder is None:
            return self._held
        try:
            about = (self.folder / FILE_NAME).stat()
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            if stamp != self._stamp:
                text = (self.folder / FILE_NAME).read_text(encoding="utf-8")
                self._take(Membership(**json.loads(text)))
                self._stamp = stamp
        except FileNotFoundError:
            if self._stamp is not None:
                self._take(None)
        except (OSError, ValueError, TypeError):
            return None
        return self._held

    def _take(self, held: Membership | None) -> None:
        if self._sender is not None:
            self._sender.stop()
        self._held, self._stamp, self._sender = held, None, None

    def join(self, address: str, code: str, name: str = "", *, export: bool = False) -> str:
        """Join a room and return a sentence.

        Args:
            address: of the board.
            code: of the room.
            name: or nickname, for the instructor alone; "" for none.
            export: the name may stand in what the instructor keeps.

        Raises:
            CourseError: when the board is away, or does not take the code.
        """
        invitation = Invitation.parse(address)
        wire = Wire(invitation)
        asked = {"code": str(code), "name": str(name), "export": bool(export)}
        try:
            status, answer, _ = wire.post("/api/join", asked)
        except Away as error:
            raise CourseError(
                f"no board answers at {invitation.origin} ({error}). Compare the address with the "
                "wall; the lesson works without it."
            ) from None
        finally:
            wire.close()
        if status != 200:
            raise CourseError(str(answer.get("error") or f"the board answered {status}."))
        told = {key: str(answer.get(key, "")) for key in ("room", "token", "called")}
        self._keep(Membership(address=invitation.address, **told))
        return f"You are in, as {told['called']}. {WHAT_IS_SENT}"

    def _keep(self, held: Membership) -> None:
        self._take(held)
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            half = self.folder / f".{FILE_NAME}.half"
            half.unlink(missing_ok=True)
            with open(half, "w", encoding="utf-8", opener=_for_me_alone) as file:
                json.dump(asdict(held), file)
            os.replace(half, self.folder / FILE_NAME)
            about = (self.folder / FILE_NAME).stat()
            self._stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
        except OSError as error:
            raise CourseError(f"cannot write in {self.folder}: {error.strerror}.") from None

    def leave(self, *, forget: bool = False) -> str:
        """Send nothing more and return a sentence.

        Args:
            forget: ask the board to delete what it has of you.
        """
        held = self.membership
        if held is None:
            return "You are in no room; nothing is sent."
        outbox = self._outbox(held)
        outbox.drop(outbox.names())
        self._take(None)
        if self.folder is not None:
            with suppress(OSError):
                (self.folder / FILE_NAME).unlink()
        return f"You have left; nothing more is sent. {_say_goodbye(held, forget)}".strip()

    # ------------------------------------------------------------ telling

    def tell(self, told: dict[str, Any] | None) -> None:
        """Put something into the outbox, if a room is joined; never raise, never wait."""
        with suppress(Exception):
            held = self.membership
            if held is None:
                return
            sender = self._sending(held)
            if told is not None:
                sender.outbox.add(told)
            if told is not None or len(sender.outbox):
                sender.wake()

    def close(self) -> None:
        """Stop sending, as at the end of a kernel; what waits stays on disk."""
        if self._sender is not None:
            self._sender.close()

    @property
    def ended(self) -> str:
        """Why the board takes nothing more, or ""."""
        return self._sender.ended if self._sender is not None else ""

    def _outbox(self, held: Membership) -> Outbox:
        if self._sender is not None:
            return self._sender.outbox
        return Outbox(None if self.folder is None else self.folder / f"{OUTBOX}-{held.room}")

    def _sending(self, held: Membership) -> Sender:
        if self._sender is None:
            wire = Wire(Invitation.parse(held.address))
            self._sender = Sender(wire, self._outbox(held), held.token)
        return self._sender


_OPEN: dict[str, Sharing] = {}


def _for_me_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _say_goodbye(held: Membership, forget: bool) -> str:
    wire = Wire(Invitation.parse(held.address))
    try:
        status, answer, _ = wire.post("/api/leave", {"forget": forget}, held.token)
    except (Away, CourseError):
        return "The board could not be told." + (" It still has what it got." if forget else "")
    finally:
        wire.close()
    return str(answer.get("said", "")) if status == 200 else "The board knows you no more."


def as_told(event: Event, spec: LessonSpec) -> dict[str, Any] | None:
    """Return what a board is told of an event: names and numbers of the course's, no text.

    >>> from course_lib.checking.records import Event
    >>> as_told(Event(kind="hint", lesson="04", name="causal_mask", detail="2"), None)
    {'kind': 'hint', 'lesson': '04', 'name': 'causal_mask', 'hint': 2}
    """
    told: dict[str, Any] = {"kind": event.kind, "lesson": event.lesson, "name": event.name}
    if event.kind == "check":
        told["status"] = event.status
        return {**told, "diagnosis": event.diagnosis} if event.diagnosis else told
    if event.kind == "hint":
        return {**told, "hint": int(event.detail or 1)}
    asked = next((one for one in spec.predictions if one.id == event.name), None)
    if asked is None or event.detail not in asked.options:
        return None
    return {**told, "choice": asked.options.index(event.detail)}
