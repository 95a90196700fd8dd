"""`course build`: from the source of a lesson to its two notebooks."""

import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from nbformat import NotebookNode
from tqdm import tqdm

from course_lib.authoring.checkout import Checkout, replace_files
from course_lib.authoring.drift import drift, output_problems
from course_lib.authoring.execute import CellError, execute
from course_lib.authoring.notebook import as_bytes
from course_lib.authoring.outputs import KB
from course_lib.authoring.prepare import Draft, lessons_of_the_course, prepare, without_spec
from course_lib.authoring.problem import Problem, failing
from course_lib.authoring.settle import settle
from course_lib.authoring.source import Source
from course_lib.checking.exercise import LessonSpec
from course_lib.errors import CourseError

INTERRUPTED = 130


def run_build(
    lesson: str | None = None,
    *,
    check: bool = False,
    root: Path | None = None,
    lessons: Sequence[LessonSpec] | None = None,
) -> int:
    """Build lessons, or check that what is there is what would be built.

    Args:
        lesson: its number; all lessons when left out.
        check: write nothing; look for drift, leaks, missing outputs and alternative texts.
        root: the checkout; the one that `course_lib` runs from when left out.
        lessons: the specs to choose from; the course's own when left out.

    Returns:
        0 when nothing fails, 1 when something does, 130 when interrupted.

    Raises:
        CourseError: when there is no such lesson, or no checkout.
    """
    started = time.perf_counter()
    checkout = Checkout(root.resolve()) if root is not None else Checkout.find()
    specs, problems = _asked(lesson, lessons)
    if lesson is None:
        problems += without_spec(checkout, specs)
    try:
        work = _check if check else _build
        problems += work(specs, checkout)
    except KeyboardInterrupt:
        print("interrupted: lessons not listed above are as they were", file=sys.stderr)
        return INTERRUPTED
    return _sum_up(problems, len(specs), time.perf_counter() - started, checkout, check)


def _asked(
    lesson: str | None, lessons: Sequence[LessonSpec] | None
) -> tuple[list[LessonSpec], list[Problem]]:
    if lessons is None:
        return lessons_of_the_course(lesson)
    if lesson is None:
        return list(lessons), []
    for spec in lessons:
        if spec.number == lesson.zfill(2):
            return [spec], []
    there = ", ".join(spec.number for spec in lessons)
    raise CourseError(f"there is no lesson {lesson!r}; the lessons are {there}")


# ---------------------------------------------------------------- build


def _build(specs: Sequence[LessonSpec], checkout: Checkout) -> list[Problem]:
    """Prepare all lessons first, so that cheap mistakes show before anything is executed."""
    problems: list[Problem] = []
    drafts = [prepare(spec, checkout) for spec in specs]
    for draft in drafts:
        problems += [*draft.faults, *draft.manners]
        if failing(draft.faults):
            print(f"{draft.spec.number}  {draft.spec.title}: refused, nothing written", flush=True)
    for draft in drafts:
        if not failing(draft.faults):
            problems += _build_one(draft, checkout)
    return problems


def _build_one(draft: Draft, checkout: Checkout) -> list[Problem]:
    """Execute one lesson and replace its two notebooks; on a failure both stay as they are."""
    source, solved, learners = draft.source, draft.solved, draft.learners
    assert source is not None
    assert solved is not None
    assert learners is not None
    started = time.perf_counter()
    try:
        _execute(draft.spec, solved)
    except CellError as error:
        print(f"{draft.spec.number}  {draft.spec.title}: failed, nothing written", flush=True)
        return [_failed(source, error)]
    path = checkout.solved(draft.spec)
    settle(solved, path)
    files = {path: as_bytes(solved), checkout.learners(draft.spec): as_bytes(learners)}
    replace_files(files)
    seconds, sizes = time.perf_counter() - started, [len(data) / KB for data in files.values()]
    print(
        f"{draft.spec.number}  {draft.spec.title}: {len(source.cells)} cells, "
        f"exercises {len(draft.spec.exercises)}, {seconds:.0f} s · "
        f"solved {sizes[0]:.0f} KB, learner's {sizes[1]:.0f} KB",
        flush=True,
    )
    return list(output_problems(source, solved, path, checkout.root))


def _execute(spec: LessonSpec, notebook: NotebookNode) -> None:
    quiet = not sys.stdout.isatty() or os.environ.get("COURSE_QUIET") == "1"
    total = len(notebook.cells)
    with tqdm(
        total=total, desc=spec.number, unit="cell", file=sys.stdout, disable=quiet, leave=False
    ) as bar:
        execute(notebook, on_cell=lambda index: _advance(bar, index + 1))


def _advance(bar: "tqdm[None]", place: int) -> None:
    bar.update(place - bar.n)


def _failed(source: Source, error: CellError) -> Problem:
    """Name the line of the source on which a cell failed."""
    cell = source.cells[error.index]
    line = cell.line
    if error.line is not None and error.line <= len(cell.solved):
        line = cell.solved[error.line - 1][0]
    return Problem(source.path, line, error.says)


# ---------------------------------------------------------------- check


def _check(specs: Sequence[LessonSpec], checkout: Checkout) -> list[Problem]:
    problems: list[Problem] = []
    for spec in specs:
        draft = prepare(spec, checkout)
        found = [*draft.faults, *draft.manners, *drift(draft, checkout)]
        bad = len(failing(found))
        verdict = f"{bad} problem{'s' * (bad != 1)}" if bad else "as built"
        print(f"{spec.number}  {spec.title}: {verdict}", flush=True)
        problems += found
    return problems


def _sum_up(
    problems: Iterable[Problem], lessons: int, seconds: float, checkout: Checkout, check: bool
) -> int:
    """Print the problems, then the advice, then one line; return the exit code."""
    found = list(problems)
    bad, advice = failing(found), [problem for problem in found if not problem.fails]
    for problem in [*bad, *(advice if check else [])]:
        print(problem.as_text(checkout.root))
    more = f", {len(advice)} pieces of advice" if advice else ""
    more += " (course build --check lists them)" if advice and not check else ""
    done = "checked" if check else "gone through"
    count = f"{lessons} lesson{'s' * (lessons != 1)} {done} in {seconds:.1f} s"
    print(f"{count}: {len(bad) or 'no'} problem{'s' * (len(bad) != 1)}{more}", flush=True)
    return 1 if bad else 0
