"""Keep what a learner passed, tried, asked for and guessed: one append-only file of JSON lines.

Nothing here stops a lesson. What cannot be saved is kept in memory, said once, and saved when that
works again. Nothing that is on disk is ever rewritten.
"""

import atexit
import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from course_lib.checking.records import (
    VERSION,
    Event,
    ExerciseProgress,
    LessonProgress,
    Reading,
    fold,
    parse,
    to_line,
)

__all__ = [
    "Event",
    "ExerciseProgress",
    "LessonProgress",
    "ProgressStore",
    "progress_folder",
    "work_folder",
]

FILE_NAME = "progress.jsonl"
LOCK_SECONDS = 2.0
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
#: What goes wrong with files, locks and odd paths (a path with a NUL is a ValueError).
_TROUBLE = (OSError, NotImplementedError, ValueError)


def work_folder(start: Path | None = None) -> Path | None:
    """Return the nearest folder at or above `start` (or the current one) that holds `.course/`."""
    try:
        here = (start or Path.cwd()).absolute()
        return next((f for f in (here, *here.parents) if (f / ".course").is_dir()), None)
    except OSError:  # the current folder is gone, or may not be looked at
        return None


def progress_folder(start: Path | None = None) -> Path | None:
    """Return where progress is kept: `COURSE_PROGRESS`, `.course/` upward, or the user's data.

    Returns:
        The folder, which need not exist yet; None under `COURSE_PROGRESS=off`.
    """
    setting = os.environ.get("COURSE_PROGRESS", "").strip()
    if setting:
        return None if setting.lower() == "off" else Path(os.path.expanduser(setting))
    work = work_folder(start)
    if work is not None:
        return work / ".course"
    from platformdirs import user_data_dir

    return Path(user_data_dir("attention-course", appauthor=False))


class ProgressStore:
    """The learner's progress in one folder.

    Args:
        folder: holds `progress.jsonl`, made with the first record; None keeps all in memory.
        say: takes the sentences for the learner; printed by default.

    >>> store = ProgressStore(None)
    >>> store.record(Event(kind="check", lesson="04", name="causal_mask", status="passed"))
    >>> store.passed("04")
    {'causal_mask'}
    """

    def __init__(self, folder: Path | None, *, say: Callable[[str], None] | None = None) -> None:
        self.file = None if folder is None else folder / FILE_NAME
        self._say = say or print
        self._said: set[str] = set()
        self._kept: list[Event] = []
        self._mutex = threading.RLock()

    @classmethod
    def open(cls, start: Path | None = None) -> "ProgressStore":
        """Return the store for a lesson opened in `start` (or the current folder).

        `COURSE_PROGRESS=off` records nothing on disk; another value names the folder. Within one
        process a folder has one store, so that a set-up cell run again loses nothing.
        """
        folder = progress_folder(start)
        if folder is None:
            return cls(None)
        return _OPEN.setdefault(os.path.abspath(folder), cls(folder))

    def __repr__(self) -> str:
        return f"ProgressStore({'in memory' if self.file is None else str(self.file)!r})"

    def record(self, event: Event) -> None:
        """Save one event, and those that could not be saved before; never raise an Exception."""
        with self._mutex:
            self._kept.append(event)
            self.flush()

    def flush(self) -> bool:
        """Try to save what is kept in memory; return True when nothing is left."""
        if self.file is None:
            return False
        with self._mutex:
            if not self._kept:
                return True
            try:
                self._append(self.file, b"".join(map(to_line, self._kept)))
            except Exception as error:  # whatever it is, the lesson goes on
                self._complain(error)
                return False
            self._kept.clear()
            return True

    def _append(self, file: Path, data: bytes) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(file, seconds=0.2 if "unsaved" in self._said else LOCK_SECONDS):
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            descriptor = os.open(file, flags, 0o666)
            try:
                _append_whole(descriptor, data)
            finally:
                os.close(descriptor)

    def _complain(self, error: Exception) -> None:
        if "unsaved" not in self._said:
            atexit.register(self.flush)
        self._say_once(
            "unsaved",
            f"Your progress cannot be saved: {_reason(error, self.file)}. It is kept in memory "
            "while this kernel runs and saved as soon as that works; go on with the lesson.",
        )

    def _say_once(self, key: str, sentence: str) -> None:
        if key not in self._said:
            self._said.add(key)
            self._say(sentence)

    def read(self) -> Reading:
        """Read the file and what is kept in memory; say once what had to be left out."""
        with self._mutex:
            reading = Reading() if self.file is None else self._read_file(self.file)
            reading.events.extend(self._kept)
        if reading.damaged:
            self._say_once("damaged", _damaged_sentence(reading, self.file))
        for version in sorted(reading.newer):
            self._say_once(f"version {version}", _newer_sentence(reading, version, self.file))
        return reading

    def _read_file(self, file: Path) -> Reading:
        try:
            reading = parse(file.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return Reading()
        except _TROUBLE as error:
            self._say_once(
                "unread", f"Your earlier progress cannot be read: {_reason(error, file, 'read')}."
            )
            return Reading()
        if reading.torn:
            # Another process may be writing that line at this moment: wait for its lock.
            with suppress(*_TROUBLE), _locked(file, seconds=0.5):
                reading = parse(file.read_bytes())
        return reading

    def events(self) -> list[Event]:
        """Return all events of this version, in the order they were saved."""
        return self.read().events

    def lessons(self) -> dict[str, LessonProgress]:
        """Return the progress in each lesson that has any, by its number."""
        return fold(self.events())

    def lesson(self, number: str) -> LessonProgress:
        """Return the progress in one lesson."""
        return self.lessons().get(number, LessonProgress())

    def passed(self, lesson: str) -> set[str]:
        """Return the exercises that passed once; a later failure takes none away."""
        return {name for name, exercise in self.lesson(lesson).exercises.items() if exercise.passed}

    def tried(self, lesson: str) -> set[str]:
        """Return the exercises with at least one attempt; checking a blank is none."""
        return {
            name for name, exercise in self.lesson(lesson).exercises.items() if exercise.attempts
        }

    def attempts(self, lesson: str, name: str) -> int:
        """Return how many attempts at an exercise were checked."""
        return self.lesson(lesson).exercise(name).attempts

    def hints(self, lesson: str, name: str) -> int:
        """Return how many hints were taken for an exercise."""
        return self.lesson(lesson).exercise(name).hints

    def diagnoses(self, lesson: str, name: str) -> list[str]:
        """Return the wrong answers recognised in an exercise, each once, in the order met."""
        return self.lesson(lesson).exercise(name).diagnoses

    def first_passed(self, lesson: str, name: str) -> str | None:
        """Return when an exercise passed first, in UTC, or None."""
        return self.lesson(lesson).exercise(name).first_passed

    def guess(self, lesson: str, prediction: str) -> str | None:
        """Return the last guess at a prediction, or None."""
        return self.lesson(lesson).guesses.get(prediction)


#: The stores of this process, by folder.
_OPEN: dict[str, ProgressStore] = {}


@contextmanager
def _locked(file: Path, *, seconds: float) -> Iterator[None]:
    """Hold the lock beside the file; raise TimeoutError when it stays taken."""
    from filelock import FileLock

    with FileLock(f"{file}.lock", timeout=seconds, poll_interval=0.01):
        yield


def _append_whole(descriptor: int, data: bytes) -> None:
    """Append all of `data` in one write, or leave the file as it was."""
    length = os.lseek(descriptor, 0, os.SEEK_END)
    if length and not _ends_a_line(descriptor, length):
        data = b"\n" + data  # a crash tore the last line: it alone is lost
    try:
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except BaseException:
        with suppress(OSError):
            os.ftruncate(descriptor, length)
        raise


def _ends_a_line(descriptor: int, length: int) -> bool:
    os.lseek(descriptor, length - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


def _reason(error: Exception, file: Path | None, verb: str = "write in") -> str:
    place = file and file.parent
    if isinstance(error, TimeoutError):
        return f"another program holds {file}.lock"
    code = getattr(error, "errno", None)
    if code in _FULL:
        return f"no space is left for {place}"
    if code in _REFUSED:
        advice = "give yourself that right, or name a folder in COURSE_PROGRESS"
        return f"you may not {verb} {place}; {advice}"
    return f"{place} gives “{getattr(error, 'strerror', None) or error}”"


def _damaged_sentence(reading: Reading, file: Path | None) -> str:
    lines = "1 line" if reading.damaged == 1 else f"{reading.damaged} lines"
    return (
        f"{lines} of {file} cannot be read, torn by a crash or edited. "
        "All others count; there is nothing to do."
    )


def _newer_sentence(reading: Reading, version: int, file: Path | None) -> str:
    count = reading.newer[version]
    records = "1 record" if count == 1 else f"{count} records"
    return (
        f"{records} in {file} come from a newer course (version {version}; this one reads "
        f"{VERSION}). They stay there and are not counted: update the course to see them."
    )
