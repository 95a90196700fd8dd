"""Do the checks notice small mistakes? Change every solution a little, everywhere, and see.

A mutant counts as equivalent only when it agrees with the course's own version on 10,000 generated
inputs; at most 3 % of the others may be argued in `mutation_argued.toml`. The bar is 98 % refused.

    python bench/mutation.py            every lesson
    python bench/mutation.py 04 --quick 500 inputs in place of 10,000
"""

import argparse
import json
import os
import re
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tools.mutation.operators import Mutant, mutants  # noqa: E402
from tools.mutation.work import Crew, Task, source_of  # noqa: E402

BAR, MOST_ARGUED = 0.98, 0.03
DRAWS, QUICK = 10_000, 500


@dataclass
class Tally:
    """What became of the mutants of one exercise."""

    lesson: str
    exercise: str
    refused: int = 0
    argued: int = 0
    survivors: list[dict[str, str]] = field(default_factory=list)
    equivalent: list[str] = field(default_factory=list)

    @property
    def counted(self) -> int:
        """Mutants that a check should notice."""
        return self.refused + len(self.survivors)


def main() -> int:
    """Print the score with the survivors; 1 when it is below the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", metavar="NN")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} inputs, not {DRAWS:,}")
    parser.add_argument("--json", action="store_true", help="with the equivalent mutants listed")
    options = parser.parse_args()
    draws = QUICK if options.quick else DRAWS
    tallies = [tally for number in wanted(options.lessons) for tally in try_lesson(number, draws)]
    print(json.dumps([vars(t) for t in tallies], indent=2) if options.json else table(tallies))
    return int(score(tallies) < BAR or too_much_argued(tallies))


def wanted(numbers: Sequence[str]) -> list[str]:
    """Return two-digit numbers; those of all lessons that have a source when none is given."""
    have = sorted(path.name[:2] for path in (HERE.parent / "solutions").glob("[0-9][0-9]_*.py"))
    return [number.zfill(2) for number in numbers] or have


def try_lesson(lesson: str, draws: int) -> list[Tally]:
    """Make, check, and where they pass compare, all mutants of a lesson."""
    cells = exercise_cells(lesson)
    crew = Crew(lesson, size=max(1, (os.cpu_count() or 2)))
    made = {(name, m.source): m for name, source in cells.items() for m in mutants(source, name)}
    tallies = {name: Tally(lesson, name) for name in cells}
    passed: dict[str, list[Mutant]] = {}
    checks = [Task("check", name, (source,)) for name, source in made]
    for done, (task, passes) in enumerate(crew.run(checks), 1):
        progress(f"{lesson}: {done} of {len(checks)} mutants checked")
        if passes:
            passed.setdefault(task.exercise, []).append(made[task.exercise, task.sources[0]])
        else:
            tallies[task.exercise].refused += 1
    compares = [
        Task("draws", name, tuple(m.source for m in found), draws) for name, found in passed.items()
    ]
    for task, differ in crew.run(compares):
        progress(f"{lesson}: compared the {len(task.sources)} that pass {task.exercise}")
        sort_out(tallies[task.exercise], passed[task.exercise], differ)
    progress("")
    return list(tallies.values())


def exercise_cells(lesson: str) -> dict[str, str]:
    """Return the solved cell of every exercise by its name."""
    from course_lib.workbook import registry
    from course_lib.workbook.answer_file import read_steps

    names = [exercise.name for exercise in registry.find(lesson).exercises]
    steps = read_steps(source_of(lesson))
    found = {
        name: step.source
        for step in steps
        for name in names
        if re.search(rf"^(def|class) {name}\b", step.source, re.MULTILINE)
    }
    missing = [name for name in names if name not in found]
    if missing:
        raise SystemExit(f"{source_of(lesson)} has no cell for {', '.join(missing)}")
    return found


def sort_out(tally: Tally, passed: Sequence[Mutant], differ: dict[int, str] | None) -> None:
    """Tell equivalent mutants from survivors, and those that are argued."""
    reasons = argued()
    for place, mutant in enumerate(passed):
        known = reasons.get((tally.lesson, tally.exercise, mutant.was, mutant.now))
        if differ is not None and place not in differ:
            tally.equivalent.append(str(mutant))
        elif known is not None:
            tally.argued += 1
        else:
            shown = "it hangs on a generated input" if differ is None else differ[place]
            tally.survivors.append({"was": mutant.was, "now": mutant.now, "differs": shown})


def argued() -> dict[tuple[str, str, str, str], str]:
    """Return the mutants that are argued by hand, with the reasons."""
    with (HERE / "mutation_argued.toml").open("rb") as file:
        listed: list[dict[str, Any]] = tomllib.load(file).get("argued", [])
    return {(a["lesson"], a["exercise"], a["was"], a["now"]): a["because"] for a in listed}


def score(tallies: Sequence[Tally]) -> float:
    """Return the share refused of those that a check should notice."""
    counted = sum(tally.counted for tally in tallies)
    return sum(tally.refused for tally in tallies) / counted if counted else 1.0


def too_much_argued(tallies: Sequence[Tally]) -> bool:
    """Tell whether more was argued by hand than is allowed."""
    total = sum(tally.counted + tally.argued for tally in tallies)
    return sum(tally.argued for tally in tallies) > MOST_ARGUED * total


def table(tallies: Sequence[Tally]) -> str:
    """Return the counts by exercise, the survivors, and the score."""
    lines = [f"{'exercise':<40}{'refused':>9}{'survive':>9}{'equivalent':>12}{'argued':>8}"]
    for t in tallies:
        name = f"{t.lesson} {t.exercise}"
        counts = f"{t.refused:>9}{len(t.survivors):>9}{len(t.equivalent):>12}{t.argued:>8}"
        lines.append(f"{name:<40}{counts}")
    for t in tallies:
        for s in t.survivors:
            lines += [f"\n{t.lesson} {t.exercise} survives:", f"  - {s['was']}", f"  + {s['now']}"]
            lines.append(f"  {s['differs']}")
    if too_much_argued(tallies):
        lines.append(f"\nMore than {MOST_ARGUED:.0%} are argued by hand; add cases instead.")
    counted = sum(tally.counted for tally in tallies)
    return "\n".join([*lines, f"\n{score(tallies):.2%} of {counted} refused; bar {BAR:.0%}"])


def progress(text: str) -> None:
    """Show where the run is, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
