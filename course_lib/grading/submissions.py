"""Find what was handed in: by folder, flat, or in archives; by whom, and in what order.

A learner is known by the folder, the file's name, or the roster: never by what a notebook says.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course_lib.errors import CourseError
from course_lib.grading.sandbox.host import Sandbox, WireError
from course_lib.grading.text import plain

#: Bytes of one file; files of one archive, and bytes of all of them.
MOST_BYTES = 20 << 20
ARCHIVE = {"files": 2000, "bytes": 20 << 20, "total": 60 << 20}
#: A zip of everybody's work may hold more than the zip of one learner.
EVERYBODY = {"files": 20_000, "bytes": 20 << 20, "total": 60 << 20}
SECONDS = 30.0
#: Moodle: "Full Name_1234_assignsubmission_file_"; Canvas: "name_LATE_1234_5678_file.ipynb".
MOODLE = re.compile(r"^(?P<who>.+?)_(?P<id>\d+)_assignsubmission_\w+?_?$")
CANVAS = re.compile(r"^(?P<who>[^_]+?)_(?:LATE_)?(?P<id>\d+)_\d+_.+$")
HANDED_IN = (".ipynb", ".zip")
ASIDE = (".ipynb_checkpoints", "__MACOSX", ".git", ".venv", "__pycache__")


@dataclass(frozen=True)
class Person:
    """A learner in the roster.

    Args:
        learner: the name under which marks stand.
        fields: the columns of the roster.
    """

    learner: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HandIn:
    """One thing that was handed in.

    Args:
        learner: by the folder, or the roster.
        number: 1 for the learner's first.
        name: of the notebook, for people.
        notebook: its bytes.
        files: what lay beside it, by name.
        trouble: why it could not be read at all.
    """

    learner: str
    number: int
    name: str
    notebook: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)
    trouble: str | None = None


@dataclass
class Tree:
    """Files by their paths, wherever they came from, and why some could not be read.

    Args:
        files: what was found.
        trouble: why a file is not among them.
        folders: those at the top, each of one learner.
    """

    files: dict[PurePosixPath, Path | bytes] = field(default_factory=dict)
    trouble: dict[PurePosixPath, str] = field(default_factory=dict)
    folders: list[PurePosixPath] = field(default_factory=list)

    def read(self, path: PurePosixPath) -> bytes:
        """Return the bytes of a file; raise ValueError for one that is too large."""
        held = self.files[path]
        if isinstance(held, bytes):
            return held
        try:
            with open(held, "rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise ValueError(f"The file cannot be read: {error.strerror}.") from None
        if len(data) > MOST_BYTES:
            raise ValueError(f"The file weighs more than {MOST_BYTES >> 20} MB.")
        return data


# ---------------------------------------------------------------- the roster


def read_roster(path: Path) -> list[Person]:
    """Read a CSV file whose column `learner` names everybody; other columns are kept.

    Raises:
        CourseError: when it has no such column, or names somebody twice.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"the roster {path} cannot be read: {error}") from None
    if not rows or "learner" not in rows[0]:
        raise CourseError(f"the roster {path} needs a first line with a column `learner`.")
    people = [
        Person(_tidy(row["learner"]), {k: v or "" for k, v in row.items() if k}) for row in rows
    ]
    names = [person.learner for person in people]
    for twice in {name for name in names if names.count(name) > 1}:
        raise CourseError(f"the roster names {twice!r} twice.")
    return people


def _tidy(name: str) -> str:
    return unicodedata.normalize("NFC", plain(name)).strip()


# ---------------------------------------------------------------- files


def read_tree(submissions: Path, sandbox: Sandbox | None = None) -> Tree:
    """List every file under a folder, and inside the archives there.

    Args:
        submissions: a folder, one notebook, or one archive.
        sandbox: unpacks archives.

    Raises:
        CourseError: when there is nothing of that name.
    """
    tree = Tree()
    if submissions.is_dir():
        for path in sorted(submissions.rglob("*")):
            place = PurePosixPath(path.relative_to(submissions).as_posix())
            inside = [parent for parent in path.parents if submissions in parent.parents]
            if _aside(place) or any(parent.is_symlink() for parent in inside):
                continue
            if path.is_dir():
                tree.folders += [] if inside else [place]
            elif path.is_symlink() and path.suffix.lower() in HANDED_IN:
                tree.trouble[place] = "It is a link, which could point anywhere: send the file."
            elif path.is_file() and not path.is_symlink():
                tree.files[place] = path
    elif submissions.is_file():
        tree.files[PurePosixPath(submissions.name)] = submissions
    else:
        raise CourseError(f"there is no {submissions}; give the folder of submissions.")
    archives = [place for place in tree.files if place.suffix.lower() == ".zip"]
    for archive in archives:
        _unpack(tree, archive, sandbox, whole=submissions.is_file())
    return tree


def _unpack(tree: Tree, path: PurePosixPath, sandbox: Sandbox | None, whole: bool) -> None:
    """Put the members of an archive in the place of the archive."""
    root = PurePosixPath() if whole else path.with_suffix("")
    try:
        data = tree.read(path)
        del tree.files[path]
        if sandbox is None:
            raise ValueError("There is no sandbox to unpack it in.")
        tree.files |= {
            root / name: content
            for name, content in unzip(sandbox, data, EVERYBODY if whole else ARCHIVE)
            if not _aside(PurePosixPath(name))
        }
    except ValueError as error:
        tree.files.pop(path, None)
        tree.trouble[path] = str(error)


def unzip(
    sandbox: Sandbox, data: bytes, most: Mapping[str, int] = ARCHIVE
) -> Iterator[tuple[str, bytes]]:
    """Unpack an archive inside the sandbox; raise ValueError with what is wrong with it."""
    try:
        with sandbox.session(SECONDS) as session:
            reply, decoder = session.ask("unzip", SECONDS, arrays=[data], most=dict(most))
    except WireError as error:
        raise ValueError(f"The archive could not be unpacked: {error}.") from None
    if "files" not in reply:
        raise ValueError(str(reply.get("refused") or "The archive could not be unpacked."))
    at = 0
    for name, count in reply["files"]:
        yield str(name), bytes(decoder.body[at : at + int(count)])
        at += int(count)


def _aside(path: PurePosixPath) -> bool:
    return any(part in ASIDE or part.startswith("._") for part in path.parts)


# ---------------------------------------------------------------- who handed in what


def find(tree: Tree, slug: str, people: Sequence[Person] = ()) -> dict[str, list[HandIn]]:
    """Return the hand-ins of every learner, first to last.

    Args:
        tree: the files.
        slug: of the notebook that is asked for, "04_scaled_dot_product"; where a learner has
            notebooks of that name, others beside them are left alone. Who has a folder and no
            notebook in it has handed in nothing.
        people: the roster; nobody else is marked when it is given.
    """
    places: dict[str, list[PurePosixPath]] = {person.learner: [] for person in people}
    for path in [*tree.files, *tree.trouble]:
        if path.suffix == ".ipynb" or path in tree.trouble:
            who = _who(path, people)
            if who is not None:
                places.setdefault(who, []).append(path)
    for folder in () if people else tree.folders:
        places.setdefault(_who(folder / "nothing", ()) or folder.name, [])
    return {who: _hand_ins(tree, who, places[who], slug) for who in sorted(places)}


def strangers(tree: Tree, people: Sequence[Person]) -> list[str]:
    """Return the files that belong to nobody in the roster."""
    paths = [path for path in tree.files if path.suffix == ".ipynb"]
    return [str(path) for path in paths if people and _who(path, people) is None]


def _who(path: PurePosixPath, people: Sequence[Person]) -> str | None:
    """Return the learner that a path belongs to: by its first folder, else by its name."""
    first = path.parts[0] if len(path.parts) > 1 else path.stem
    first = _tidy(first)
    found = MOODLE.match(first) or (CANVAS.match(first) if len(path.parts) == 1 else None)
    names = [first, *(found.groups() if found else ())]
    if not people:
        return found["who"] if found else first
    for person in people:
        known = {person.learner, *person.fields.values()} - {""}
        if known.intersection(names):
            return person.learner
    return None


def _hand_ins(tree: Tree, who: str, paths: Sequence[PurePosixPath], slug: str) -> list[HandIn]:
    named = [path for path in paths if slug in path.stem]
    chosen = sorted(named or paths, key=_natural)
    found = []
    for number, path in enumerate(chosen, 1):
        trouble, data = tree.trouble.get(path), b""
        if trouble is None:
            try:
                data = tree.read(path)
            except ValueError as error:
                trouble = str(error)
        files = _beside(tree, path) if len(path.parts) > 1 else {}
        found.append(HandIn(who, number, plain(str(path)), data, files, trouble))
    return found


def _beside(tree: Tree, path: PurePosixPath) -> dict[str, bytes]:
    """Return the trained models that lie beside a notebook."""
    found = {}
    for other in tree.files:
        if other.parent == path.parent and other.suffix == ".safetensors":
            try:
                found[other.name] = tree.read(other)
            except ValueError:
                continue
    return found


def _natural(path: PurePosixPath) -> list[list[tuple[int, int, str]]]:
    """Order "attempt 2" before "attempt 10", and "04.ipynb" before "04 (1).ipynb"."""
    return [_pieces(part) for part in (*path.parts[:-1], path.stem)]


def _pieces(text: str) -> list[tuple[int, int, str]]:
    pieces = re.findall(r"\d+|\D+", text)
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces]
