"""The recorded log of lesson 15: how well small models write summary lines."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def summary_log() -> dict[str, Any]:
    """Return what `bench/record_summaries.py` measured.

    >>> sorted(summary_log())
    ['baselines', 'command', 'hardware', 'pairs', 'runs']
    """
    path = files("course_lib.data").joinpath("recorded", "summaries.json")
    log: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return log


def scores(kind: str) -> list[float]:
    """Return ROUGE-L of every seed.

    Args:
        kind: "summaries alone" or "span corruption first".
    """
    return [run["rouge_l"] for run in summary_log()["runs"] if run["kind"] == kind]
