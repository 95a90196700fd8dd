"""Write what a run has found: a page for each learner, the register, a report on the class."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course_lib.authoring.checkout import replace_files
from course_lib.grading import reports
from course_lib.grading.submissions import Person
from course_lib.grading.task import Task
from course_lib.grading.text import plain


def write(
    task: Task,
    kept: Mapping[str, dict[str, Any]],
    marked: Mapping[str, Sequence[dict[str, Any]]],
    people: Sequence[Person],
    outside: Sequence[str],
    to: Path,
    alike: Sequence[Sequence[str]] = (),
) -> dict[str, Any]:
    """Write every report; return the summary.

    Args:
        task: what was marked.
        kept: the marks that count, by learner.
        marked: those of all hand-ins.
        people: the roster.
        outside: files that belong to nobody in it.
        to: the folder of the results.
        alike: groups of names that look alike and were kept apart.
    """
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
        "alike": [list(names) for names in alike],
        "unknown": [plain(name) for name in outside],
    }
    files[to / "summary.json"] = reports.as_json(summary)
    replace_files(files)
    return summary


def in_words(summary: Mapping[str, Any], to: Path) -> str:
    """Return the summary as lines for a terminal."""
    lines = [
        f"{summary['learners']} learners, {summary['hand_ins']} hand-ins of {summary['task']}: "
        f"{summary['mean']} of {summary['possible']} points on average.",
        f"{to}: learners/, marks.csv, gradebook.csv, class.html",
    ]
    lines += [plain(f"  {who}: {' '.join(notes)}") for who, notes in summary["look"].items()]
    lines += [f"  {name}: nobody in the roster" for name in summary["unknown"]]
    for names in summary["alike"]:
        lines.append(plain(f"  {', '.join(names)}: names that look alike; kept apart, please look"))
    return "\n".join(lines)
