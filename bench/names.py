"""Do mistakes keep their names in other code? Rewrite every listed one, and count what is said.

A spelling counts when its code differs and its results on the exercise's cases do not. To these
come the spellings by hand and the near mistakes of each room's `spellings.py`.

    python bench/names.py            every lesson
    python bench/names.py 04 09      two of them
"""

import argparse
import inspect
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from course_lib.checking.check import check_exercise  # noqa: E402
from course_lib.checking.compare import compare  # noqa: E402
from course_lib.checking.exercise import Exercise, LessonSpec, WrongAnswer  # noqa: E402
from course_lib.checking.prepared import Prepared  # noqa: E402
from course_lib.checking.run import Outcome, Runner  # noqa: E402
from course_lib.workbook import registry  # noqa: E402
from tools.beside import load  # noqa: E402
from tools.spelling.rewrites import REWRITES, rewrite  # noqa: E402

#: The same results: nearer than this.
EXACT = 1e-9
KINDS = ("by tool", "by hand", "near")
MOST_FALSE, LEAST_NAMED = 0.01, 0.85


def main() -> int:
    """Print the table and what was missed; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", metavar="NN")
    wanted = [n.zfill(2) for n in parser.parse_args().lessons] or registry.numbers()
    print(f"{'lesson':<8}" + "".join(f"{kind + ': named, false, none':>32}" for kind in KINDS))
    total: Counter[tuple[str, str]] = Counter()
    missed: list[str] = []
    for number in wanted:
        counts = count(registry.find(number), missed)
        print(f"{number:<8}" + "".join(f"{shown(counts, kind):>32}" for kind in KINDS), flush=True)
        total += counts
    print(f"{'all':<8}" + "".join(f"{shown(total, kind):>32}" for kind in KINDS))
    print("\n".join(missed))
    return int(not within_bars(total))


def shown(counts: Counter[tuple[str, str]], kind: str) -> str:
    """Return three counts of a kind."""
    return ", ".join(str(counts[kind, said]) for said in ("named", "false", "none"))


def within_bars(counts: Counter[tuple[str, str]]) -> bool:
    """Tell whether names are true, and given where they should be."""
    named = sum(counts[kind, "named"] for kind in KINDS)
    false = sum(counts[kind, "false"] for kind in KINDS)
    due = sum(counts[kind, said] for kind in KINDS[:2] for said in ("named", "false", "none"))
    return false <= MOST_FALSE * (named + false) and named >= LEAST_NAMED * due


def count(lesson: LessonSpec, missed: list[str]) -> Counter[tuple[str, str]]:
    """Return how often each kind of answer of a lesson was named rightly, falsely, not at all."""
    counts: Counter[tuple[str, str]] = Counter()
    for exercise in lesson.exercises:
        for kind, id, how, code in answers(lesson, exercise):
            diagnosis = check_exercise(exercise, code).diagnosis
            said = "none" if diagnosis is None else "named" if diagnosis == id else "false"
            counts[kind, said] += 1
            if said == "false" or (said == "none" and kind != "near"):
                place = lesson.label(exercise.name)
                missed.append(f"{place} {exercise.name}: {id or 'near'} {how} → {diagnosis}")
    return counts


def answers(lesson: LessonSpec, exercise: Exercise) -> Iterator[tuple[str, str | None, str, Any]]:
    """Yield a kind, the id that is due, how it is spelt, and the code."""
    for how in REWRITES:
        for wrong, code in respelt(exercise, how):
            yield "by tool", wrong.id, how, code
    by_hand = load(lesson.number, "spellings")
    for id, codes in by_hand.SPELT[exercise.name].items():
        for place, code in enumerate(codes):
            yield "by hand", id, str(place), code
    for place, code in enumerate(by_hand.NEAR[exercise.name]):
        yield "near", None, str(place), code


def respelt(exercise: Exercise, how: str) -> Iterator[tuple[WrongAnswer, Any]]:
    """Yield the mistakes of an exercise that a rewrite changes, with their new code."""
    prepared = Prepared.of(exercise)
    for wrong, theirs in prepared.mistakes:
        module = inspect.getmodule(wrong.code)
        if not isinstance(wrong.code, FunctionType) or module is None:
            continue
        if not module.__name__.startswith("course_lib."):  # a library's function is the mistake
            continue
        again = next((w for w in _mistakes(module, how) if w.id == wrong.id), None)
        if again is None or not _differs(wrong.code, again.code):
            continue
        if _same_results(prepared, again.code, theirs):
            yield wrong, again.code


def _mistakes(module: ModuleType, how: str) -> tuple[WrongAnswer, ...]:
    """Return the mistakes of a rewritten module; none where the rewrite changes nothing."""
    text = rewrite(inspect.getsource(module), how)
    if text is None:
        return ()
    names: dict[str, Any] = {"__name__": module.__name__}
    exec(compile("import torch\n" + text, f"<{how}>", "exec"), names)
    found: tuple[WrongAnswer, ...] = names.get("MISTAKES", ())
    return found


def _differs(was: FunctionType, now: Any) -> bool:
    """Tell whether a function, or one of its module that it comes to call, was rewritten."""
    return _code(was, set()) != _code(now, set())


def _code(function: Any, seen: set[str]) -> list[Any]:
    """Return the code of a function and of those of its module that it names or encloses."""
    if not isinstance(function, FunctionType) or function.__qualname__ in seen:
        return []
    seen.add(function.__qualname__)
    code = function.__code__
    named = [function.__globals__.get(name) for name in code.co_names]
    enclosed = [cell.cell_contents for cell in function.__closure__ or ()]
    own = [f for f in [*named, *enclosed] if getattr(f, "__module__", "") == function.__module__]
    inner = [(c.co_code, c.co_names) for c in code.co_consts if hasattr(c, "co_code")]
    mine = [code.co_code, code.co_names, code.co_varnames, *inner]
    return [*mine, *(part for other in own for part in _code(other, seen))]


def _same_results(prepared: Prepared, code: Any, theirs: tuple[Outcome, ...]) -> bool:
    runner = Runner(prepared.protocol)
    for case, due in zip(prepared.cases, theirs, strict=True):
        came = runner.run(code, case)
        if (came.error is None) != (due.error is None):
            return False
        if came.error is None and compare(came.value, due.value, tolerance=EXACT) is not None:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
