"""What the names of files tell: their order, copies' numbers, what Canvas and browsers add."""

import re
from pathlib import PurePosixPath

from course_lib.grading.identity import CANVAS

PACKED = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz")


def packed(path: PurePosixPath) -> bool:
    """Tell whether a path is that of an archive."""
    return path.suffix.lower() in PACKED


def shared_folders(path: PurePosixPath, other: PurePosixPath) -> int:
    """Count the folders that two files share."""
    return sum(a == b for a, b in zip(path.parts[:-1], other.parts[:-1], strict=False))


def copy_number(path: PurePosixPath) -> int:
    """Return the number that a browser or Canvas gave to a copy: 1 of "x (1).ipynb"."""
    found = re.search(r"(?:\s*\((\d+)\)|-(\d+))$", path.stem)
    return int(found[1] or found[2]) if found else 0


def plain_name(path: PurePosixPath) -> str:
    """Return a file's name without what Canvas and browsers add to it, in small letters."""
    name = CANVAS.sub(lambda found: found["rest"], path.name)
    return re.sub(r"(?:\s*\(\d+\)|-\d+)(?=\.\w+$)", "", name).strip().lower()


def natural(path: PurePosixPath) -> list[list[tuple[int, int, str]]]:
    """Order "attempt 2" before "attempt 10", and "04.ipynb" before "04 (1).ipynb"."""
    return [_pieces(part) for part in (*path.parts[:-1], path.stem)]


def _pieces(text: str) -> list[tuple[int, int, str]]:
    pieces = re.findall(r"\d+|\D+", text)
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces]
