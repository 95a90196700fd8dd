"""The recorded log of lesson 15: how well small models write summary lines."""

from functools import cache
from typing import Any

from course_lib.data.recorded_files import recorded_log


@cache
def summary_log() -> dict[str, Any]:
    """Return what `bench/record_summaries.py` measured.

    >>> sorted(summary_log())
    ['baselines', 'command', 'hardware', 'pairs', 'runs']
    """
    return recorded_log("summaries", __package__)


def scores(kind: str) -> list[float]:
    """Return ROUGE-L of every seed.

    Args:
        kind: "summaries alone" or "span corruption first".
    """
    return [run["rouge_l"] for run in summary_log()["runs"] if run["kind"] == kind]
