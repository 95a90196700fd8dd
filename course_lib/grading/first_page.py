"""The instructor's first page, and the files that go with it: who needs a look, and why."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course_lib.authoring.checkout import replace_files
from course_lib.grading import feedback, regrade, reports, similar
from course_lib.grading.task import Task
from course_lib.grading.text import plain_all

CODE_ROLES = ("setup", "given", "demo", "train", "check")


def take_prints(marked: Mapping[str, Sequence[dict[str, Any]]]) -> dict[str, list[str]]:
    """Take the fingerprints out of marks, which learners see; return each one's, all together."""
    return {
        who: sorted({one for marks in all_ for one in marks.pop("prints", ())})
        for who, all_ in marked.items()
    }


def handed_out(task: Task) -> list[str]:
    """Return the fingerprints of what the assignment gives: its cells, stubs and hints."""
    cells = [cell.source for cell in task.master.cells if cell.role in CODE_ROLES]
    hints = [hint for exercise in task.spec.exercises for hint in exercise.hints]
    return similar.prints([*cells, *hints], 0)


def write(
    task: Task,
    kept: Mapping[str, dict[str, Any]],
    marked: Mapping[str, Sequence[dict[str, Any]]],
    summary: Mapping[str, Any],
    prints: Mapping[str, Sequence[str]],
    state: Any,
    to: Path,
) -> dict[str, Any]:
    """Write the first page, feedback zips, and what changed; return the summary with it.

    Args:
        task: what was marked.
        kept: the marks that count, by learner.
        marked: those of all hand-ins.
        summary: of the run, so far.
        prints: fingerprints by learner.
        state: of this run, see `regrade.state`.
        to: the folder of the results.
    """
    changed = regrade.changes(regrade.read(to), state)
    alike = similar.groups(prints, handed_out(task))
    whole = {**summary, "similar": alike, "changes": changed}
    page = reports._page(
        "summary.html",
        task=task,
        summary=plain_all(whole),
        reasons=plain_all(reasons(kept, whole)),
    )
    files = {"summary.html": page, "summary.json": reports.as_json(whole)}
    files |= feedback.zips(task, kept, marked)
    files[regrade.LAST] = reports.as_json(state)
    if changed:
        files[regrade.CHANGES] = regrade.as_csv(changed)
    replace_files({to / name: data for name, data in files.items()})
    return whole


def reasons(
    kept: Mapping[str, Mapping[str, Any]], summary: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return why a person should look, by learner; who is not named needs none."""
    found: dict[str, list[str]] = {}
    for who in summary["unread"]:
        found.setdefault(who, []).append("A hand-in could not be read.")
    for who, marks in kept.items():
        said = list(marks["notes"])
        said += [
            f"{row['label']} {row['title']}: {row['message'].splitlines()[0]}"
            for row in marks["exercises"]
            if "could not be marked" in row["message"] or row["status"] == "timeout"
        ]
        if said:
            found.setdefault(who, []).extend(said)
    for group in summary["similar"]:
        for who in group["learners"]:
            others = len(group["learners"]) - 1
            found.setdefault(who, []).append(f"The code is like that of {others} more: see below.")
    return {who: list(dict.fromkeys(said)) for who, said in sorted(found.items())}


def in_words(summary: Mapping[str, Any], to: Path) -> list[str]:
    """Return lines for a terminal."""
    lines = [f"  {', '.join(group['learners'])}: alike" for group in summary["similar"]]
    lines += regrade.in_words(summary["changes"])
    return [*lines, f"Begin with {to}/summary.html"]
