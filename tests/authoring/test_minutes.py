"""A lesson's minutes follow from its exercises, its words and its questions."""

from pathlib import Path

import pytest

from course_lib.authoring.minutes import BREAK, LONGEST, minutes, sittings
from course_lib.authoring.source import parse, read_source
from course_lib.checking.exercise import LessonSpec
from course_lib.workbook import registry

ROOT = Path(__file__).resolve().parents[2]
LESSONS = registry.all_lessons()


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.number for lesson in LESSONS])
def test_a_lesson_tells_the_minutes_that_its_parts_take(lesson: LessonSpec) -> None:
    source = read_source(ROOT / "solutions" / f"{lesson.number}_{lesson.slug}.py")
    assert [problem.says for problem in minutes(source, lesson)] == []
    assert all(part <= LONGEST for part in sittings(source, lesson))


def source_of(*texts: str):
    cells = "".join(f"# %% [markdown]\n# {text}\n\n" for text in texts)
    return parse(cells, Path("98_x.py"), "98", "x")


def spec(**more) -> LessonSpec:
    return LessonSpec(**{"number": "98", "slug": "x", "title": "X", "minutes": 15, **more})


def test_words_count_at_two_hundred_a_minute():
    assert sittings(source_of("# 98 · X, 15 minutes", "word " * 2000), spec()) == (15,)
    assert list(minutes(source_of("# 98 · X, 15 minutes", "word " * 2000), spec())) == []


def test_a_break_makes_two_sittings():
    text = "word " * 2400
    source = source_of("30 minutes", text, f"## 2 · Then\n#\n# *{BREAK}: 15 minutes.*", text)
    assert sittings(source, spec()) == (15, 15)
    (said,) = [p.says for p in minutes(source, spec(minutes=30))]
    assert "write minutes=30, sittings=(15, 15)" in said


def test_a_sitting_that_is_too_long_and_minutes_that_nobody_told():
    said = [p.says for p in minutes(source_of("# 98", "word " * 16000), spec(minutes=85))]
    assert len(said) == 2
    assert "75 are the most" in said[0] and "should tell the lesson's 85" in said[1]


def test_sittings_sum_to_the_lesson():
    with pytest.raises(ValueError, match="make not 90"):
        spec(minutes=90, sittings=(40, 45))
    assert spec(minutes=85, sittings=(40, 45)).time == "40 + 45"
    assert spec(way="short", side_sections="§ 5").on_the_way == "short way without § 5"
