"""Results in the place of code: a kit recognises every mistake that the course does."""

import ast
from dataclasses import replace

import pytest

from course_lib.checking.exercise import WrongAnswer
from course_lib.checking.prepared import Prepared
from course_lib.checking.recognise import recognise
from course_lib.errors import CourseError
from course_lib.grading.kit_leaks import _flat, leaks
from course_lib.grading.packing import pack_mistakes
from course_lib.grading.release import library, mistakes
from course_lib.lessons.lesson_02_similarity.given import is_zero
from course_lib.workbook import registry
from course_lib.workbook.pack import _sign, recorded_mistakes

pytestmark = pytest.mark.slow

#: Shorter pieces of code may stand in the library too.
LONG = 60


def in_a_kit(spec, folder):
    """Return a lesson's exercises as a kit has them, by name."""
    for name, data in pack_mistakes(spec).items():
        (folder / name).write_bytes(data)
    tables = [recorded_mistakes(path) for path in folder.glob("*.py")]
    by_ids = {tuple(wrong.id for wrong in table): table for table in tables}
    return {
        exercise.name: replace(
            exercise, wrong_answers=by_ids[tuple(wrong.id for wrong in exercise.wrong_answers)]
        )
        for exercise in spec.exercises
        if exercise.wrong_answers
    }


@pytest.mark.parametrize("number", registry.numbers())
def test_a_kit_recognises_what_the_course_does(number, tmp_path):
    spec = registry.find(number)
    for name, exercise in in_a_kit(spec, tmp_path).items():
        here, there = Prepared.of(spec.exercise(name)), Prepared(exercise)
        for wrong, outcomes in here.mistakes:
            found = recognise(there, outcomes, 0)
            assert found is not None and found.id == recognise(here, outcomes, 0).id, wrong.id
            assert (found.says, found.why) == (said(here, found).says, said(here, found).why)
            with pytest.raises(NotImplementedError, match="not the code"):
                found.code()


def said(prepared, found):
    """Return the course's own wrong answer of the same name."""
    return next(wrong for wrong, _ in prepared.mistakes if wrong.id == found.id)


@pytest.mark.parametrize("number", ["04", "12"])
def test_a_kit_holds_no_code_of_a_wrong_answer(number, root):
    specs = [registry.find(number)]
    held = _flat(
        "\n".join(
            data.decode()
            for path, data in mistakes(specs).items()
            if path.endswith((".py", ".json"))
        )
    )
    shared = _flat(
        "\n".join(
            data.decode() for path, data in library(root, specs).items() if path.endswith(".py")
        )
    )
    modules = [path.read_text() for path in (registry.rooms()[number] / "mistakes").glob("*.py")]
    pieces = [piece for text in modules for piece in code(text)]
    assert len(pieces) > 6
    assert [piece for piece in pieces if piece in held] == []
    right = [piece for piece in pieces if piece in shared]
    assert len(right) < 4, "few pieces are the course's own, with a slip elsewhere"


def code(text):
    """Yield the flat bodies of the functions in a module."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            flat = _flat("\n".join(lines[node.body[0].lineno - 1 : node.end_lineno]))
            if len(flat) >= LONG:
                yield flat


def test_a_module_of_wrong_answers_is_a_leak():
    code = registry.rooms()["04"] / "mistakes" / "causal_mask.py"
    name = "course_lib/lessons/lesson_04_scaled_dot_product/mistakes/causal_mask.py"
    assert list(leaks({name: code.read_bytes()}, [])) == [
        f"{name}: is the code of a lesson's wrong answers"
    ]


@pytest.mark.parametrize(
    "change, said",
    [
        ({"wrong_answers": "copied"}, "no MISTAKES of a file in the room's mistakes/"),
        ({"matches": lambda case, value: True}, "`matches` is to be a function"),
    ],
)
def test_what_a_pack_cannot_hold_is_said(change, said, monkeypatch):
    spec = registry.find("02")
    exercise = spec.exercises[0]
    table = tuple(replace(wrong) for wrong in exercise.wrong_answers)
    if "matches" in change:
        table = tuple(replace(wrong, **change) for wrong in table)
        modules = {id(table): exercise.name}
        monkeypatch.setattr("course_lib.grading.packing._modules_of_mistakes", lambda _: modules)
    changed = replace(spec, exercises=(replace(exercise, wrong_answers=table),))
    with pytest.raises(CourseError, match=said):
        pack_mistakes(changed)


def test_results_that_are_damaged_or_old_are_named(tmp_path):
    for name, data in pack_mistakes(registry.find("00")).items():
        (tmp_path / name).write_bytes(data)
    code = tmp_path / "weighted_mean.py"
    assert all(isinstance(wrong, WrongAnswer) for wrong in recorded_mistakes(code))
    code.with_suffix(".safetensors").write_bytes(b"\x00" * 20)
    with pytest.raises(CourseError, match=r"mean\.json cannot be read .*get the kit again"):
        recorded_mistakes(code)
    code.with_suffix(".json").write_text('{"format": 1}')
    with pytest.raises(CourseError, match="another version of the course"):
        recorded_mistakes(code)


def test_a_sign_is_taken_from_given_alone():
    assert _sign("course_lib.lessons.lesson_02_similarity.given.is_zero") is is_zero
    with pytest.raises(ValueError, match=r"in no lesson's given\.py"):
        _sign("os.system")
