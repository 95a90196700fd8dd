"""Search a learner's kit for what must stay with the instructor.

Blanks and line breaks do not count: a solution that was wrapped or indented is found as well.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from course_lib.authoring.source import Source
from course_lib.grading import trial
from course_lib.grading.assignments import AssignmentSource
from course_lib.grading.packing import STAND_IN

#: Shorter pieces of code say nothing: many people write them.
LONG = 40
#: Folders and endings that no kit holds.
_FORBIDDEN = re.compile(
    r"(^|/)(solutions|grading|authoring|tests)/|_hidden\b|\.pkl$|\.pickle$|\.pt$"
)
#: What a kit may hold all the same: that by which a learner tries out what is handed in.
_TRIAL = re.compile(rf"^course_lib/grading/({'|'.join(trial.MODULES)})(\.py$|/\w+\.py$)")
_MISTAKES = re.compile(r"(^|/)mistakes/.*\.py$")


def leaks(files: Mapping[str, bytes], assignments: list[AssignmentSource]) -> Iterator[str]:
    """Yield a sentence for everything in a kit that gives an assignment away.

    Args:
        files: of the kit, by path.
        assignments: all that there are, released or not.
    """
    for path in files:
        if _FORBIDDEN.search(path) and not _TRIAL.search(path):
            yield f"{path}: belongs to the instructor"
    for path, data in files.items():
        if _MISTAKES.search(path) and data.strip() and data.decode() != STAND_IN:
            yield f"{path}: is the code of a lesson's wrong answers"
    trained = {p.read_bytes(): p.name for one in assignments for p in one.solved_weights.values()}
    for path, data in files.items():
        if data in trained:
            yield f"{path}: is the course's own {trained[data]}"
    secrets = [secret for assignment in assignments for secret in _secrets(assignment)]
    for path, data in files.items():
        text = _flat(_text(path, data))
        for what, secret in secrets:
            if secret in text:
                yield f"{path}: holds {what}"


def _secrets(assignment: AssignmentSource) -> Iterator[tuple[str, str]]:
    """Yield (name, flat code) of every solution, and of everything in the hidden half."""
    for name, region in _regions(assignment.cells):
        if len(region) >= LONG:
            yield f"the solution of {name}", region
    text = assignment.hidden.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            body = _flat("\n".join(ast.get_source_segment(text, line) or "" for line in node.body))
            yield f"{node.name} of {assignment.hidden.name}", body


def _regions(cells: Source) -> Iterator[tuple[str, str]]:
    for name, cell in cells.exercises.items():
        for region in cell.regions:
            yield name, _flat("\n".join(line for _, line in region.solution))


def _text(path: str, data: bytes) -> str:
    """Return what a file says; of JSON, all its strings, as they read when they are unpacked."""
    text = data.decode("utf-8", errors="replace")
    if not path.endswith((".json", ".ipynb")):
        return text
    return "\n".join(_strings(json.loads(text)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        lines = [item for item in value if isinstance(item, str)]
        yield "".join(lines)  # nbformat keeps a source as a list of lines
        for item in value:
            if not isinstance(item, str):
                yield from _strings(item)


def _flat(text: str) -> str:
    return re.sub(r"\s+", "", text)
