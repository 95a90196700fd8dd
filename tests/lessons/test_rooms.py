"""Every lesson has a room of its own, in it every exercise two files: itself and its mistakes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_lib.authoring.new import module_of
from course_lib.workbook import registry

LONGEST = 300
ROOMS = registry.rooms()
every_room = pytest.mark.parametrize("number", ROOMS)


def python_files(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in folder.glob("*.py") if path.stem != "__init__"}


@every_room
def test_files_are_found_by_the_names_of_exercises(number: str) -> None:
    spec, room = registry.find(number), ROOMS[number]
    assert room.name == f"lesson_{spec.number}_{spec.slug}"
    names = {module_of(exercise.name) for exercise in spec.exercises}
    assert len(names) == len(spec.exercises)
    assert set(python_files(room / "exercises")) == names
    assert set(python_files(room / "mistakes")) - {"common"} == names


@every_room
def test_an_exercise_knows_its_own_mistakes_alone(number: str) -> None:
    room = ROOMS[number]
    for path in room.rglob("*.py"):
        taken = {name for name in imports(path) if ".mistakes" in name}
        if path.parent.name == "exercises":
            own = f"course_lib.lessons.{room.name}.mistakes.{path.stem}.MISTAKES"
            assert taken <= {own, own.removesuffix(".MISTAKES")}, path.name
        elif path.parent.name != "mistakes":
            assert not taken, f"{path.name} would not run in a kit"
    for path in (room / "mistakes").glob("*.py"):
        back = [name for name in imports(path) if ".exercises" in name or ".lesson." in name]
        assert not back, f"mistakes/{path.name} takes {back}"


@every_room
def test_files_are_short(number: str) -> None:
    paths = list(ROOMS[number].rglob("*.py"))
    long = {path.name: count for path in paths if (count := length(path)) > LONGEST}
    assert not long, "what does several things is cut by what it does"


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
