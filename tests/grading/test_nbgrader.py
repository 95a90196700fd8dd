"""nbgrader on the course's own notebooks: solutions get full marks, blanks none.

Both kinds: a lesson, whose checks come from the library, and an assignment, whose checks come from
the pack that lies beside it.
"""

import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from course_lib.authoring.notebook import as_bytes, learners_notebook, solved_notebook
from course_lib.authoring.source import read_source
from course_lib.checking.exercise import LessonSpec
from course_lib.grading.assignments import find
from course_lib.grading.packing import pack
from course_lib.workbook import registry

pytestmark = pytest.mark.slow
CONFIG = """c = get_config()
c.CourseDirectory.root = {root!r}
c.ExecutePreprocessor.timeout = 300
c.ClearSolutions.enforce_metadata = False
"""
#: Warnings of nbgrader's own libraries are not ours to mend.
TOOL = (sys.executable, "-W", "ignore", "-m", "nbgrader")


@dataclass(frozen=True)
class Material:
    """What an instructor puts into nbgrader's folders."""

    spec: LessonSpec
    name: str
    solved: bytes
    blank: bytes
    beside: dict[str, bytes]


def lesson(root: Path) -> Material:
    spec = registry.find("00")
    stem = f"{spec.number}_{spec.slug}"
    source = read_source(root / "solutions" / f"{stem}.py")
    solved = as_bytes(solved_notebook(source, spec))
    blank = (root / "notebooks" / f"{stem}.ipynb").read_bytes()
    return Material(spec, f"{stem}.ipynb", solved, blank, {})


def assignment() -> Material:
    found = find("attention")
    solved, blank = (
        as_bytes(make(found.cells, found.spec)) for make in (solved_notebook, learners_notebook)
    )
    return Material(found.spec, "A1_attention.ipynb", solved, blank, pack(found))


@pytest.fixture(scope="module", params=["lesson", "assignment"])
def material(request, root):
    return lesson(root) if request.param == "lesson" else assignment()


def nbgrader(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    bin_folder = str(Path(sys.executable).parent)
    quiet = {"COURSE_PROGRESS": "off", "COURSE_QUIET": "1", "COURSE_STATIC": "1"}
    path = os.pathsep.join([bin_folder, os.environ.get("PATH", "")])
    return subprocess.run(
        [*TOOL, *words],
        cwd=folder,
        env={**os.environ, **quiet, "COURSE_SCALE": "tiny", "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )


def write(folder: Path, *pairs: tuple[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in pairs:
        (folder / name).write_bytes(data)
    return folder


def test_validate_passes_when_solved_and_fails_when_blank(material, tmp_path):
    beside = material.beside.items()
    for folder, data, said in (
        ("solved", material.solved, "Success! Your notebook passes all the tests."),
        ("blank", material.blank, f"FAILED ON {len(material.spec.exercises)} CELL(S)!"),
    ):
        place = write(tmp_path / folder, (material.name, data), *beside)
        done = nbgrader(place, "validate", material.name)
        assert said in done.stdout + done.stderr, (done.stdout + done.stderr)[-2000:]


def test_autograde_gives_solutions_full_marks_and_blanks_none(material, tmp_path):
    name, beside = material.spec.slug, material.beside.items()
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(root=str(tmp_path)))
    write(tmp_path / "source" / name, (material.name, material.solved), *beside)
    for learner, data in (("solver", material.solved), ("starter", material.blank)):
        write(tmp_path / "submitted" / learner / name, (material.name, data), *beside)
    for words in (
        ("generate_assignment", name, "--create", "--force"),
        ("autograde", name, "--create"),
        ("export", "--to", "grades.csv"),
    ):
        done = nbgrader(tmp_path, *words)
        assert done.returncode == 0, done.stderr[-3000:]
    with open(tmp_path / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    marks = sum(exercise.marks for exercise in material.spec.exercises)
    assert float(rows["solver"]["max_score"]) == marks
    assert float(rows["solver"]["score"]) == marks
    assert float(rows["starter"]["score"]) == 0
