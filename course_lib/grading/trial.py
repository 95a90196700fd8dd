"""`course check NOTEBOOK`: a graded notebook, run as it will be when it is marked.

The same cells, the same sandbox, the same comparison; the visible cases alone. A kit holds this
module and those that it needs (`MODULES`), so that learner and grader have one truth.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading.defences import ALL
from course_lib.grading.marks import Marker
from course_lib.grading.program import Master
from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import Task
from course_lib.workbook.pack import Pack, find_pack, read_pack
from course_lib.workbook.trained_file import read_weights

#: Of `course_lib/grading`, what a kit holds; no secret, no hidden case and no answer is in it.
MODULES = (
    *("__init__", "answers", "archives", "defences", "file_names", "hidden", "identity", "marks"),
    *("partial", "program", "remarks", "remote", "sheet", "similar", "submissions", "task", "text"),
    *("trained", "trial", "unpack_child", "wrapping", "sandbox"),
)
SIGNS = {"passed": "\N{CHECK MARK}", "not_started": "\N{WHITE CIRCLE}"}
#: What is not tried where there is no bubblewrap.
UNTRIED = (
    "bubblewrap is not here, so your cells ran unprotected: whether they need a file, the network "
    "or a library that the grader's sandbox lacks could not be tried."
)
HIDDEN = "Marks are given on other cases; what is right here can still be wrong there."


def try_out(file: Path, *, as_json: bool = False) -> int:
    """Run a notebook as the grader will, print what it finds, and return the exit code.

    Args:
        file: the notebook, as it is saved.
        as_json: print it for machines.

    Returns:
        0 when every visible case passes and no cell needs a look, else 1.

    Raises:
        CourseError: when there is no such file, or no pack of the assignment near it.
    """
    if not file.is_file():
        raise CourseError(f"there is no {file}; give the notebook that you will hand in.")
    name, pack = pack_of(file)
    master = Master.of_pack(pack.cells)
    caged = bubblewrap.available() is not None
    hand_in = HandIn("you", 1, file.name, file.read_bytes())
    with Sandbox(master.sources, unsafe=not caged, defences=ALL.without("hidden_cases")) as sandbox:
        marks = Marker(Task(name, pack.spec, master), "", sandbox).mark(hand_in)
    found = {
        "file": str(file),
        "assignment": name,
        "sandbox": caged,
        "exercises": [_told(row) for row in marks["exercises"]],
        "files": list(_files(pack, file.parent)),
        "notes": marks["notes"] + ([] if caged else [UNTRIED]),
    }
    print(json.dumps(found, indent=2) if as_json else "\n".join(in_words(found)))
    right = all(row["status"] == "passed" for row in found["exercises"])
    return int(not (right and not marks["notes"] and all(one["fine"] for one in found["files"])))


def pack_of(file: Path) -> tuple[str, Pack]:
    """Return the assignment that a notebook belongs to, by its name, and its pack.

    Raises:
        CourseError: when no pack lies near it, or none fits its name.
    """
    folders = [file.resolve().parent, *file.resolve().parents, Path.cwd()]
    names = {path.name.removesuffix(".checks.json") for folder in folders
             for path in folder.glob("*.checks.json")}  # fmt: skip
    packs = {name: read_pack(find_pack(name, file.resolve().parent)) for name in sorted(names)}
    stem = file.stem.lower()
    for name, pack in packs.items():
        if pack.spec.slug in stem or stem.split("_")[0] == pack.spec.number.lower():
            return name, pack
    if len(packs) == 1:
        return next(iter(packs.items()))
    known = ", ".join(f"{p.spec.number}_{p.spec.slug}.ipynb" for p in packs.values())
    raise CourseError(
        f"which assignment is {file.name}? Its name should be that of "
        + (f"one of {known}." if known else "a notebook of a kit, in the folder of its checks.")
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    keys = ("name", "label", "title", "status", "message", "diagnosis")
    return {key: row[key] for key in keys}


def _files(pack: Pack, folder: Path) -> Iterator[dict[str, Any]]:
    """Say of each file that is handed in beside the notebook whether it can be read."""
    for task in pack.trained:
        try:
            read_weights(folder / task.file, task.shapes)
            said = "can be handed in; its score is taken when it is marked."
        except ValueError as error:
            said = str(error)
        yield {"file": task.file, "fine": said.startswith("can be"), "says": said}


def in_words(found: dict[str, Any]) -> Sequence[str]:
    """Return lines for a terminal, or for a notebook."""
    lines = []
    for row in found["exercises"]:
        sign = SIGNS.get(row["status"], "\N{BALLOT X}")
        lines.append(f"{sign} {row['label']} {row['title']}")
        message = "" if row["status"] == "passed" else row["message"]
        lines += [f"  {line}" for line in message.splitlines()]
    for one in found["files"]:
        sign = SIGNS["passed"] if one["fine"] else "\N{BALLOT X}"
        lines.append(f"{sign} {one['file']}: {one['says']}")
    lines += [f"! {note}" for note in found["notes"]]
    passed = sum(row["status"] == "passed" for row in found["exercises"])
    return [*lines, f"{passed} of {len(found['exercises'])} pass, run as when marked. {HIDDEN}"]


if __name__ == "__main__":
    sys.exit(try_out(Path(sys.argv[1])))
