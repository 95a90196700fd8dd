"""`course grade`: mark a folder of submissions, and write what learners and the register get."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading import first_page, late, overrides, partial, regrade, results
from course_lib.grading.forecast import bar
from course_lib.grading.hand_in_limit import MOST, at_most, tell_left_out
from course_lib.grading.identity import claim_of, confusable
from course_lib.grading.keeping import Kept, secret_of
from course_lib.grading.marking import mark_here, one_thread
from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.sandbox.launch import Cage
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.sheet import absent
from course_lib.grading.submissions import (
    HandIn,
    Person,
    find,
    read_roster,
    read_tree,
    strangers,
)
from course_lib.grading.task import Task, load_task, which_task
from course_lib.grading.workers import Marked

KEEP = ("best", "last")
UNSAFE = (
    "course grade: --unsafe. Learners' code runs as you, without a sandbox: it can read and change "
    "your files, use the network, and leave processes behind. Marks are still decided outside it."
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `course grade` was asked for.

    Args:
        to: folder of the results.
        lesson, assignment: what is marked; one of them, or None for a guess from the file names.
        seed: the instructor's secret; kept in `to` when left out.
        keep: "best" or "last" of a learner's hand-ins.
        roster: CSV file with a column `learner`.
        most: hand-ins of one learner that are marked; of more, the last ones.
        workers: processes; one for each processor when None; 0 marks in this one.
        unsafe: run without bubblewrap.
        limits: of each submission.
        scheduler: address of a Dask scheduler, when many machines work.
        security: folder of the certificates for it.
        partial: give the share of points that right cases earn.
        as_json: progress is told as JSON.
        overrides: CSV or TOML file of what a person decided; in `to` when left out.
        deadline: TOML file of a due date, late days and extensions; in `to` when left out.
    """

    to: Path
    lesson: str | None = None
    assignment: str | None = None
    seed: str | None = None
    keep: str = "best"
    roster: Path | None = None
    most: int = MOST
    workers: int | None = None
    unsafe: bool = False
    limits: Limits = field(default_factory=Limits)
    scheduler: str | None = None
    security: Path | None = None
    partial: bool = False
    as_json: bool = False
    overrides: Path | None = None
    deadline: Path | None = None


def run_grade(
    submissions: Path, options: Options, *, as_json: bool = False, cage: Cage | None = None
) -> int:
    """Mark everything, write the results, print a summary, and return the exit code.

    Args:
        submissions: a folder, one notebook, or one archive.
        options: see `Options`.
        as_json: print the summary for machines.
        cage: that was started before; closed by who started it.

    Returns:
        0 when everything could be read and marked; 1 when something could not, or is nobody's.

    Raises:
        CourseError: when nothing can be marked as asked.
    """
    _demand(options)
    people = read_roster(options.roster) if options.roster else []
    if not submissions.exists():
        raise CourseError(f"there is no {submissions}; give the folder of submissions.")
    with one_thread():  # before anything is prepared
        task = load_task(*which_task(submissions, options.lesson, options.assignment))
        if options.partial:
            task = partial.with_partial_credit(task)
        decisions = overrides.read(overrides.find_file(options.to, options.overrides), task)
        deadline = late.read(late.find_file(options.to, options.deadline))
        with _sandbox(task, options, cage) as sandbox:
            found, outside = _found(submissions, task, people, sandbox)
            overrides.demand_known(decisions, found)
            found, more = at_most(found, options.most)
            marked = late.apply(_marks(task, found, options, sandbox), deadline)
    prints = first_page.take_prints(marked)
    kept = {who: choose(marked[who], options.keep) for who in marked}
    kept = overrides.apply(kept, decisions)
    tell_left_out(kept, more, options.most)
    alike = confusable([*found, *(claim_of(PurePosixPath(name)).name for name in outside)])
    summary = results.write(task, kept, marked, people, outside, options.to, alike)
    state = regrade.state(task, kept, options, secret_of(options.to, options.seed))
    summary = first_page.write(task, kept, marked, summary, prints, state, options.to)
    words = [results.in_words(summary, options.to), *first_page.in_words(summary, options.to)]
    print(json.dumps(summary, indent=2) if as_json else "\n".join(words))
    return 1 if summary["unread"] or summary["unknown"] or summary["alike"] else 0


def _demand(options: Options) -> None:
    """Raise unless marking can begin as asked; say what --unsafe gives up."""
    if options.keep not in KEEP:
        raise CourseError(f"--keep is best or last, not {options.keep!r}.")
    if options.unsafe:
        print(UNSAFE, file=sys.stderr)
    else:
        bubblewrap.demand()


def _sandbox(task: Task, options: Options, cage: Cage | None = None) -> Sandbox:
    return Sandbox(task.master.sources, options.limits, unsafe=options.unsafe, cage=cage)


def _found(
    submissions: Path, task: Task, people: Sequence[Person], sandbox: Sandbox
) -> tuple[dict[str, list[HandIn]], list[str]]:
    """Return the hand-ins by learner, and the files that belong to nobody."""
    tree = read_tree(submissions, sandbox, people)
    slug = task.spec.slug if task.spec.slug else task.name
    found = find(tree, slug, people)
    if not any(found.values()):
        raise CourseError(f"{submissions} holds no notebook of anybody; nothing was written.")
    return found, strangers(tree, people)


def _marks(
    task: Task, found: Mapping[str, Sequence[HandIn]], options: Options, sandbox: Sandbox
) -> dict[str, list[dict[str, Any]]]:
    """Return the marks of every hand-in, by learner, first to last; marked before or now."""
    secret = secret_of(options.to, options.seed)
    kept = Kept(options.to, task, secret, options.limits)
    every = [hand_in for hand_ins in found.values() for hand_in in hand_ins]
    done = {(h.learner, h.number): marks for h in every if (marks := kept.get(h))}
    waiting = [h for h in every if (h.learner, h.number) not in done]
    with bar(len(every), len(done), as_json=options.as_json) as progress:
        for hand_in, marks in _mark(task, secret, waiting, options, sandbox):
            if not marks.get("stopped"):
                kept.put(hand_in, marks)
            done[hand_in.learner, hand_in.number] = marks
            progress.update()
    return {
        who: [done[who, hand_in.number] for hand_in in hand_ins] or [absent(task, who)]
        for who, hand_ins in found.items()
    }


def _mark(
    task: Task, secret: str, waiting: Sequence[HandIn], options: Options, sandbox: Sandbox
) -> Iterator[Marked]:
    """Mark here, or on many machines where there is a scheduler."""
    if not waiting:
        return
    if not options.scheduler:
        yield from mark_here(task, secret, waiting, sandbox=sandbox, workers=options.workers)
        return
    from course_lib.grading.cluster import mark_on_cluster

    yield from mark_on_cluster(
        task,
        secret,
        waiting,
        scheduler=options.scheduler,
        security=options.security,
        limits=options.limits,
        unsafe=options.unsafe,
    )


def choose(marked: Sequence[dict[str, Any]], keep: str) -> dict[str, Any]:
    """Return the last hand-in, or the best (of equals the first)."""
    return marked[-1] if keep == "last" else max(marked, key=lambda marks: float(marks["total"]))
