"""Does every right answer pass, where nothing is compiled and torch is slow to import?

All answers of each room's `right.py` and the course's own are checked in fresh interpreters, one a
lesson, that neither find nor write byte code, and in which sympy (which torch imports at its first
sum on “meta”) takes seconds more.

    python bench/right_answers.py            every answer of every lesson
    python bench/right_answers.py --one      one answer of each, in one interpreter
"""

import argparse
import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SLOW_S = 5.0


class SlowImport:
    """Make one import slow, as a cold disk does."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Wait before sympy is looked for."""
        if name == "sympy":
            time.sleep(SLOW_S)


def main() -> int:
    """Print a table of right answers by lesson; 1 when one is refused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", action="store_true", help="one answer of each lesson")
    parser.add_argument("--here", nargs="+", metavar="NN", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(tried(asked.here, one=asked.one)))
        return 0
    numbers = sorted(path.name[7:9] for path in ROOT.glob("tests/lessons/lesson_*"))
    groups = [numbers] if asked.one else [[number] for number in numbers]
    rows = [row for group in groups for row in apart(group, one=asked.one)]
    print(f"{'lesson':<8}{'answers':>9}{'refused':>9}{'slowest ms':>12}")
    for number, answers, refused, slowest in rows:
        print(f"{number:<8}{answers:>9}{len(refused):>9}{slowest:>12.0f}")
        print("".join(f"  {said}\n" for said in refused), end="")
    total, bad = sum(row[1] for row in rows), sum(len(row[2]) for row in rows)
    print(f"{bad} of {total} right answers refused; bar 0")
    return int(bad > 0)


def apart(numbers: list[str], *, one: bool) -> list[tuple[str, int, list[str], float]]:
    """Try lessons in an interpreter that has no byte code."""
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [sys.executable, __file__, *(["--one"] if one else []), "--here", *numbers],
            env={
                **os.environ,
                "PYTHONPYCACHEPREFIX": empty,
                "PYTHONDONTWRITEBYTECODE": "1",
                "COURSE_PROGRESS": "off",
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return [tuple(row) for row in json.loads(done.stdout.splitlines()[-1])]


def tried(numbers: list[str], *, one: bool) -> list[tuple[str, int, list[str], float]]:
    """Return (lesson, answers, what was refused, the slowest check in ms)."""
    sys.meta_path.insert(0, SlowImport())  # type: ignore[arg-type]
    sys.path.insert(0, str(ROOT))
    from course_lib.checking.check import check_exercise
    from course_lib.checking.reference import load_reference
    from course_lib.workbook import registry
    from tools.beside import load

    rows = []
    for number in numbers:
        answers, refused, slowest = 0, [], 0.0
        for exercise in registry.find(number).exercises:
            own = inspect.unwrap(load_reference(exercise))
            for code in [*load(number, "right").RIGHT.get(exercise.name, []), own]:
                result = check_exercise(exercise, code)
                answers, slowest = answers + 1, max(slowest, result.milliseconds)
                if not result.passed:
                    refused.append(f"{exercise.name}: {result.message}")
                if one:
                    break
            if one:
                break
        rows.append((number, answers, refused, slowest))
    return rows


if __name__ == "__main__":
    sys.exit(main())
