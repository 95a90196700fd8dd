"""Unpack the archive of a class, member by member, in a process of its own with limits.

Files get numbers for names, so that no name in the archive decides where anything is written.
"""

import json
import resource
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from course_lib.grading.sandbox import archive_file

MEMORY, SECONDS = 1 << 30, 900


def main() -> None:
    """Unpack `argv[1]` into the folder `argv[2]` within the limits `argv[3]`; print an index."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    most = json.loads(sys.argv[3])
    print(json.dumps(unpack(Path(sys.argv[1]), Path(sys.argv[2]), most)))


def unpack(path: Path, folder: Path, most: dict[str, int]) -> dict[str, Any]:
    """Return the members with their files or what is wrong with each, or why all is refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if not item.is_dir()]
            if len(members) > most["files"]:
                return {"refused": f"it holds {len(members)} files; {most['files']} at most"}
            return _members(archive, members, folder, most)
    except OSError as error:
        return {"refused": f"it cannot be unpacked: {error.strerror or error}"}
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return {"refused": "it cannot be read as a zip file; download it again"}


def _members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, most: dict[str, int]
) -> dict[str, Any]:
    found, left = [], most["total"]
    for number, item in enumerate(members):
        why = archive_file.unsafe(item)
        if why is None:
            why = _copy(archive, item, folder / str(number), most["bytes"])
        if why is None:
            left -= (folder / str(number)).stat().st_size
        if left < 0:
            return {"refused": f"it unpacks to more than {most['total'] >> 20} MB"}
        found.append([str(PurePosixPath(archive_file.name(item))), number, why])
    return {"files": found}


def _copy(archive: zipfile.ZipFile, item: zipfile.ZipInfo, to: Path, most: int) -> str | None:
    """Stream one member to the disk; return what is wrong with it."""
    try:
        with archive.open(item) as source, open(to, "wb") as target:
            while target.tell() <= most and (piece := source.read(1 << 20)):
                target.write(piece)
            size = target.tell()
    except OSError:
        raise
    except Exception as error:
        to.unlink(missing_ok=True)
        return f"damaged in the archive ({type(error).__name__})"
    if size > most:
        to.unlink()
        return f"more than {most >> 20} MB"
    return None


if __name__ == "__main__":
    main()
