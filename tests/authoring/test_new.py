"""A new lesson builds, checks and passes as it is, in a copy of the course."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.authoring.new import new
from course_lib.errors import CourseError

pytestmark = pytest.mark.slow


def test_it_overwrites_nothing_and_gives_no_number_twice(tmp_path):
    said = new("7", "second_thoughts", root=tmp_path)
    assert "solutions/07_second_thoughts.py" in said
    source = tmp_path / "solutions" / "07_second_thoughts.py"
    source.write_text("mine")
    for slug in ("second_thoughts", "other"):
        with pytest.raises(CourseError, match="lesson 07 is there already"):
            new("07", slug, root=tmp_path)
    assert source.read_text() == "mine"


@pytest.mark.parametrize("number", ["", "x", "123", "-1", "٣"])
def test_a_number_that_is_none(tmp_path, number):
    with pytest.raises(CourseError, match="one or two digits"):
        new(number, "slug", root=tmp_path)


@pytest.mark.parametrize("slug", ["", "Big", "two words", "a-b", "../up", "1st", "a__b", "x" * 41])
def test_a_slug_that_is_none(tmp_path, slug):
    with pytest.raises(CourseError, match="snake_case"):
        new("07", slug, root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_exercise_joins_a_lesson_and_overwrites_nothing(tmp_path):
    new("07", "second_thoughts", root=tmp_path)
    room = tmp_path / "course_lib" / "lessons" / "lesson_07_second_thoughts"
    said = new("07", "second_thoughts", "SecondThought", root=tmp_path)
    assert 'name="SecondThought"' in (room / "exercises" / "second_thought.py").read_text()
    assert "mistakes.second_thought import" in (room / "exercises/second_thought.py").read_text()
    assert (room / "mistakes" / "second_thought.py").exists()
    for place in (
        "lesson.py: second_thought.EXERCISE",
        "reference.py",
        "right.py",
        "spellings.py",
        "solutions/07",
    ):
        assert place in said
    with pytest.raises(CourseError, match="the exercise is there already"):
        new("07", "second_thoughts", "SecondThought", root=tmp_path)


def test_a_lesson_may_begin_with_an_exercise_of_ones_own(tmp_path):
    new("07", "second_thoughts", "ponder", root=tmp_path)
    assert "def ponder(x)" in (tmp_path / "solutions" / "07_second_thoughts.py").read_text()
    with pytest.raises(CourseError, match="Python name"):
        new("08", "other", "two words", root=tmp_path)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the course without its lessons, and a new one begun in it."""
    root = Path(__file__).resolve().parents[2]
    place = tmp_path_factory.mktemp("copy")
    skip = shutil.ignore_patterns("__pycache__", "lesson_[0-9]*")
    shutil.copytree(root / "course_lib", place / "course_lib", ignore=skip)
    shutil.copytree(root / "tools", place / "tools", ignore=skip)
    shutil.copy(root / "pyproject.toml", place)
    assert course(place, "new", "77", "a_fresh_start").returncode == 0
    built = course(place, "build")
    assert built.returncode == 0, built.stdout + built.stderr
    return place


def course(place: Path, *args: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(place), os.environ.get("PYTHONPATH", "")]))
    run = "import sys; from course_lib.cli import main; sys.argv[0] = 'course'; main()"
    return subprocess.run(
        [sys.executable, "-c", run, *args],
        cwd=place,
        env={**os.environ, "PYTHONPATH": path, "COURSE_PROGRESS": "off"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_lesson_builds_checks_and_passes(copy):
    checked = course(copy, "build", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    solved = course(copy, "check", "77", "solutions/77_a_fresh_start.py")
    assert solved.returncode == 0, solved.stdout + solved.stderr


def test_its_stub_is_not_started(copy):
    done = course(copy, "check", "77", "notebooks/77_a_fresh_start.ipynb", "--json")
    assert done.returncode == 1
    assert [one["status"] for one in json.loads(done.stdout)] == ["not_started"]


def test_it_holds_what_every_exercise_must(copy):
    """The tests of all exercises run on the new one, its right answers included."""
    folder = copy / "tests" / "lessons"
    real = Path(__file__).resolve().parents[1]
    for path in (real / "lessons").glob("*.py"):
        shutil.copy(path, folder)
    path = os.pathsep.join(filter(None, [str(copy), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n0",
            "-p",
            "no:cacheprovider",
            "test_every_exercise.py",
            "test_kinds_of_input.py",
            "test_names.py",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_lesson_that_cannot_be_loaded_is_reported_by_line(copy):
    broken = copy / "course_lib" / "lessons" / "lesson_78_broken" / "lesson.py"
    broken.parent.mkdir()
    broken.write_text('"""Broken."""\n\nLESSON = 1 / 0\n')
    try:
        done = course(copy, "build", "78")
    finally:
        shutil.rmtree(broken.parent)
    assert done.returncode == 1
    said = "course_lib/lessons/lesson_78_broken/lesson.py:3: cannot be loaded: ZeroDivisionError"
    assert said in done.stdout
