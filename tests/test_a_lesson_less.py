"""Take a lesson away, and everything else still stands."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("course_lib", "notebooks", "solutions", "tests", "tools")
#: Run in the copy, in one process; two small lessons stand for all others.
WITHOUT = """
import contextlib, importlib, pkgutil, sys
from pathlib import Path
import pytest
from importlinter.cli import lint_imports

number = sys.argv[1]
generic = ["tests/lessons/test_every_exercise.py", "tests/lessons/test_rooms.py"]
assert pytest.main(["-q", "-n0", "-p", "no:cacheprovider", *generic, "-k", "00- or 01-"]) == 0
assert lint_imports(no_cache=True) == 0

import course_lib
from course_lib.authoring.build import run_build
from course_lib.checking.progress import ProgressStore
from course_lib.errors import CourseError
from course_lib.grading.release import run_release
from course_lib.workbook import registry
from course_lib.workbook.map import map_text

assert Path(course_lib.__file__).is_relative_to(Path.cwd())
children = ("check_child", "kit_child", "sandbox")
for module in pkgutil.walk_packages(course_lib.__path__, "course_lib."):
    if not any(child in module.name for child in children):
        importlib.import_module(module.name)
lessons = registry.all_lessons()
assert number not in registry.numbers() and len(lessons) > 15
with contextlib.suppress(CourseError):
    registry.find(number)
    raise AssertionError("it is still there")
shown = map_text(lessons, ProgressStore(None))
assert all(f"{spec.number} {spec.title.split()[0]}" in shown for spec in lessons)
assert [run_build(other, check=True) for other in ("00", "01")] == [0, 0]
assert run_release(Path("kit"), ["00"], []) == 0
"""


@pytest.fixture(params=["10"])
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A copy of the course without one lesson: room, source, notebooks, tests."""
    number = request.param
    if not list(ROOT.glob(f"course_lib/lessons/lesson_{number}_*")):
        pytest.skip(f"lesson {number} is not here to be taken away")
    gone = shutil.ignore_patterns("__pycache__", f"lesson_{number}_*", f"{number}_*")
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=gone)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    return number, tmp_path


def test_everything_else_stands(copy: tuple[str, Path]) -> None:
    number, place = copy
    path = [str(place), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, number],
        cwd=place,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONSAFEPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
