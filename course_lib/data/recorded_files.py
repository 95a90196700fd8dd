"""What the recordings of `bench/` left with the course: logs, and small trained models."""

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any


def recorded(name: str, package: str = "course_lib.data") -> Traversable:
    """Return a file of the folder `recorded/` of a package: a lesson's room, or the library's."""
    return files(package).joinpath("recorded", name)


def recorded_log(name: str, package: str = "course_lib.data") -> dict[str, Any]:
    """Read the log that `bench/record_<name>.py` wrote; no network is needed.

    Args:
        name: of the log.
        package: whose folder `recorded/` holds it; a room's module gives its `__package__`.

    Raises:
        FileNotFoundError: when it is missing; says how it is made again.

    >>> recorded_log("scans")["command"]
    'python bench/record_scans.py'
    """
    path = recorded(f"{name}.json", package)
    if not path.is_file():
        raise FileNotFoundError(
            f"{package.replace('.', '/')}/recorded/{name}.json is missing: "
            f"`python bench/record_{name}.py` records it again"
        )
    log: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return log
