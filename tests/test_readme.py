"""The README says what is true: its lessons are the course's, its check is what a check prints."""

import re
from pathlib import Path

from course_lib.checking.check import check_exercise
from course_lib.checking.report import as_text
from course_lib.workbook.registry import all_lessons, find

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_it_is_short():
    assert len(README.split()) <= 500


def test_its_table_lists_every_lesson():
    rows = re.findall(r"^\|(\d\d)\|\[(.+?)\]\((.+?)\)\|([\d+ ]+)\|(.*?)\|(.+?)\|$", README, re.M)
    due = [
        (
            lesson.number,
            lesson.title,
            f"notebooks/{lesson.number}_{lesson.slug}.ipynb",
            lesson.time,
            lesson.on_the_way,
            ", ".join(lesson.needs) or "nothing",
        )
        for lesson in all_lessons()
    ]
    assert rows == due


def test_its_first_check_is_what_the_check_prints():
    lesson = find("04")
    exercise = lesson.exercise("scaled_scores")
    result = check_exercise(exercise, lambda q, k: q @ k.mT / q.shape[-1])
    assert as_text(exercise, result, lesson.label("scaled_scores"), ending="") in README


def test_its_links_and_pictures_are_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target
    assert all(len(alt) > 20 for alt in re.findall(r"!\[(.*?)\]", README))
