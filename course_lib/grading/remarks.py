"""What marks say besides: on cells that failed, and on what a person should read."""

from collections.abc import Mapping, Sequence
from typing import Any

from course_lib.grading.answers import Answers
from course_lib.grading.program import GIVEN

#: Ends the report of a learner's cell that failed.
COST = "What it defines was run all the same; it may have cost marks."


def mention(results: Sequence[dict[str, Any]], calls: Mapping[str, Sequence[str]]) -> None:
    """Say where an answer calls another of the learner's own that is not right."""
    wrong = {result["name"] for result in results if not result["points"]}
    for result in results:
        parts = [name for name in calls.get(result["name"], ()) if name in wrong]
        if result["name"] in wrong and result["status"] != "not_started" and parts:
            said = f"It calls your {' and '.join(parts)}, not right yet: mend that first."
            result["message"] = f"{result['message']}\n{said}"


def look_over(results: Sequence[Mapping[str, Any]], tampers: Sequence[str]) -> list[str]:
    """Return what a person should read: where cells reach for what marks them, and earned marks."""
    if not tampers or not any(result["points"] for result in results):
        return []
    said = f"A cell reaches for what marks it, or changes a library: {', '.join(tampers[:6])}"
    return [f"{said}. Values were compared elsewhere all the same. Read it and decide."]


def look(results: Sequence[Mapping[str, Any]], ways: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what a person should read: where a call that is ruled out could hide behind marks."""
    found = []
    for result in results:
        reached = ways.get(result["name"], ())[:6]
        if result["points"] and reached:
            said = f"{result['label']} earned its marks, and it reaches {', '.join(reached)}"
            found.append(f"{said}: a call that is ruled out could hide there. Read it and decide.")
    return found


def troubles(answers: Answers) -> list[str]:
    """Return what a person should know of the cells; a given cell may wait for an answer."""
    return [
        f"{name} {what}. {COST if not name.startswith(GIVEN) else ''}".rstrip()
        for name, what in answers.trouble.items()
        if not (name.startswith(GIVEN) and "raised NotImplementedError" in what)
    ]
