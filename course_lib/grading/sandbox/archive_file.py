"""What zip and tar files hold: which members are refused, and the members of a tar file."""

import io
import re
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any


def unsafe(item: zipfile.ZipInfo) -> str | None:
    """Say why a member of a zip file is refused, or return None."""
    if leads_out(name(item)):
        return "a path that leads out of it"
    if (item.external_attr >> 16) & 0o170000 == 0o120000:
        return "a link"
    if item.flag_bits & 1:
        return "a file behind a password"
    return None


def leads_out(path: str) -> bool:
    """Tell whether a path leads out of the archive."""
    place = PurePosixPath(path)
    return place.is_absolute() or ".." in place.parts or bool(re.match(r"^[A-Za-z]:", path))


def name(item: zipfile.ZipInfo) -> str:
    """Return a member's path, with slashes."""
    return item.filename.replace("\\", "/")


def untar(data: bytes, most: Mapping[str, int], arrays: list[bytes]) -> dict[str, Any] | None:
    """Unpack a tar file of any compression as `unzip` does; None for what is none."""
    names: list[list[Any]] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|*") as archive:
            for item in archive:
                why = _take(archive, item, most, names, arrays)
                if why:
                    return {"refused": f"The archive holds {item.name[:80]!r}, {why}."}
    except (tarfile.TarError, EOFError, OSError, ValueError):
        return {"refused": "The archive is damaged."} if names else None
    return {"files": names}


def _take(
    archive: tarfile.TarFile,
    item: tarfile.TarInfo,
    most: Mapping[str, int],
    names: list[list[Any]],
    arrays: list[bytes],
) -> str | None:
    """Keep a member; say why it is refused, or return None."""
    if leads_out(item.name):
        return "a path that leads out of it"
    if item.isdir():
        return None
    file = archive.extractfile(item) if item.isreg() else None
    if file is None:
        return "no ordinary file"
    held = sum(map(len, arrays)) + item.size
    if item.size > most["bytes"] or held > most["total"] or len(names) >= most["files"]:
        return "which is more than a submission may weigh"
    arrays.append(file.read())
    names.append([item.name, len(arrays[-1])])
    return None
