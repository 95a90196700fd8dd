"""Mark hand-ins on this machine, in as many processes as it has processors."""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading.marks import Marker
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import Task

#: A hand-in with its marks.
Marked = tuple[HandIn, dict[str, Any]]


def mark_here(
    task: Task,
    secret: str,
    waiting: Sequence[HandIn],
    *,
    sandbox: Sandbox,
    workers: int | None = None,
) -> Iterator[Marked]:
    """Mark hand-ins; yield each with its marks as it is done.

    Args:
        task: what is marked.
        secret: of the instructor.
        waiting: the hand-ins.
        sandbox: where answers run.
        workers: processes; one for each processor when None.

    Raises:
        CourseError: when a process dies.
    """
    count = min(workers or os.cpu_count() or 1, len(waiting))
    marker = Marker(task, secret, sandbox)
    shared = sandbox.share(count) if count > 1 and _forks() else []
    if shared:
        try:
            yield from _in_processes(task, secret, waiting, shared)
        finally:
            for way in shared:
                way.close()
        return
    for hand_in in waiting:
        yield hand_in, marker.mark(hand_in)


def _in_processes(
    task: Task, secret: str, waiting: Sequence[HandIn], shared: Sequence[Sandbox]
) -> Iterator[Marked]:
    """Mark in processes that are forked: they have torch, the task, and ways into the cage."""
    context = multiprocessing.get_context("fork")
    start = (task, secret, shared, context.Value("i", 0))
    with ProcessPoolExecutor(len(shared), context, initializer=_begin, initargs=start) as pool:
        jobs = {pool.submit(_mark, hand_in): hand_in for hand_in in waiting}
        try:
            for job in as_completed(jobs):
                yield jobs[job], job.result()
        except BrokenProcessPool:
            raise CourseError(
                "a marking process died; what was marked is kept. Run the same command again, "
                "with --workers 1 if it happens twice."
            ) from None


def _forks() -> bool:
    """Tell whether processes can be forked with torch in them."""
    return sys.platform.startswith("linux")


_marker: Marker | None = None


def _begin(task: Task, secret: str, shared: Sequence[Sandbox], taken: Any) -> None:
    """Take one of the ways into the cage."""
    global _marker
    with taken.get_lock():
        place, taken.value = taken.value, taken.value + 1
    _marker = Marker(task, secret, shared[place])


def _mark(hand_in: HandIn) -> dict[str, Any]:
    assert _marker is not None
    return _marker.mark(hand_in)
