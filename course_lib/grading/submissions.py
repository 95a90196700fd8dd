"""Find what was handed in: by folder, flat, or in archives; by whom, and in what order.

A learner is known by the folder, the file's name, or the roster: never by what a notebook says.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from course_lib.errors import CourseError
from course_lib.grading.archives import EVERYBODY, Space, unpack_class, unzip
from course_lib.grading.file_names import (
    PACKED,
    copy_number,
    natural,
    packed,
    plain_name,
    shared_folders,
)
from course_lib.grading.identity import Person as Person
from course_lib.grading.identity import owners
from course_lib.grading.identity import read_roster as read_roster
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.text import plain
from course_lib.grading.wrapping import BESIDE, unwrapped

#: Bytes of one file; files of one learner's archive, and bytes of all of them.
MOST_BYTES = 50 << 20
ARCHIVE = {"files": 2000, "bytes": 50 << 20, "total": 60 << 20}
#: Archives inside an archive of one learner: how deep, how many, and bytes of all.
DEEP, ARCHIVES, UNPACKED = 3, 20, 200 << 20
#: What a notebook is saved or exported as, best first; ".ipynb.txt" is a ".txt".
READ = (".ipynb", ".json", ".txt", ".py", ".html", ".htm")
HANDED_IN = (".ipynb", *PACKED)
ASIDE = (".ipynb_checkpoints", "__MACOSX", ".git", ".venv", "__pycache__")


@dataclass(frozen=True)
class HandIn:
    """One thing that was handed in; what lies on the disk is read when it is asked for.

    Args:
        learner: by the folder, or the roster.
        number: 1 for the learner's first.
        name: of the notebook, for people.
        held: its bytes, or where they are.
        beside: trained models that came with it, by name.
        trouble: why it could not be read at all.
        space: where it lies, kept for as long as it does.
    """

    learner: str
    number: int
    name: str
    held: bytes | Path
    beside: Mapping[str, bytes | Path] = field(default_factory=dict)
    trouble: str | None = None
    space: Space | None = field(default=None, compare=False, repr=False)

    def __getstate__(self) -> dict[str, object]:
        """Leave the space here: it belongs to this process."""
        return {**self.__dict__, "space": None}

    @property
    def notebook(self) -> bytes:
        """Its bytes."""
        return self.held if isinstance(self.held, bytes) else self.held.read_bytes()

    @property
    def files(self) -> dict[str, bytes]:
        """What came with it, by name."""
        return {
            name: data if isinstance(data, bytes) else data.read_bytes()
            for name, data in self.beside.items()
        }

    def weights(self, name: str) -> bytes | None:
        """Return the trained model of a name, or the only one whatever its name."""
        files = self.files
        only = next(iter(files.values())) if len(files) == 1 else None
        return files.get(name.lower(), files.get(name, only))

    def loaded(self) -> "HandIn":
        """Return it with all its bytes, as it travels to another machine."""
        return replace(self, held=self.notebook, beside=self.files)


@dataclass
class Tree:
    """Files by their paths, wherever they came from, and why some could not be read.

    Args:
        files: what was found.
        trouble: why a file is not among them.
        folders: those at the top, each of one learner.
        space: where what was unpacked lies; it goes when the tree does.
    """

    files: dict[PurePosixPath, Path] = field(default_factory=dict)
    trouble: dict[PurePosixPath, str] = field(default_factory=dict)
    folders: list[PurePosixPath] = field(default_factory=list)
    space: Space | None = None

    def read(self, path: PurePosixPath) -> bytes:
        """Return the bytes of a file; raise ValueError for one that is too large."""
        self.look(path)
        return self.files[path].read_bytes()

    def look(self, path: PurePosixPath) -> None:
        """Raise ValueError where a file cannot be read or is too large."""
        try:
            with open(self.files[path], "rb"):
                size = self.files[path].stat().st_size
        except OSError as error:
            raise ValueError(f"The file cannot be read: {error.strerror}.") from None
        if size > MOST_BYTES:
            raise ValueError(f"The file weighs more than {MOST_BYTES >> 20} MB.")

    def fits(self, path: PurePosixPath) -> bool:
        """Tell whether a file is small enough to be read."""
        return self.files[path].stat().st_size <= MOST_BYTES

    def room(self) -> Path:
        """Return a new folder for what is unpacked."""
        self.space = self.space or Space()
        return Path(tempfile.mkdtemp(dir=self.space.folder))


# ---------------------------------------------------------------- files


def read_tree(
    submissions: Path, sandbox: Sandbox | None = None, people: Sequence[Person] = ()
) -> Tree:
    """List every file under a folder, and inside the archives there.

    Args:
        submissions: a folder, one notebook, or the archive of a class.
        sandbox: unpacks archives of learners.
        people: the roster; it tells a folder of a person from one that holds the class.

    Raises:
        CourseError: when there is nothing of that name, or the archive of a class is refused.
    """
    tree = Tree()
    if submissions.is_dir():
        handed_in = submissions / "submitted"  # nbgrader's course folder
        _list(tree, handed_in if handed_in.is_dir() else submissions)
    elif submissions.is_file() and submissions.suffix.lower() == ".zip":
        files, tree.trouble = unpack_class(submissions, tree.room(), EVERYBODY)
        tree.files = {path: file for path, file in files.items() if not _aside(path)}
        tree.folders = sorted({PurePosixPath(p.parts[0]) for p in tree.files if len(p.parts) > 1})
    elif submissions.is_file():
        tree.files[PurePosixPath(submissions.name)] = submissions
    else:
        raise CourseError(f"there is no {submissions}; give the folder of submissions.")
    for archive in [place for place in tree.files if packed(place)]:
        _unpack(tree, archive, sandbox)
    places = unwrapped([*tree.files, *tree.trouble], people)
    if any(path != place for path, place in places.items()):
        tree.files = {places[path]: file for path, file in tree.files.items() if path in places}
        tree.trouble = {places[path]: why for path, why in tree.trouble.items() if path in places}
        tree.folders = sorted({PurePosixPath(p.parts[0]) for p in tree.files if len(p.parts) > 1})
    return tree


def _list(tree: Tree, folder: Path) -> None:
    """Put the files of a folder into a tree; links are not followed."""
    for path in sorted(folder.rglob("*")):
        place = PurePosixPath(path.relative_to(folder).as_posix())
        inside = [parent for parent in path.parents if folder in parent.parents]
        if _aside(place) or any(parent.is_symlink() for parent in inside):
            continue
        if path.is_dir():
            tree.folders += [] if inside else [place]
        elif path.is_symlink() and path.suffix.lower() in HANDED_IN:
            tree.trouble[place] = "It is a link, which could point anywhere: send the file."
        elif path.is_file() and not path.is_symlink():
            tree.files[place] = path


def _unpack(tree: Tree, first: PurePosixPath, sandbox: Sandbox | None) -> None:
    """Put the members of a learner's archive in its place, and those of archives inside it."""
    waiting, opened, left = [(first, 1)], 0, UNPACKED
    while waiting:
        path, deep = waiting.pop(0)
        opened += 1
        try:
            if deep > DEEP or opened > ARCHIVES or left < 0:
                raise ValueError("There are too many archives inside archives: send the notebook.")
            if sandbox is None:
                raise ValueError("There is no sandbox to unpack it in.")
            for place, data in _members(tree, path, sandbox):
                left -= len(data)
                tree.files[place] = tree.room() / "file"
                tree.files[place].write_bytes(data)
                waiting += [(place, deep + 1)] if packed(place) else []
        except ValueError as error:
            tree.trouble[path] = str(error)
        tree.files.pop(path, None)


def _members(
    tree: Tree, path: PurePosixPath, sandbox: Sandbox
) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield what an archive holds, under a folder named like it."""
    root = path.with_suffix("")
    while packed(root):  # .tar.gz
        root = root.with_suffix("")
    for name, data in unzip(sandbox, tree.read(path), ARCHIVE):
        if not _aside(PurePosixPath(name)):
            yield root / name, data


def _aside(path: PurePosixPath) -> bool:
    return any(part in ASIDE or part.startswith("._") for part in path.parts)


# ---------------------------------------------------------------- who handed in what


def find(tree: Tree, slug: str, people: Sequence[Person] = ()) -> dict[str, list[HandIn]]:
    """Return the hand-ins of every learner, first to last.

    Args:
        tree: the files.
        slug: of the notebook that is asked for, "04_scaled_dot_product"; where a learner has
            notebooks of that name, others beside them are left alone. Who has a folder and no
            file in it has handed in nothing.
        people: the roster; nobody else is marked when it is given.

    Raises:
        CourseError: when a path fits two people of the roster.
    """
    places: dict[str, list[PurePosixPath]] = {person.learner: [] for person in people}
    whose = owners(sorted({*tree.files, *tree.trouble}), people)
    for path, who in whose.items():
        if who is not None and (len(path.parts) > 1 or not BESIDE.match(path.name)):
            places.setdefault(who, []).append(path)
    if not people:
        empty = owners([*whose, *(folder / "nothing" for folder in tree.folders)])
        for folder in tree.folders:
            places.setdefault(empty[folder / "nothing"] or folder.name, [])
    return {who: _hand_ins(tree, who, places[who], slug) for who in sorted(places)}


def strangers(tree: Tree, people: Sequence[Person]) -> list[str]:
    """Return the files that belong to nobody in the roster."""
    if not people:
        return []
    whose = owners(sorted({*tree.files, *tree.trouble}), people)
    return [str(p) for p, who in whose.items() if who is None and not BESIDE.match(p.name)]


def _hand_ins(tree: Tree, who: str, paths: Sequence[PurePosixPath], slug: str) -> list[HandIn]:
    found = []
    for number, path in enumerate(sorted(_chosen(tree, paths, slug), key=natural), 1):
        trouble = tree.trouble.get(path)
        if trouble is None:
            try:
                tree.look(path)
                if path.suffix.lower() not in READ:
                    raise ValueError(f"It is no notebook ({path.suffix}): send .ipynb.")
            except ValueError as error:
                trouble = str(error)
        held = b"" if trouble else tree.files[path]
        beside = _beside(tree, path, paths)
        found.append(HandIn(who, number, plain(str(path)), held, beside, trouble, tree.space))
    return found


def _chosen(tree: Tree, paths: Sequence[PurePosixPath], slug: str) -> list[PurePosixPath]:
    """Return the notebooks that are marked: of the name asked for, and of the best kind."""
    troubled = [path for path in paths if path in tree.trouble]
    read = [path for path in paths if path not in tree.trouble and not BESIDE.match(path.name)]
    for kind in READ:
        same = [path for path in read if path.suffix.lower() == kind]
        named = [path for path in same if slug.lower() in path.name.lower()]
        if same:
            chosen = named or _of_this_assignment(same, paths, slug)
            return [*chosen, *(p for p in troubled if not named or slug in p.name)]
    return troubled or [p for p in read if p.suffix.lower() != ".safetensors"]


def _of_this_assignment(
    found: list[PurePosixPath], paths: Sequence[PurePosixPath], slug: str
) -> list[PurePosixPath]:
    """Leave out nbgrader's folders of other assignments: a timestamp lies in each."""
    stamped = {path.parent for path in paths if path.name == "timestamp.txt"}
    return [path for path in found if path.parent not in stamped or slug in path.parent.name]


def _beside(
    tree: Tree, path: PurePosixPath, paths: Sequence[PurePosixPath]
) -> dict[str, bytes | Path]:
    """Return the learner's trained models, by their plain names; of one name the nearest."""
    found = [other for other in paths if other.suffix.lower() == ".safetensors"]
    found = [other for other in found if other in tree.files and tree.fits(other)]
    # The last one wins: the nearest folder, then the copy of the notebook's own number.
    number = copy_number(path)
    found.sort(key=lambda other: (shared_folders(path, other), copy_number(other) == number))
    return {plain_name(other): tree.files[other] for other in found}
