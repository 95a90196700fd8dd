"""What a run keeps with its results: the secret, and marks already given."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_lib.authoring.checkout import replace_files
from course_lib.grading import reports
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import Task

#: Where marks already given are kept, so that a run that was cut short goes on.
DONE = "done"
#: Goes into every fingerprint: raise it when marking changes.
VERSION = 2


def secret_of(results: Path, given: str | None = None) -> str:
    """Return the instructor's secret: as given, or kept with the results."""
    if given:
        return given
    path = results / "secret-seed"
    if not path.exists():
        results.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(16) + "\n")
    return path.read_text().strip()


class Kept:
    """Marks of earlier runs, by a fingerprint of everything that they depend on.

    Args:
        results: the folder of the results.
        task: what is marked.
        secret: of the instructor.
        limits: of each submission.
    """

    def __init__(self, results: Path, task: Task, secret: str, limits: Limits) -> None:
        self.folder, self.task, self.secret, self.limits = results / DONE, task, secret, limits
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, hand_in: HandIn) -> dict[str, Any] | None:
        """Return the marks of a hand-in, or None where it was not marked as it would be now."""
        try:
            found: dict[str, Any] = json.loads(self._file(hand_in).read_text())
        except (OSError, ValueError):
            return None
        return found

    def put(self, hand_in: HandIn, marks: Mapping[str, Any]) -> None:
        """Keep the marks of a hand-in."""
        replace_files({self._file(hand_in): reports.as_json(marks)})

    def _file(self, hand_in: HandIn) -> Path:
        digest = hashlib.sha256(f"{VERSION}\0{self.task.name}\0{self.secret}".encode())
        digest.update(repr((hand_in.learner, hand_in.number, hand_in.name)).encode())
        digest.update(repr((hand_in.trouble, self.limits, self.task.digest)).encode())
        for name, data in [("", hand_in.notebook), *sorted(hand_in.files.items())]:
            digest.update(f"\0{name}\0{len(data)}\0".encode() + data)
        return self.folder / f"{digest.hexdigest()[:32]}.json"
