"""What must hold of every exercise of every lesson, whoever wrote it.

The course's own version passes, a blank is not started, each wrong answer is refused with its own
explanation, right answers written another way pass, and the cases can tell one size from another.
"""

import inspect
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from course_lib.checking.axes import sizes
from course_lib.checking.case import Case
from course_lib.checking.check import check_exercise
from course_lib.checking.compare import compare
from course_lib.checking.exercise import Exercise, LessonSpec, WrongAnswer
from course_lib.checking.noise import generator
from course_lib.checking.prepared import Prepared
from course_lib.checking.reference import load_reference
from course_lib.checking.result import Status
from course_lib.checking.run import Runner
from course_lib.workbook import registry
from tools.beside import load as load_beside

Record = Callable[[str, object], None]
FOLDER = Path(__file__).parent
EXACT = 1e-10
DRAWS = 200
#: Ends of sentences; a hint may end with a line of code.
ENDS = (".", "!", "?", "…", ":", ")", "”")
FILLER = re.compile(r"\b(simply|just|obviously|of course|trivially)\b", re.IGNORECASE)
CODE = re.compile(r"\b(torch|np|F|math|nn)\.\w|\w\.\w+\(|^\s*(return|def|for)\b.*[=(:]", re.M)


# ---------------------------------------------------------------- every lesson, every exercise


@cache
def load(number: str) -> LessonSpec | None:
    """Return a lesson, or None when its file cannot be loaded (`test_a_lesson_loads` says why)."""
    try:
        return registry.find(number)
    except Exception:
        return None


LESSONS = [lesson for number in registry.numbers() if (lesson := load(number)) is not None]
EXERCISES = [
    pytest.param(lesson, exercise, id=f"{lesson.number}-{exercise.name}")
    for lesson in LESSONS
    for exercise in lesson.exercises
]
every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.number for lesson in LESSONS])
every_exercise = pytest.mark.parametrize("lesson, exercise", EXERCISES)


@pytest.mark.parametrize("number", registry.numbers())
def test_a_lesson_loads(number: str) -> None:
    assert registry.find(number).number == number


# ---------------------------------------------------------------- answers


@every_exercise
def test_the_reference_passes(lesson: LessonSpec, exercise: Exercise) -> None:
    result = check_exercise(exercise, inspect.unwrap(load_reference(exercise)))
    assert result.passed, result.message
    assert result.cases_passed == result.cases_total > 0


@every_exercise
def test_a_blank_is_not_started(lesson: LessonSpec, exercise: Exercise) -> None:
    result = check_exercise(exercise, blank(exercise))
    assert result.status is Status.NOT_STARTED, result.message
    assert result.diagnosis is None


def blank(exercise: Exercise) -> Any:
    """Return an unsolved stub with the signature of the reference."""
    reference = load_reference(exercise)

    def stub(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    if inspect.isclass(reference):
        body = {"__init__": stub, "forward": stub}
        return type(exercise.name, (nn.Module,), body)
    stub.__name__ = exercise.name
    stub.__signature__ = inspect.signature(reference)  # type: ignore[attr-defined]
    return stub


@pytest.mark.slow
@every_exercise
def test_wrong_answers_are_refused_as_themselves(
    lesson: LessonSpec, exercise: Exercise, record_property: Record
) -> None:
    """Every one of them, in one process: what recognises them is computed once an exercise."""
    record_property("facts", len(exercise.wrong_answers))
    faults = [said for wrong in exercise.wrong_answers if (said := misread(exercise, wrong))]
    assert not faults, f"{len(faults)} of {len(exercise.wrong_answers)}:\n" + "\n".join(faults)


def misread(exercise: Exercise, wrong: WrongAnswer) -> str | None:
    """Return in what a wrong answer is not refused as itself, or None."""
    result = check_exercise(exercise, wrong.code)
    if result.passed:
        return f"{wrong.id} passes: add a case that tells it from the truth"
    if result.diagnosis != wrong.id:
        return f"{wrong.id} reads as {result.diagnosis}:\n{result.message}"
    if wrong.says not in result.message or wrong.why not in result.message:
        return f"{wrong.id} is refused without its own words:\n{result.message}"
    return None


@every_exercise
def test_wrong_answers_are_several_and_differ(lesson: LessonSpec, exercise: Exercise) -> None:
    ids = [wrong.id for wrong in exercise.wrong_answers]
    assert len(ids) >= 3, "at least six, where the exercise allows them"
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", id) for id in ids), ids


@every_exercise
def test_right_answers_written_another_way_pass(
    lesson: LessonSpec, exercise: Exercise, record_property: Record
) -> None:
    room, others = room_of(lesson), right_answers(lesson).get(exercise.name, [])
    assert len(others) >= 2, (
        f"tests/lessons/{room}/right.py: RIGHT[{exercise.name!r}] has fewer than 2"
    )
    record_property("facts", len(others))
    for place, other in enumerate(others):
        result = check_exercise(exercise, other)
        assert result.passed, (
            f"right answer {place} of {exercise.name} is refused:\n{result.message}"
        )


@every_lesson
def test_right_answers_belong_to_exercises(lesson: LessonSpec) -> None:
    names = {exercise.name for exercise in lesson.exercises}
    assert set(right_answers(lesson)) <= names


def room_of(lesson: LessonSpec) -> str:
    return f"lesson_{lesson.number}_{lesson.slug}"


def right_answers(lesson: LessonSpec) -> dict[str, list[Any]]:
    """Return RIGHT of a room's right.py; empty when there is no such file."""
    try:
        found: dict[str, list[Any]] = load_beside(lesson.number, "right").RIGHT
    except FileNotFoundError:
        return {}
    return found


# ---------------------------------------------------------------- cases


@every_exercise
def test_cases_are_labelled_and_deterministic(lesson: LessonSpec, exercise: Exercise) -> None:
    first, second = exercise.cases(), exercise.cases()
    labels = [case.label for case in first]
    assert len(labels) == len(set(labels)), labels
    assert not first[0].edge, "the first case is an ordinary one, small enough to follow by hand"
    for one, other in zip(first, second, strict=True):
        same = compare(tensors(one), tensors(other), tolerance=0.0)
        assert same is None, f"{one.label}: {same}"


@every_exercise
def test_a_case_has_all_sizes_distinct(lesson: LessonSpec, exercise: Exercise) -> None:
    """Equal sizes hide swapped axes, so one case at least has none that are."""
    named = [sizes(exercise, case) for case in exercise.cases()]
    if not any(named):
        pytest.skip("no input has a shape with names")
    # A size that is 1 in every case belongs to the exercise; leading ones (*B) need not be there.
    names = {name for found in named for name, n in found.items() if n > 1 and name[0] != "*"}
    good = [found for found in named if names <= set(found) and all_distinct(found, names)]
    assert good, f"no case has sizes that all differ from each other and from 1: {named}"


def all_distinct(found: dict[str, int], names: set[str]) -> bool:
    told = [n for name, n in found.items() if name in names or name[0] == "*"]
    return len(set(told)) == len(told) and min(told, default=2) > 1


@pytest.mark.slow
@every_exercise
def test_inputs_that_are_drawn_are_answered_alike(lesson: LessonSpec, exercise: Exercise) -> None:
    """The oracle accepts every draw, the reference agrees closely, and the properties hold."""
    prepared, reference = Prepared.of(exercise), load_reference(exercise)
    runner = Runner(prepared.protocol, seconds=60.0)
    for seed in range(DRAWS):
        agree(exercise, exercise.sample(generator(seed)), runner, reference, f"draw {seed}")


@every_exercise
def test_the_reference_is_exact(lesson: LessonSpec, exercise: Exercise) -> None:
    """A check is lenient with float32 constants; the course's own version is not."""
    runner = Runner(Prepared.of(exercise).protocol, seconds=60.0)
    for case in exercise.cases():
        agree(exercise, case, runner, load_reference(exercise), case.label)


def agree(exercise: Exercise, case: Case, runner: Runner, obj: Any, label: str) -> None:
    outcome, due = runner.run(obj, case), Prepared.of(exercise).ask(case)
    assert outcome.error is None, f"{label}: {outcome.error!r}"
    assert not outcome.changed_inputs, label
    if due is not None:
        found = compare(outcome.value, due.value, tolerance=EXACT, parts=exercise.parts)
        assert found is None, f"{label}: {found}"
    for prop in exercise.properties:
        said = prop.holds(runner.caller(obj, case), case, outcome.value)
        assert said is None, f"{label}: {prop.id}: {said}"


def tensors(case: Case) -> list[Any]:
    """Return what a case holds that can be compared."""
    return [
        v
        for v in [*case.args, *case.kwargs.values(), *case.state.values()]
        if not callable(v) and v is not None
    ]


# ---------------------------------------------------------------- words


@every_exercise
def test_the_words_of_an_exercise(lesson: LessonSpec, exercise: Exercise) -> None:
    sentence(exercise.passed)
    for wrong in exercise.wrong_answers:
        sentence(wrong.says)
        sentence(wrong.why)
    for hint in exercise.hints:
        no_filler(hint)
    no_filler(exercise.proves)
    assert not exercise.proves.endswith("."), "it ends the line “the check proves that …”"
    assert exercise.title[0].isupper() or not exercise.title[0].isalpha()


@every_exercise
def test_the_first_hint_is_a_nudge(lesson: LessonSpec, exercise: Exercise) -> None:
    nudge = exercise.hints[0]
    sentence(nudge)
    assert not CODE.search(nudge), f"the first hint holds code: {CODE.search(nudge)}"
    for line in body(load_reference(exercise)):
        assert line not in nudge, f"the first hint gives away {line!r}"
    assert len(set(exercise.hints)) == 3


def body(reference: Callable[..., Any]) -> list[str]:
    """Return the statements of a reference that are long enough to give something away."""
    lines = [
        line.strip().removeprefix("return ")
        for line in inspect.getsource(reference).splitlines()[1:]
    ]
    return [line for line in lines if len(line) > 8 and re.search(r"[=(@*]", line)]


@every_lesson
def test_the_words_of_a_lesson(lesson: LessonSpec) -> None:
    for prediction in lesson.predictions:
        sentence(prediction.question)
        sentence(prediction.because)
        assert 2 <= len(prediction.options) <= 5
    for question in lesson.quiz:
        sentence(question.text)
        for option in question.options:
            sentence(option.why)


def sentence(text: str) -> None:
    assert text == text.strip() and text.endswith(ENDS), f"no full stop: {text!r}"
    no_filler(text)


def no_filler(text: str) -> None:
    found = FILLER.search(text)
    assert found is None, f"{found.group()!r} says nothing: {text!r}" if found else ""
