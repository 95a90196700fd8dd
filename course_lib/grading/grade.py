"""`course grade`: mark a folder of submissions, and write what learners and the register get."""

import hashlib
import json
import multiprocessing
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_lib.authoring.checkout import Checkout, replace_files
from course_lib.errors import CourseError
from course_lib.grading import reports
from course_lib.grading.marks import HandIn, Marker, Task
from course_lib.grading.program import Master
from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.sandbox.launch import Cage
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.submissions import (
    Person,
    find,
    read_roster,
    read_tree,
    strangers,
)
from course_lib.grading.text import plain

KEEP = ("best", "last")
UNSAFE = (
    "course grade: --unsafe. Learners' code runs as you, without a sandbox: it can read and change "
    "your files, use the network, and leave processes behind. Marks are still decided outside it."
)
#: Where marks already given are kept, so that a run that was cut short goes on.
DONE = "done"
#: Goes into every fingerprint: raise it when marking changes.
VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `course grade` was asked for.

    Args:
        to: folder of the results.
        lesson, assignment: what is marked; one of them, or None for a guess from the file names.
        seed: the instructor's secret; kept in `to` when left out.
        keep: "best" or "last" of a learner's hand-ins.
        roster: CSV file with a column `learner`.
        workers: processes; one for each processor when None.
        unsafe: run without bubblewrap.
        limits: of each submission.
        scheduler: address of a Dask scheduler, when many machines work.
        security: folder of the certificates for it.
    """

    to: Path
    lesson: str | None = None
    assignment: str | None = None
    seed: str | None = None
    keep: str = "best"
    roster: Path | None = None
    workers: int | None = None
    unsafe: bool = False
    limits: Limits = field(default_factory=Limits)
    scheduler: str | None = None
    security: Path | None = None


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
    if options.keep not in KEEP:
        raise CourseError(f"--keep is best or last, not {options.keep!r}.")
    if options.unsafe:
        print(UNSAFE, file=sys.stderr)
    else:
        bubblewrap.demand()
    people = read_roster(options.roster) if options.roster else []
    if not submissions.exists():
        raise CourseError(f"there is no {submissions}; give the folder of submissions.")
    task = load_task(*_what(submissions, options))
    with _sandbox(task, options, cage) as sandbox:
        found, outside = _found(submissions, task, people, sandbox)
        marked = _Run(task, _secret(options), options, sandbox).marks(found)
    kept = {who: choose(marked[who], options.keep) for who in marked}
    summary = _write(task, kept, marked, people, outside, options.to)
    print(json.dumps(summary, indent=2, ensure_ascii=False) if as_json else _said(summary, options))
    return 1 if summary["unread"] or summary["unknown"] else 0


# ---------------------------------------------------------------- what is marked


def load_task(kind: str, name: str) -> Task:
    """Return a lesson or an assignment, ready to be marked."""
    if kind == "assignment":
        from course_lib.grading import assignments

        found = assignments.find(name)
        digest = _digest([found.source, found.hidden])
        return Task(found.name, found.spec, found.cells, tuple(found.trained), digest)
    from course_lib.workbook import registry

    spec = registry.find(name)
    solved = Checkout.find().solved(spec)
    course = registry.rooms()[spec.number].rglob("*.py")
    if not solved.exists():
        raise CourseError(f"{solved} is missing: build it by `course build {spec.number}`.")
    master = Master.of_notebook(solved.read_bytes())
    return Task(spec.number, spec, master, digest=_digest([solved, *course]))


def _digest(paths: Sequence[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(paths))).hexdigest()


def _what(submissions: Path, options: Options) -> tuple[str, str]:
    """Return "lesson" or "assignment" and its name, from the options or from the file names."""
    if options.lesson and options.assignment:
        raise CourseError("give --lesson or --assignment, not both.")
    if options.assignment:
        return "assignment", options.assignment
    if options.lesson:
        return "lesson", options.lesson
    from course_lib.workbook import registry

    paths = submissions.rglob("*.ipynb") if submissions.is_dir() else [submissions]
    stems = [path.stem for path in paths if path.suffix == ".ipynb"]
    slugs = {room.name.removeprefix("lesson_"): number for number, room in registry.rooms().items()}
    fits = {number for slug, number in slugs.items() if any(slug in stem for stem in stems)}
    if len(fits) != 1:
        seen = f"these file names fit {', '.join(sorted(fits))}" if fits else "no file name says so"
        raise CourseError(f"which lesson is this? {seen}; add --lesson NN or --assignment NAME.")
    return "lesson", fits.pop()


def _found(
    submissions: Path, task: Task, people: Sequence[Person], sandbox: Sandbox
) -> tuple[dict[str, list[HandIn]], list[str]]:
    """Return the hand-ins by learner, and the files that belong to nobody."""
    tree = read_tree(submissions, sandbox)
    slug = task.spec.slug if task.spec.slug else task.name
    found = find(tree, slug, people)
    if not any(found.values()):
        raise CourseError(f"{submissions} holds no notebook of anybody; nothing was written.")
    return found, strangers(tree, people)


def _secret(options: Options) -> str:
    """Return the instructor's secret: as given, or kept with the results."""
    if options.seed:
        return options.seed
    path = options.to / "secret-seed"
    if not path.exists():
        options.to.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(16) + "\n")
    return path.read_text().strip()


# ---------------------------------------------------------------- marking


class _Run:
    """All hand-ins of one run; those that were marked before are read from where they are kept."""

    def __init__(self, task: Task, secret: str, options: Options, sandbox: Sandbox) -> None:
        self.task, self.secret, self.options = task, secret, options
        self.sandbox = sandbox
        self.folder = options.to / DONE

    def marks(self, found: Mapping[str, Sequence[HandIn]]) -> dict[str, list[dict[str, Any]]]:
        """Return the marks of every hand-in, by learner, first to last."""
        self.folder.mkdir(parents=True, exist_ok=True)
        every = [hand_in for hand_ins in found.values() for hand_in in hand_ins]
        prints = {(h.learner, h.number): self._fingerprint(h) for h in every}
        done = {key: marks for key, print_ in prints.items() if (marks := self._kept(print_))}
        waiting = [h for h in every if (h.learner, h.number) not in done]
        with self._bar(len(every), len(done)) as bar:
            for hand_in, marks in self._mark_all(waiting):
                key = (hand_in.learner, hand_in.number)
                self._keep(prints[key], marks)
                done[key] = marks
                bar.update()
        return {
            who: [done[who, hand_in.number] for hand_in in hand_ins] or [_absent(self.task, who)]
            for who, hand_ins in found.items()
        }

    def _mark_all(self, waiting: Sequence[HandIn]) -> Iterator[tuple[HandIn, dict[str, Any]]]:
        if not waiting:
            return
        if self.options.scheduler:
            from course_lib.grading.cluster import mark_on_cluster

            yield from mark_on_cluster(
                self.task,
                self.secret,
                waiting,
                scheduler=self.options.scheduler,
                security=self.options.security,
                limits=self.options.limits,
                unsafe=self.options.unsafe,
            )
            return
        count = min(self.options.workers or os.cpu_count() or 1, len(waiting))
        marker = Marker(self.task, self.secret, self.sandbox)
        shared = self.sandbox.share(count) if count > 1 and _forks() else []
        if shared:
            try:
                yield from self._in_processes(waiting, shared)
            finally:
                for way in shared:
                    way.close()
            return
        for hand_in in waiting:
            yield hand_in, marker.mark(hand_in)

    def _in_processes(
        self, waiting: Sequence[HandIn], shared: Sequence[Sandbox]
    ) -> Iterator[tuple[HandIn, dict[str, Any]]]:
        """Mark in processes that are forked: they have torch, the task, and ways into the cage."""
        context = multiprocessing.get_context("fork")
        start = (self.task, self.secret, shared, context.Value("i", 0))
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

    def _bar(self, total: int, done: int) -> Any:
        from tqdm import tqdm

        quiet = os.environ.get("COURSE_QUIET") == "1" or not sys.stderr.isatty()
        return tqdm(total=total, initial=done, desc="marking", unit="hand-in", disable=quiet)

    def _fingerprint(self, hand_in: HandIn) -> str:
        """Return a hash of everything that the marks depend on."""
        digest = hashlib.sha256(f"{VERSION}\0{self.task.name}\0{self.secret}".encode())
        digest.update(repr((hand_in.learner, hand_in.number, hand_in.name)).encode())
        digest.update(repr((hand_in.trouble, self.options.limits, self.task.digest)).encode())
        for name, data in [("", hand_in.notebook), *sorted(hand_in.files.items())]:
            digest.update(f"\0{name}\0{len(data)}\0".encode() + data)
        return digest.hexdigest()[:32]

    def _kept(self, fingerprint: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self.folder / f"{fingerprint}.json").read_text())
        except (OSError, ValueError):
            return None
        return found

    def _keep(self, fingerprint: str, marks: Mapping[str, Any]) -> None:
        replace_files({self.folder / f"{fingerprint}.json": reports.as_json(marks)})


def _sandbox(task: Task, options: Options, cage: Cage | None = None) -> Sandbox:
    return Sandbox(task.master.sources, options.limits, unsafe=options.unsafe, cage=cage)


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


def _absent(task: Task, learner: str) -> dict[str, Any]:
    """Return the marks of somebody who handed nothing in."""
    said = "Nothing was handed in."
    rows = [
        {
            "name": item.name,
            "label": "",
            "title": item.title,
            "status": "not_started",
            "points": 0,
            "possible": item.marks,
            "diagnosis": None,
            "hidden": False,
            "message": said,
        }
        for item in (*task.spec.exercises, *task.trained)
    ]
    return {
        "learner": learner,
        "number": 0,
        "file": "",
        "task": task.name,
        "exercises": rows,
        "total": 0,
        "possible": task.possible,
        "notes": [said],
        "read": True,
    }


def choose(marked: Sequence[dict[str, Any]], keep: str) -> dict[str, Any]:
    """Return the last hand-in, or the best (of equals the first)."""
    return marked[-1] if keep == "last" else max(marked, key=lambda marks: int(marks["total"]))


# ---------------------------------------------------------------- writing


def _write(
    task: Task,
    kept: Mapping[str, dict[str, Any]],
    marked: Mapping[str, Sequence[dict[str, Any]]],
    people: Sequence[Person],
    outside: Sequence[str],
    to: Path,
) -> dict[str, Any]:
    """Write every report; return the summary."""
    files: dict[Path, bytes] = {}
    # Who handed nothing in has marks, and number 0: no hand-in.
    came = {who: [m for m in all_ if m["number"]] for who, all_ in marked.items()}
    for who, marks in kept.items():
        name = reports.file_name(who)
        files[to / "learners" / f"{name}.json"] = reports.as_json(
            {**marks, "hand_ins": [[m["file"], m["total"]] for m in came[who]]}
        )
        files[to / "learners" / f"{name}.html"] = reports.learner_html(task, marks)
    report = reports.class_report(task, kept)
    files[to / "marks.csv"] = reports.marks_csv(task, kept)
    files[to / "gradebook.csv"] = reports.gradebook_csv(task, kept, people)
    files[to / "class.json"] = reports.as_json(report)
    files[to / "class.html"] = reports.class_html(task, report)
    look = {who: marks["notes"] for who, marks in kept.items() if marks["notes"]}
    summary = {
        "task": task.name,
        "learners": len(kept),
        "hand_ins": sum(len(hand_ins) for hand_ins in came.values()),
        "mean": report["mean"],
        "possible": task.possible,
        "look": look,
        "unread": [who for who, all_ in marked.items() if not all(m["read"] for m in all_)],
        "unknown": [plain(name) for name in outside],
    }
    files[to / "summary.json"] = reports.as_json(summary)
    replace_files(files)
    return summary


def _said(summary: Mapping[str, Any], options: Options) -> str:
    lines = [
        f"{summary['learners']} learners, {summary['hand_ins']} hand-ins of {summary['task']}: "
        f"{summary['mean']} of {summary['possible']} points on average.",
        f"{options.to}: learners/, marks.csv, gradebook.csv, class.html",
    ]
    lines += [plain(f"  {who}: {' '.join(notes)}") for who, notes in summary["look"].items()]
    lines += [f"  {name}: nobody in the roster" for name in summary["unknown"]]
    return "\n".join(lines)
