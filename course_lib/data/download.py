"""Fetch a file once: by HTTPS, resumed where it was cut off, its hash checked, with progress."""

import hashlib
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from course_lib.errors import CourseError

#: Bytes read at a time, and seconds that a silent server is waited for.
CHUNK, PATIENCE = 1 << 16, 30


def data_folder() -> Path:
    """Return where data sets are kept: COURSE_DATA when set, else the user's cache."""
    said = os.environ.get("COURSE_DATA", "").strip()
    if said:
        return Path(said).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("attention-course")


def fetch(url: str, path: Path, *, sha256: str = "", md5: str = "", offline: str) -> Path:
    """Return `path`, downloaded from `url` unless it is there already and its hash is right.

    An interrupted download leaves `path` with `.part` behind it, and the next call goes on from
    there. A file whose hash is wrong is never given its name.

    Args:
        url: where it is published.
        path: where it is put; folders are made.
        sha256: what it must hash to.
        md5: the same, for publishers who state no better one.
        offline: what to use instead, read after "Without it, ".

    Raises:
        CourseError: without a network, or when what came is not the file that was published; names
            the offline choice.
    """
    kind, due = ("sha256", sha256) if sha256 else ("md5", md5)
    if not due:
        raise ValueError(f"{path.name}: a download needs a hash to be checked by; none is given")
    if path.is_file() and _hash(path, kind) == due:
        return path
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _receive(url, part)
    except (OSError, urllib.error.URLError) as error:
        raise CourseError(_no_network(url, path, error, offline)) from None
    found = _hash(part, kind)
    if found != due:
        part.unlink()
        raise CourseError(
            f"{path.name} from {url} is not the file that was published: its {kind} is "
            f"{found[:12]}…, {due[:12]}… was due. It was deleted; try again, or put the file at "
            f"{path} yourself. Without it, {offline}"
        )
    part.replace(path)
    return path


def _receive(url: str, part: Path) -> None:
    """Append to `part` what is missing of it; start over where the server cannot resume."""
    have = part.stat().st_size if part.exists() else 0
    asked = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(asked, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # all of it is there already, or more: the hash will tell
            raise
        error.close()
        return
    with answer, open(part, "ab" if answer.status == 206 else "wb") as file:
        rest = int(answer.headers.get("Content-Length") or 0)
        _copy(answer, file, rest, have if answer.status == 206 else 0, part.stem)


def _copy(source: IO[bytes], target: IO[bytes], rest: int, have: int, name: str) -> None:
    from tqdm import tqdm

    quiet = os.environ.get("COURSE_QUIET") == "1"
    size = have + rest if rest else None
    came = 0
    with tqdm(
        total=size,
        initial=have,
        unit="B",
        unit_scale=True,
        desc=name,
        file=sys.stdout,
        disable=quiet,
    ) as bar:
        while chunk := source.read(CHUNK):
            target.write(chunk)
            came += len(chunk)
            bar.update(len(chunk))
    if came < rest:
        raise ConnectionError(f"the connection ended after {have + came:,} of {size:,} bytes")


def _hash(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(
            file, lambda: hashlib.new(kind, usedforsecurity=False)
        ).hexdigest()


def _no_network(url: str, path: Path, error: Exception, offline: str) -> str:
    reason = getattr(error, "reason", None) or error
    return (
        f"{path.name} could not be fetched from {url} ({reason}). Call again with a network, and "
        f"it goes on where it stopped; or put the file at {path} (the folder is COURSE_DATA's "
        f"when that is set). Without it, {offline}"
    )
