"""Read what a run of pytest wrote down: facts, and how to see the first failure again."""

import json
import shlex
from pathlib import Path
from typing import Any

PYTEST = ".venv/bin/python -m pytest"


def read(path: Path) -> list[dict[str, Any]]:
    """Return one record for every phase of every test; see tests/plugins/course_proof.py."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def facts(records: list[dict[str, Any]]) -> int:
    """Count what tests proved: one each, or as many as they say."""
    return sum(one["facts"] for one in records if one["when"] == "call" and passed(one))


def passed(record: dict[str, Any]) -> bool:
    return record["outcome"] == "passed"


def first_failure(records: list[dict[str, Any]]) -> str:
    """Return what to type to see it again; empty when nothing failed."""
    test = next((one["test"] for one in records if one["outcome"] == "failed"), "")
    file, _, cell = test.partition("::")
    if file.endswith(".ipynb"):
        stage = "solved" if file.startswith("solutions") else "blank"
        number = Path(file).name[:2]
        return f"python tools/test.py {stage} --lesson {number}  # {cell} of {file}"
    return f"{PYTEST} {shlex.quote(test)}" if test else ""
