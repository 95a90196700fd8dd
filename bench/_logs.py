"""What the recordings have in common: the hardware, and a log with one run a line."""

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LESSONS = Path(__file__).resolve().parents[1] / "course_lib" / "lessons"


def recorded(lesson: str) -> Path:
    """Return the folder of a lesson's room that holds what was recorded for it."""
    return next(LESSONS.glob(f"lesson_{lesson}_*"), LESSONS / f"lesson_{lesson}") / "recorded"


def hardware(**more: object) -> dict[str, object]:
    """Say what this ran on; `more` is what the script chose, such as `threads=1`."""
    import torch

    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        **more,
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
    }


def text_of(log: dict[str, object], runs: Sequence[dict[str, Any]]) -> str:
    """Return the log as JSON, one run a line."""
    head = json.dumps(log, indent=1).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(one) for one in runs)
    return f'{head},\n "runs": [\n{lines}\n ]\n}}\n'
