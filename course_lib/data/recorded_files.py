"""What the recordings of `bench/` left with the course: logs, and small trained models."""

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any


def recorded(name: str) -> Traversable:
    """Return a file of `course_lib/data/recorded/`."""
    return files("course_lib.data").joinpath("recorded", name)


def recorded_log(name: str) -> dict[str, Any]:
    """Read the log that `bench/record_<name>.py` wrote; no network is needed.

    Raises:
        FileNotFoundError: when it is missing; says how it is made again.

    >>> recorded_log("order")["command"]
    'python bench/record_order.py'
    """
    path = recorded(f"{name}.json")
    if not path.is_file():
        raise FileNotFoundError(
            f"course_lib/data/recorded/{name}.json is missing: "
            f"`python bench/record_{name}.py` records it again"
        )
    log: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return log
