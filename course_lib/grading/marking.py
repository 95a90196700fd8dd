"""Mark hand-ins on this machine, in as many processes as it has processors."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from course_lib.grading.marks import Marker
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import Task
from course_lib.grading.workers import Marked, mark_in_processes


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
        workers: processes; one for each processor when None; 0 marks in this one.
    """
    with one_thread():
        marker = Marker(task, secret, sandbox)
        count = os.cpu_count() or 1 if workers is None else workers
        if count and _forks() and sandbox.nests:
            count = min(count, len(waiting))
            yield from mark_in_processes(task, secret, waiting, sandbox, count)
            return
        for hand_in in waiting:
            yield hand_in, marker.mark(hand_in)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread: a process forked after a sum on several hangs in its next sum."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _forks() -> bool:
    """Tell whether processes can be forked with torch in them."""
    return sys.platform.startswith("linux")
