"""Milliseconds that `lesson.check` takes: every exercise's own solution, first and warm.

The first check of an exercise asks its oracle, and may let torch import what a device check needs.
The bars are for these first checks, in a fresh process, in a lesson's order.
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEDIAN_MS, SLOWEST_MS = 150.0, 2000.0


def main() -> int:
    """Print first and warm times by exercise; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="NN", help="this lesson alone, in this process")
    alone = parser.parse_args().json
    if alone:
        print(json.dumps(time_lesson(alone)))
        return 0
    first, warm = [], []
    for path in sorted(ROOT.glob("solutions/[0-9][0-9]_*.py")):
        number = path.name[:2]
        done = subprocess.run(
            [sys.executable, __file__, "--json", number],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        for name, once, again in json.loads(done.stdout):
            print(f"{number} {name:<36}{once:>9.1f} ms first{again:>9.1f} ms warm")
            first.append(once)
            warm.append(again)
    print(
        f"lesson.check: median {statistics.median(first):.0f} ms (bar {MEDIAN_MS:.0f}), "
        f"slowest {max(first):.0f} ms (bar {SLOWEST_MS:.0f}); "
        f"warm: median {statistics.median(warm):.0f} ms, slowest {max(warm):.0f} ms"
    )
    return int(statistics.median(first) > MEDIAN_MS or max(first) > SLOWEST_MS)


def time_lesson(number: str) -> list[tuple[str, float, float]]:
    """Return (exercise, first, warm) in milliseconds, the exercises in order in one process."""
    os.environ["COURSE_PROGRESS"] = "off"
    from course_lib.workbook.lesson import Lesson
    from tools.mutation.work import names_of

    solved = names_of(number)
    lesson = Lesson(number)
    times = []
    for exercise in lesson.spec.exercises:
        obj = solved[exercise.name]
        once = milliseconds(lesson, obj, exercise.name)
        again = statistics.median(milliseconds(lesson, obj, exercise.name) for _ in range(5))
        times.append((exercise.name, once, again))
    return times


def milliseconds(lesson: object, obj: object, name: str) -> float:
    """Return how long one check takes, its report printed into nothing."""
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()) as out:
        lesson.check(obj, name)
    assert out.getvalue().startswith("✓"), out.getvalue()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
