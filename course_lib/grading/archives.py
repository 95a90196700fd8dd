"""Archives: a class's is streamed to the disk by a limited process, a learner's by the sandbox."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from course_lib.errors import CourseError
from course_lib.grading.sandbox.host import Sandbox, WireError

#: What the archive of a class may hold: files, bytes of one of them, and of all.
EVERYBODY = {"files": 50_000, "bytes": 100 << 20, "total": 16 << 30}
#: Seconds for the archive of a learner, and of a class.
SECONDS, OF_A_CLASS = 30.0, 1800.0
CHILD = "course_lib.grading.unpack_child"


class Space:
    """A folder for what is unpacked; it goes with the last hand-in that lies there."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="course-grade-"))
        weakref.finalize(self, _clear, self.folder, os.getpid())


def _clear(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not a process that was forked
        shutil.rmtree(folder, ignore_errors=True)


def unpack_class(
    archive: Path, folder: Path, most: Mapping[str, int] = EVERYBODY
) -> tuple[dict[PurePosixPath, Path], dict[PurePosixPath, str]]:
    """Unpack the archive of a class into numbered files.

    Args:
        archive: a zip file of any size.
        folder: an empty one.
        most: what it may hold.

    Returns:
        Files by their paths in the archive, and what is wrong with single members.

    Raises:
        CourseError: when the archive as a whole is refused.
    """
    command = [sys.executable, "-m", CHILD, str(archive), str(folder), json.dumps(dict(most))]
    try:
        done = subprocess.run(command, capture_output=True, timeout=OF_A_CLASS, check=True)
        reply = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        reply = {"refused": "unpacking it took more time or memory than there is"}
    if "files" not in reply:
        raise CourseError(f"{archive} was not marked: {reply['refused']}. Nothing was written.")
    found = [(PurePosixPath(name), number, why) for name, number, why in reply["files"]]
    files = {path: folder / str(number) for path, number, why in found if why is None}
    return files, {path: f"The file is {why}." for path, _, why in found if why is not None}


def unzip(sandbox: Sandbox, data: bytes, most: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
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
