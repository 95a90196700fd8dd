"""Learners' pages in the zips that Moodle and Canvas hand out again, person by person.

Both know a learner by the numbers in the name of the file that was downloaded, so a page can be
sent back only to who handed in a file so named:

- Moodle (mod/assign/feedback/file/importziplib.php, `is_valid_filename_for_import`) cuts a path at
  its first four underscores: name, participant's number, kind and name of a plugin, file. The name
  itself may hold no underscore. "Ann Lee_123_assignsubmission_file_feedback.html"
- Canvas (app/models/assignment.rb, `infer_comment_context_from_filename`) cuts a name at all
  underscores; the first two parts of digits alone are the user's number and that of a file handed
  in. "leeann_4711_815_feedback.html"; of a user's own parts, none may be digits alone.
"""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from course_lib.grading.identity import CANVAS, MOODLE
from course_lib.grading.reports import learner_html
from course_lib.grading.task import Task

PAGE = "feedback.html"
#: Of every member: the same pages make the same archive.
WHEN = (1980, 1, 1, 0, 0, 0)
CANVAS_FILE = re.compile(r"_(?:LATE_)?(?P<id>\d+)_(?P<file>\d+)_")


def zips(
    task: Task,
    kept: Mapping[str, Mapping[str, Any]],
    marked: Mapping[str, Sequence[Mapping[str, Any]]],
) -> dict[str, bytes]:
    """Return the archives by name; none where nobody's files came from there.

    Args:
        task: what was marked.
        kept: the marks that count, by learner.
        marked: those of all hand-ins, whose file names say who is who.
    """
    pages: dict[str, dict[str, bytes]] = {"moodle": {}, "canvas": {}}
    for who, marks in kept.items():
        files = [marks["file"], *(m["file"] for m in marked[who])]
        for system, name in (("moodle", _moodle), ("canvas", _canvas)):
            names = [found for file in files if (found := name(file))]
            if names:
                pages[system][names[0]] = learner_html(task, marks)
    return {f"feedback-{to}.zip": _zip(held) for to, held in pages.items() if held}


def _moodle(file: str) -> str | None:
    for part in PurePosixPath(file).parts:
        if found := MOODLE.match(part):
            who = re.sub(r"[_/\\]+", " ", found["who"])
            return f"{who}_{found['id']}_assignsubmission_file_{PAGE}"
    return None


def _canvas(file: str) -> str | None:
    for part in PurePosixPath(file).parts:
        held = CANVAS.match(part)
        found = CANVAS_FILE.search(part) if held else None
        if held and found:
            who = held["who"] if not held["who"].isdigit() else f"u{held['who']}"
            return f"{who}_{found['id']}_{found['file']}_{PAGE}"
    return None


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, WHEN), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
