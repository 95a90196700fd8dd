"""What must hold of every exercise of every assignment."""

import io
import re
from contextlib import redirect_stdout

import numpy as np
import pytest
import torch
from right_answers import RIGHT
from safetensors.torch import load_file

from course_lib.authoring.leaks import leaks
from course_lib.authoring.lint import against_spec, style
from course_lib.authoring.notebook import learners_notebook
from course_lib.authoring.problem import failing
from course_lib.authoring.rehearse import rehearse
from course_lib.checking.check import check_exercise
from course_lib.checking.noise import generator
from course_lib.checking.prepared import Prepared
from course_lib.errors import CourseError
from course_lib.grading import assignments
from course_lib.grading.assignments import find, hidden_cases
from course_lib.grading.packing import pack
from course_lib.workbook.assignment import Assignment

pytestmark = pytest.mark.slow

ALL = [find(name) for name in assignments.names()]
EXERCISES = [
    pytest.param(exercise, id=f"{one.spec.number}-{exercise.name}")
    for one in ALL
    for exercise in one.spec.exercises
]
WRONG = [
    pytest.param(exercise, wrong, id=f"{one.spec.number}-{exercise.name}-{wrong.id}")
    for one in ALL
    for exercise in one.spec.exercises
    for wrong in exercise.wrong_answers
]
every = pytest.mark.parametrize("assignment", ALL, ids=[one.name for one in ALL])
every_exercise = pytest.mark.parametrize("exercise", EXERCISES)


# ---------------------------------------------------------------- the sources


def test_there_are_three_in_order():
    assert assignments.names() == ["attention", "transformers", "vision"]
    assert [one.spec.number for one in ALL] == ["A1", "A2", "A3"]
    assert find("a2").name == "transformers"


@pytest.mark.parametrize("name", ["poetry", "", "../attention", "attention_hidden", "A9"])
def test_an_unknown_assignment_is_told_so(name):
    with pytest.raises(CourseError, match=r"attention \(A1\), transformers \(A2\), vision \(A3\)"):
        find(name)


@every
def test_solutions_pass_and_stubs_are_blank(assignment):
    assert failing(against_spec(assignment.cells, assignment.spec)) == []
    assert failing(style(assignment.cells, assignment.spec)) == []
    assert rehearse(assignment.cells, assignment.spec) == []


@every
def test_the_learners_copy_gives_nothing_away(assignment):
    notebook = learners_notebook(assignment.cells, assignment.spec)
    assert list(leaks(assignment.cells, [cell.source for cell in notebook.cells])) == []


@every
def test_an_assignment_has_five_to_seven_tasks_with_words_above_them(assignment):
    tasks = [*assignment.spec.exercises, *assignment.trained]
    assert 5 <= len(tasks) <= 7
    assert sum(task.minutes for task in tasks) == assignment.spec.minutes
    text = " ".join(
        " ".join(cell.source.split()) for cell in assignment.cells.cells if cell.kind == "markdown"
    )
    for exercise in assignment.spec.exercises:
        label = assignment.spec.label(exercise.name)
        assert f"### Exercise {label} · {exercise.title}" in text
        assert f"Difficulty {exercise.difficulty} of 3 · {exercise.minutes} minutes" in text
        assert f"the check proves that {exercise.proves}." in text


# ---------------------------------------------------------------- wrong answers


@pytest.mark.parametrize("exercise, wrong", WRONG)
def test_a_wrong_answer_is_recognised_and_gets_nothing(exercise, wrong):
    result = check_exercise(exercise, wrong.code)
    assert result.diagnosis == wrong.id, result.message
    assert wrong.says in result.message
    assert not hidden(exercise, wrong.code, "one secret")


@every_exercise
def test_hidden_cases_are_fresh_and_the_reference_is_right_on_them(exercise):
    assert hidden(exercise, exercise.reference, "another secret", count=24)
    first, again, other = (
        hidden_cases(exercise, "a secret", "attention", "ada", digest, count=3)
        for digest in ("one", "one", "two")
    )
    assert [repr(case.args) for case in first] == [repr(case.args) for case in again]
    assert [repr(case.args) for case in first] != [repr(case.args) for case in other]


@every_exercise
def test_hidden_cases_go_to_the_edges(exercise):
    """What visible cases show at the edge, such as no sinks or one token, hidden ones show too."""
    edges = exercise.edges(generator(5))
    assert len(edges) >= 3 and all(case.edge for case in edges)
    assert len({case.label for case in edges}) == len(edges)
    seen = {fact for case in exercise.cases() for fact in extremes(case)}
    met = {fact for case in hidden_cases(exercise, "s", count=8) for fact in extremes(case)}
    assert seen <= met, f"an edge for each of {sorted(seen - met)}"


def extremes(case):
    """Say where a case has an axis of size 0 or 1, a number 0 or 1, or a 0 among whole numbers."""
    for name, value in [*enumerate(case.args), *case.init.items()]:
        if isinstance(value, int):
            yield from [(str(name), value)] * (value in (0, 1))
        elif isinstance(value, list):
            yield from [(str(name), "items", 1)] * (len(value) == 1)
            yield from {(f"an item of {name}", 0, 1) for k, _ in value if len(k) == 1}
        elif isinstance(value, torch.Tensor):
            yield from ((str(name), axis, n) for axis, n in enumerate(value.shape) if n < 2)
            if not value.is_floating_point() and (value == 0).any():
                yield str(name), "has a 0"


def hidden(exercise, obj, secret, count=12):
    """Tell whether an answer passes cases grown from a secret, as it is marked."""
    prepared = Prepared(exercise, hidden_cases(exercise, secret, count=count))
    return check_exercise(exercise, obj, seconds=60.0, prepared=prepared).passed


@every_exercise
def test_an_exercise_knows_four_mistakes_and_gives_none_away(exercise):
    assert len(exercise.wrong_answers) >= 4
    words = [exercise.passed, *exercise.hints]
    words += [text for wrong in exercise.wrong_answers for text in (wrong.says, wrong.why)]
    for text in words:
        assert text.endswith((".", "?")), text
        assert not re.search(r"\b(simply|just|obviously|trivially)\b", text), text
    assert not re.search(r"\w\(|return |torch\.", exercise.hints[0])


@every_exercise
def test_a_right_answer_written_another_way_passes(exercise):
    result = check_exercise(exercise, RIGHT[exercise.name])
    assert result.passed, result.message
    assert hidden(exercise, RIGHT[exercise.name], "a third secret")


# ---------------------------------------------------------------- a model that is handed in


def vision_task():
    vision = find("vision")
    return vision.trained[0], load_file(vision.solved_weights["shapes.safetensors"])


def test_the_courses_own_model_earns_all_points_on_fresh_pictures():
    task, weights = vision_task()
    assert task.refuse(weights) is None
    assert task.points(task.evaluate(weights, generator(987))) == task.marks == 4


def test_a_model_that_has_learned_nothing_earns_none():
    task, weights = vision_task()
    blank = {name: torch.zeros_like(tensor) for name, tensor in weights.items()}
    assert task.points(task.evaluate(blank, np.random.default_rng(5))) == 0
    assert task.points(float("nan")) == 0


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda w: w.pop("head.bias"), "lacks head.bias"),
        (lambda w: w.update(more=torch.ones(1)), "has 'more' too much"),
        (lambda w: w.update({"head.bias": torch.ones(6)}), r"shape \(5,\); yours has \(6,\)"),
        (lambda w: w.update({"head.bias": torch.ones(5).double()}), "float32; yours is float64"),
        (lambda w: w.update({"head.bias": torch.full((5,), torch.inf)}), "not finite"),
    ],
)
def test_a_model_of_another_form_is_refused_in_words(change, said):
    task, weights = vision_task()
    change(weights)
    assert re.search(said, task.refuse(weights) or "")


# ---------------------------------------------------------------- the learner's side


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder as a learner has it, with every pack; progress goes nowhere."""
    for one in ALL:
        for name, data in pack(one).items():
            (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return tmp_path


def checked(assignment, obj, name):
    with redirect_stdout(io.StringIO()) as said:
        assert assignment.check(obj, name) is obj, "the learner's own object comes back, always"
    return said.getvalue()


def test_a_pack_recognises_every_mistake_without_its_code(desk):
    for one in ALL:
        mine = Assignment(one.name)
        for exercise in one.spec.exercises:
            assert "✓" in checked(mine, exercise.reference, exercise.name)
            assert mine.passed(exercise.name)
            for wrong in exercise.wrong_answers:
                said = checked(mine, wrong.code, exercise.name)
                assert wrong.says in " ".join(said.split())
            assert not mine.passed(exercise.name)


def test_blanks_cases_and_hints_work_from_a_pack(desk, capsys):
    mine = Assignment("attention")

    def prefix_mask(prefix, n):
        raise NotImplementedError

    assert "Not written yet" in checked(mine, prefix_mask, None)
    case = mine.case("prefix_mask")
    assert case.prefix.tolist() == [2] and case.n == 3
    assert case.expected.tolist() == find("attention").spec.exercises[0].oracle(*case.args).tolist()
    mine.hint("prefix_mask")
    assert "Hint 1 of 3 · Exercise A1.1 · Prefix mask" in capsys.readouterr().out
    assert "has no exercise 'other'" in checked(mine, prefix_mask, "other")


def test_nbgrader_hears_of_a_failure(desk, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(AssertionError, match="prefix_mask"):
        Assignment("attention").check(lambda prefix, n: None, "prefix_mask")


def test_a_missing_or_damaged_pack_says_what_to_do(desk):
    (desk / "attention.checks.safetensors").write_bytes(b"no arrays")
    with pytest.raises(CourseError, match="get the kit again"):
        Assignment("attention").check(len)
    (desk / "attention.checks.json").write_text('{"format": 99}')
    with pytest.raises(CourseError, match="another version of the course"):
        Assignment("attention").check(len)
    (desk / "attention.checks.json").unlink()
    with pytest.raises(CourseError, match=r"attention\.checks\.json is not here"):
        Assignment("attention").check(len)


def test_a_trained_file_is_looked_over_before_it_is_handed_in(desk, capsys):
    mine = Assignment("vision")
    assert not mine.check_file("shapes.safetensors")
    source = find("vision").solved_weights["shapes.safetensors"]
    (desk / "shapes.safetensors").write_bytes(source.read_bytes())
    assert mine.check_file("shapes.safetensors")
    (desk / "shapes.safetensors").write_bytes(b"\x80\x04 a pickle")
    assert not mine.check_file("shapes.safetensors")
    assert not mine.check_file("model.pt")
    said = capsys.readouterr().out
    assert "There is no file" in said and "no safetensors file" in said and "not asked for" in said
