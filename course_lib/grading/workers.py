"""Processes that mark, each hand-in with a deadline: one that is late or dies is replaced."""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from course_lib.grading.marks import READING, Marker
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.sheet import stopped
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import Task

#: A hand-in with its marks.
Marked = tuple[HandIn, dict[str, Any]]
#: How often a hand-in is tried when its process dies; one that is late is not tried again.
TRIES = 2
LATE = "Marking it was stopped after {:g} s; mark it by hand, or run the command again."
DIED = "The process that marked it ended {} times; mark it by hand, or run the command again."


def deadline(task: Task, limits: Limits) -> float:
    """Return the seconds of one hand-in: twice what its code may take, and reading its files."""
    return 2 * limits.submission + 4 * READING * (1 + len(task.trained))


class Worker:
    """A process that is forked: it has torch, the task, and a way of its own into the cage.

    Args:
        task: what is marked.
        secret: of the instructor.
        sandbox: whose cage is shared.
    """

    def __init__(self, task: Task, secret: str, sandbox: Sandbox) -> None:
        (way,) = sandbox.share(1)
        context = multiprocessing.get_context("fork")
        self.link, theirs = context.Pipe()
        self.process = context.Process(
            target=_work, args=(theirs, task, secret, way, os.getpid()), daemon=True
        )
        self.process.start()
        theirs.close()
        way.close()  # or the zygote would not hear that this process has gone
        self.hand_in: HandIn | None = None
        self.until = 0.0

    def give(self, hand_in: HandIn, seconds: float) -> None:
        """Send a hand-in to be marked; a dead process is noticed when its reply is due."""
        self.hand_in, self.until = hand_in, time.monotonic() + seconds
        try:
            self.link.send(hand_in)
        except OSError:
            return

    def take(self) -> dict[str, Any] | None:
        """Return the marks; None when the process has ended."""
        try:
            marks: dict[str, Any] = self.link.recv()
        except (EOFError, OSError):
            return None
        return marks

    def end(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.join()
        self.link.close()


def _work(link: Connection, task: Task, secret: str, way: Sandbox, parent: int) -> None:
    """Mark what comes until the command has gone."""
    from course_lib.grading.sandbox import isolate

    isolate.die_with_parent()
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)  # more would wait for threads that were not forked along
    marker = Marker(task, secret, way)
    while True:
        try:
            hand_in = link.recv()
        except EOFError:
            return
        link.send(marker.mark(hand_in))


class Crew:
    """Workers and the hand-ins that wait for them; see `mark_in_processes`."""

    def __init__(
        self, task: Task, secret: str, waiting: Sequence[HandIn], sandbox: Sandbox, seconds: float
    ) -> None:
        self.task, self.secret, self.sandbox, self.seconds = task, secret, sandbox, seconds
        self.waiting, self.tries = deque(waiting), dict.fromkeys(map(id, waiting), 0)
        self.busy: list[Worker] = []

    def begin(self, worker: Worker | None = None) -> None:
        """Give the next hand-in to a worker, or to a new one; nobody stays idle."""
        if not self.waiting:
            if worker is not None:
                worker.end()
            return
        worker = worker or Worker(self.task, self.secret, self.sandbox)
        self.busy.append(worker)
        worker.give(self.waiting.popleft(), self.seconds)

    def work(self) -> Iterator[Marked]:
        """Yield what is done, until all is."""
        while self.busy:
            pause = max(min(worker.until for worker in self.busy) - time.monotonic(), 0)
            heard = wait([worker.link for worker in self.busy], pause)
            for worker in [w for w in self.busy if w.link in heard]:
                yield from self._done(worker, worker.take())
            for worker in [w for w in self.busy if w.until <= time.monotonic()]:
                yield from self._lost(worker, LATE.format(self.seconds))

    def _done(self, worker: Worker, marks: dict[str, Any] | None) -> Iterator[Marked]:
        hand_in = worker.hand_in
        assert hand_in is not None
        if marks is None:
            self.tries[id(hand_in)] += 1
            again = self.tries[id(hand_in)] < TRIES
            if again:
                self.waiting.appendleft(hand_in)
            yield from self._lost(worker, None if again else DIED.format(TRIES))
            return
        self.busy.remove(worker)
        self.begin(worker)
        yield hand_in, marks

    def _lost(self, worker: Worker, said: str | None) -> Iterator[Marked]:
        """End a worker, begin with another, and tell what was stopped."""
        hand_in = worker.hand_in
        assert hand_in is not None
        self.busy.remove(worker)
        worker.end()
        self.begin()
        if said is not None:
            yield hand_in, stopped(self.task, hand_in.learner, hand_in.number, hand_in.name, said)

    def end(self) -> None:
        """Kill those that are still at work."""
        for worker in self.busy:
            worker.end()


def mark_in_processes(
    task: Task,
    secret: str,
    waiting: Sequence[HandIn],
    sandbox: Sandbox,
    count: int,
    seconds: float | None = None,
) -> Iterator[Marked]:
    """Mark hand-ins in `count` processes; yield each with its marks as it is done.

    Args:
        task: what is marked; prepared, so that processes need not do it again.
        secret: of the instructor.
        waiting: the hand-ins.
        sandbox: whose cage all use.
        count: of processes.
        seconds: for each hand-in; `deadline` when None.
    """
    seconds = deadline(task, sandbox.limits) if seconds is None else seconds
    crew = Crew(task, secret, waiting, sandbox, seconds)
    try:
        for _ in range(count):
            crew.begin()
        yield from crew.work()
    finally:
        crew.end()
