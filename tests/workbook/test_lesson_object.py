"""`Lesson`, as a notebook uses it: check, hint, case, predict, reveal, quiz, pair."""

import functools
from typing import Any

import pytest
import torch

from course_lib.attention import masks
from course_lib.checking.progress import Event
from course_lib.errors import CourseError
from course_lib.workbook.lesson import Lesson


@pytest.fixture
def lesson() -> Lesson:
    return Lesson("04")


def causal_mask(n: int) -> torch.Tensor:
    return torch.ones(n, n, dtype=torch.bool).tril()


def wrong_mask(n: int) -> torch.Tensor:
    return torch.ones(n, n, dtype=torch.bool).triu()


wrong_mask.__name__ = "causal_mask"


def events(lesson: Lesson, kind: str = "check") -> list[Event]:
    return [event for event in lesson.store.events() if event.kind == kind]


# ---------------------------------------------------------------- which version later cells use


def test_an_answer_that_passes_comes_back(lesson: Lesson, capsys: Any) -> None:
    assert lesson.check(causal_mask) is causal_mask
    assert capsys.readouterr().out.startswith("✓ Exercise 4.5")
    assert [event.status for event in events(lesson)] == ["passed"]


def test_the_courses_version_stands_in_for_one_that_fails(lesson: Lesson, capsys: Any) -> None:
    assert lesson.check(wrong_mask) is masks.causal_mask
    out = capsys.readouterr().out
    assert out.startswith("✗ Exercise 4.5")
    assert "Later cells use the course's version until yours passes." in out
    assert events(lesson)[0].diagnosis is not None


@pytest.mark.parametrize("again", [False, True])
def test_the_courses_version_earns_nothing(again: bool, capsys: Any) -> None:
    lesson = Lesson("04")
    handed_out = lesson.check(wrong_mask)
    before = len(events(lesson))
    other = Lesson("04") if again else lesson  # the set-up cell run again, too
    capsys.readouterr()
    assert other.check(handed_out) is handed_out
    assert "Run your own cell again" in capsys.readouterr().out
    assert len(events(lesson)) == before
    assert not other.pair("causal_mask").passed


def test_an_answer_mended_after_a_failure_passes(lesson: Lesson) -> None:
    lesson.check(wrong_mask)
    assert lesson.check(causal_mask) is causal_mask
    assert [event.status for event in events(lesson)] == ["failed", "passed"]


def test_a_pair_keeps_the_latest_attempt(lesson: Lesson) -> None:
    assert lesson.pair("causal_mask").yours is None
    lesson.check(wrong_mask)
    pair = lesson.pair("causal_mask")
    assert (pair.yours, pair.course, pair.passed) == (wrong_mask, masks.causal_mask, False)
    assert pair.use is masks.causal_mask
    lesson.check(causal_mask)
    assert lesson.pair("causal_mask").use is causal_mask


# ---------------------------------------------------------------- what is given to check


@pytest.mark.parametrize(
    "obj, says",
    [
        ("causal_mask", "without quotes: lesson.check(causal_mask)"),
        ("nonsense", "takes the function itself, without quotes"),
        (None, "lesson.check takes your function or class; this is None (NoneType)"),
        (
            torch.ones(2, 2),
            "this is (2, 2) float32 (Tensor). Pass the name alone, without brackets",
        ),
        (lambda n: n, "This lambda carries no name"),
        (functools.partial(max, 1), "This partial object carries no name"),
        (len, "has no exercise 'len'"),
    ],
)
def test_what_answers_no_exercise_is_told_so(
    lesson: Lesson, obj: Any, says: str, capsys: Any
) -> None:
    lesson.check(obj)
    out = capsys.readouterr().out
    assert out.startswith("✗ ") and says in out and len(out.splitlines()) == 1
    assert not events(lesson)


def test_a_name_in_quotes_gets_the_courses_version(lesson: Lesson) -> None:
    assert lesson.check("causal_mask") is masks.causal_mask


def test_an_object_without_a_name_is_checked_when_told_which(lesson: Lesson, capsys: Any) -> None:
    for obj in (functools.partial(causal_mask), lambda n: causal_mask(n)):
        assert lesson.check(obj, name="causal_mask") is obj
        assert capsys.readouterr().out.startswith("✓")


def test_an_unknown_name_lists_those_there_are(lesson: Lesson, capsys: Any) -> None:
    lesson.check(causal_mask, name="casual_mask")
    assert "has no exercise 'casual_mask'. It has scaled_scores, " in capsys.readouterr().out


def test_an_unknown_lesson_lists_those_there_are() -> None:
    with pytest.raises(CourseError, match="there is no lesson '77'; the lessons are 00, "):
        Lesson("77")


# ---------------------------------------------------------------- under nbgrader


@pytest.mark.parametrize("obj", [wrong_mask, masks.causal_mask, len, "causal_mask", lambda n: n])
def test_whatever_does_not_pass_raises_under_nbgrader(
    lesson: Lesson, obj: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(AssertionError):
        lesson.check(obj)
    assert capsys.readouterr().err == ""


def test_what_passes_is_silent_on_stderr_under_nbgrader(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert lesson.check(causal_mask) is causal_mask
    assert capsys.readouterr().err == ""


# ---------------------------------------------------------------- hints and cases


def test_hints_come_one_by_one_and_are_counted(lesson: Lesson, capsys: Any) -> None:
    exercise = lesson.spec.exercise("causal_mask")
    for place in (0, 1, 2, 2):
        lesson.hint("causal_mask")
        out = capsys.readouterr().out
        assert out.startswith(f"Hint {place + 1} of 3 · Exercise 4.5")
        assert exercise.hints[place].splitlines()[0] in out
    assert lesson.store.hints("04", "causal_mask") >= 3


def test_a_hint_takes_the_function_as_well(lesson: Lesson, capsys: Any) -> None:
    lesson.hint(causal_mask)  # type: ignore[arg-type]
    assert "Hint 1 of 3" in capsys.readouterr().out


def test_the_case_that_failed_is_handed_over(lesson: Lesson) -> None:
    lesson.check(wrong_mask)
    case = lesson.case("causal_mask")
    assert case is not None
    assert not torch.equal(wrong_mask(*case.args, **case.kwargs), case.expected)
    assert case.n == case.args[0]  # type: ignore[attr-defined]
    assert repr(case).startswith("case: ")


def test_changing_a_case_spoils_nothing(lesson: Lesson) -> None:
    first = lesson.case("scaled_scores")
    assert first is not None
    first.args[0].zero_()
    first.q.zero_()  # type: ignore[attr-defined]
    second = lesson.case("scaled_scores")
    assert second is not None and second.args[0].any()


@pytest.mark.parametrize("method", ["hint", "case", "predict", "reveal"])
def test_an_unknown_name_is_told_with_the_known_ones(
    lesson: Lesson, method: str, capsys: Any
) -> None:
    assert getattr(lesson, method)("nonsense") is None
    out = capsys.readouterr().out
    assert "has no" in out and "'nonsense'. It has " in out


# ---------------------------------------------------------------- predictions and the quiz


def test_a_guess_is_asked_kept_and_revealed_in_text(lesson: Lesson, capsys: Any) -> None:
    prediction = lesson.spec.predictions[0]
    lesson.predict(prediction.id)
    asked = capsys.readouterr().out
    assert prediction.question in asked and all(f") {o}" in asked for o in prediction.options)
    lesson.reveal(prediction.id)
    assert f"The answer: {prediction.answer}" in capsys.readouterr().out
    wrong = next(o for o in prediction.options if o != prediction.answer)
    lesson.predict(prediction.id, wrong.upper())
    assert f"Kept: {wrong}" in capsys.readouterr().out
    lesson.reveal(prediction.id)
    said = " ".join(capsys.readouterr().out.split())
    assert f"You said: {wrong}" in said and prediction.answer in said and prediction.because in said


def test_a_letter_will_do_and_nonsense_will_not(lesson: Lesson, capsys: Any) -> None:
    prediction = lesson.spec.predictions[0]
    lesson.predict(prediction.id, "B")
    assert f"Kept: {prediction.options[1]}" in capsys.readouterr().out
    lesson.predict(prediction.id, "z")
    assert "'z' is not an option; they are: " in capsys.readouterr().out
    assert lesson.store.guess("04", prediction.id) == prediction.options[1]


def test_the_quiz_explains_every_option_in_text(lesson: Lesson, capsys: Any) -> None:
    lesson.quiz()
    out = capsys.readouterr().out
    for question in lesson.spec.quiz:
        assert question.text in out
        assert all(option.why in out for option in question.options)


def test_a_lesson_prints_nothing_until_asked(capsys: Any) -> None:
    assert repr(Lesson("4")).startswith("Lesson 04 · Scaled dot-product attention")
    assert capsys.readouterr().out == ""
