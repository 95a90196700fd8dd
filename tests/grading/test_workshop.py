"""The run sheet: it fits, it says what is left out, and it is safe to print."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from course_lib.authoring.checkout import Checkout
from course_lib.authoring.source import read_source
from course_lib.errors import CourseError
from course_lib.grading.workshop import plan, run_workshop, sections, sheets
from course_lib.workbook import registry


def lessons(*numbers):
    return [registry.find(number) for number in numbers]


@pytest.mark.parametrize("hours", [1.5, 2, 3, 4.5, 6])
def test_a_plan_fills_the_hours_without_gaps_or_overlaps(hours):
    found = plan(hours, lessons("02", "04", "09"))
    now = 0
    for slot in found.slots:
        assert slot.start == now and slot.minutes > 0
        now += slot.minutes
    assert now + found.spare == hours * 60 and found.spare >= 0
    breaks = [slot.start for slot in found.slots if slot.title == "Break"]
    assert len(breaks) >= int(hours * 60 - 1) // 90


def test_every_exercise_is_solved_or_said_to_be_left_out():
    specs = lessons("02", "04", "09")
    found = plan(3, specs)
    solved = [e for slot in found.slots if slot.section for e in slot.section.exercises]
    left = [exercise for _, exercise in found.left_out]
    assert sorted(e.name for e in (*solved, *left)) == sorted(
        e.name for spec in specs for e in spec.exercises
    )
    assert left and "scaled_dot_product_attention" not in [e.name for e in left]
    assert plan(12, specs).left_out == []


def test_sections_take_the_lessons_minutes():
    spec = registry.find("04")
    found = sections(spec, read_source(Checkout.find().source(spec)))
    total = sum(section.minutes for section in found)
    assert abs(total - spec.minutes) <= 3 * len(found), "each is given some minutes to explain"
    asked = [prediction.id for section in found for prediction in section.predictions]
    assert set(asked) == {prediction.id for prediction in spec.predictions}


def test_the_sheet_names_mistakes_questions_and_what_is_skipped():
    found = plan(1.2, lessons("04"))
    assert found.left_out
    text = sheets(found)["run-sheet.md"]
    spec = found.lessons[0]
    wrong = spec.exercise("scaled_scores").wrong_answers[0]
    assert f"“{wrong.says}” {wrong.why}" in text
    assert spec.predictions[0].question in text and spec.predictions[0].because in text
    assert spec.quiz[0].text in text
    for lesson, exercise in found.left_out:
        assert f"Skip {lesson.label(exercise.name)}" in text


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)


def test_the_page_to_print_escapes_whatever_a_lesson_says():
    spec = registry.find("02")
    first = replace(spec.exercises[0], title="<script>alert(1)</script> & more")
    html = sheets(plan(2, [replace(spec, exercises=(first, *spec.exercises[1:]))]))[
        "run-sheet.html"
    ]
    reader = Tags()
    reader.feed(html)
    assert "script" not in reader.seen and "&lt;script&gt;" in html
    assert not re.search(r"(src|href)=", html), "it prints without a network"


@pytest.mark.parametrize(
    "hours, numbers, said",
    [
        (0.6, ["02", "04", "09"], "with one exercise each they take"),
        (0.1, ["04"], "0.5 to 12 hours"),
        (99, ["04"], "0.5 to 12 hours"),
        (float("nan"), ["04"], "0.5 to 12 hours"),
        (3, [], "name the lessons"),
        (3, ["77"], "there is no lesson '77'"),
    ],
)
def test_what_cannot_be_planned_is_said_and_writes_nothing(tmp_path, hours, numbers, said):
    with pytest.raises(CourseError, match=re.escape(said)):
        run_workshop(hours, numbers, tmp_path / "room")
    assert not (tmp_path / "room").exists()


def test_both_sheets_are_written(tmp_path, capsys):
    assert run_workshop(2, ["04", "04"], tmp_path / "room") == 0
    assert {p.name for p in (tmp_path / "room").iterdir()} == {"run-sheet.md", "run-sheet.html"}
    assert "left out" in capsys.readouterr().out
