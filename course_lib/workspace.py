"""The learner's work folder: lessons copied in, edits kept.

A lesson is touched when its cell sources differ from those copied; outputs do not count. A touched
lesson is never overwritten except by `course reset`, which keeps it under a dated name.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.moved import moved_imports

ROOT = Path(__file__).resolve().parent.parent
MARK = ".course"
RECORD = "lessons.json"
LOCK_SECONDS = 10


def reset_lesson(number: str, *, work: Path | None = None) -> str:
    """Put a fresh copy of a lesson in place; the learner's is kept under a dated name.

    Returns:
        A sentence that says what was done and where the old copy is.

    Raises:
        CourseError: unknown lesson, or a folder that cannot be written; nothing is lost then.
    """
    source = lesson_file(number)
    folder = find_work(work)
    target = folder / source.name
    with _locked(folder), _writing(folder):
        backup = _back_up(target) if target.exists() else None
        _copy(source, target, record := _read_record(folder))
        _write_record(folder, record)
    kept = f"; yours is kept as {backup.name}" if backup else ""
    return f"{source.name} is fresh again in {folder}{kept}."


def find_work(work: Path | None = None, start: Path | None = None) -> Path:
    """The work folder: the one asked for, else found upward by its .course/, else the default."""
    if work is not None:
        return work.expanduser().resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / MARK).is_dir():
            return folder
    return ROOT / "work"


def course_notebooks() -> list[Path]:
    """The learner's copies that the course ships, in order."""
    found = sorted((ROOT / "notebooks").glob("[0-9A][0-9]_*.ipynb"))
    if not found:
        raise CourseError(
            f"no lessons in {ROOT / 'notebooks'}. The lessons live in the course's repository: "
            "clone it, run `make lab` there, or `pip install -e .` in it."
        )
    return found


def lesson_file(number: str) -> Path:
    """The course's notebook of a lesson, from "4" or "04"; of an assignment, from "A1"."""
    notebooks = course_notebooks()
    for path in notebooks:
        if number.strip() and path.name[:2] == number.strip().upper().zfill(2):
            return path
    known = ", ".join(path.name[:2] for path in notebooks)
    raise CourseError(f"there is no lesson {number!r}; there are {known}.")


def update_lessons(folder: Path) -> list[str]:
    """Copy new and updated lessons into the work folder; leave touched ones alone.

    Returns:
        A line for each lesson of which the learner should know something.
    """
    notes = []
    with _writing(folder):
        (folder / MARK).mkdir(parents=True, exist_ok=True)
    with _locked(folder), _writing(folder):
        record = _read_record(folder)
        for source in course_notebooks():
            if note := _update(source, folder / source.name, record):
                notes.append(note)
        _write_record(folder, record)
    return notes


def _update(source: Path, target: Path, record: dict[str, str]) -> str | None:
    """Bring one lesson up to date where that loses nothing; a sentence where it would."""
    name, new = source.name, sources_hash(source)
    copied = record.get(name)
    if not target.exists():
        _copy(source, target, record)
        return None
    mine = sources_hash(target)
    if mine is not None and mine == new:
        record[name] = mine
        return None
    if mine is not None and mine == copied:
        _copy(source, target, record)
        return f"{name}: updated to the course's newer version."
    reset = f"`course reset {name[:2]}` gets the course's and keeps yours under a dated name."
    if mine is None:
        return f"{name}: this copy cannot be read as a notebook and is left alone; {reset}"
    if copied is None:
        return f"{name}: a file of this name was here before and is left alone; {reset}"
    if copied == new:
        return None
    return f"{name}: the course's is newer and yours is kept; {reset}{_moved(target)}"


def _moved(target: Path) -> str:
    """Say which imports of a learner's copy have another place now; nothing when none has."""
    lines = [f"\n    {new}  in the place of  {old}" for old, new in moved_imports(target).items()]
    return "\n  Yours takes from places that have moved; write" + "".join(lines) if lines else ""


def sources_hash(path: Path) -> str | None:
    """A hash of a notebook's cell types and sources, or None where it is not a notebook.

    Blank cells do not count: Shift+Enter in the last cell adds one.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        pairs = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    kept = [pair for pair in pairs if pair[1].strip()]
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a whole file or nothing: a temporary file beside it, then one rename."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, name) if path.exists() else os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _copy(source: Path, target: Path, record: dict[str, str]) -> None:
    write_atomically(target, source.read_bytes())
    copied = sources_hash(source)
    if copied is None:
        raise CourseError(f"{source} is not a notebook; `git checkout` it, or `course build` it.")
    record[target.name] = copied


def _back_up(path: Path) -> Path:
    """Keep a file under the date and second; an earlier backup is never overwritten."""
    stem = f"{path.stem}.{datetime.now():%Y-%m-%d_%H%M%S}"
    content = path.read_bytes()
    for number in range(1, 1000):
        backup = path.with_name(f"{stem}{'' if number == 1 else f'_{number}'}.ipynb")
        try:
            file = backup.open("xb")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            backup.unlink(missing_ok=True)
            raise
        return backup
    raise CourseError(f"{path.parent} holds a thousand backups of this second; remove some.")


def _read_record(folder: Path) -> dict[str, str]:
    """What was copied: name to hash. A damaged record counts as empty: nothing is overwritten."""
    try:
        lessons = json.loads((folder / MARK / RECORD).read_text(encoding="utf-8"))["lessons"]
        return {str(name): str(digest) for name, digest in lessons.items()}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_record(folder: Path, record: dict[str, str]) -> None:
    content = json.dumps({"version": 1, "lessons": dict(sorted(record.items()))}, indent=1) + "\n"
    write_atomically(folder / MARK / RECORD, content.encode())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the work folder while files are compared and written."""
    from filelock import FileLock, Timeout

    with _writing(folder):
        (folder / MARK).mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / MARK / f"{RECORD}.lock")
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            raise CourseError(f"another `course` is at work in {folder}; try again.") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn what an operating system says about writing into what a person can do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            advice = "the disk is full. Free some space and try again"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            advice = "it is read-only for you. Choose another with --work FOLDER"
        else:
            advice = (
                f"{re.sub(r'^.Errno .*?. ', '', str(error))}. Choose another with --work FOLDER"
            )
        raise CourseError(f"cannot write in {folder}: {advice}; nothing was lost.") from error
