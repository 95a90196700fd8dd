"""Overrides and late work: what a person decides stands in every result, and survives."""

import csv
import json

import pytest
from small_lesson import TASK
from test_grade_command import handed_in as handed_in
from test_grade_command import run, totals
from test_grade_command import shared as shared

from course_lib.errors import CourseError
from course_lib.grading import late, overrides

LINES = """learner,exercise,points,comment
bob,scaled_scores,0,Copied from the board.
ann,99.2,0.5,
çem,,,See me on Monday.
"""


def test_overrides_survive_regrading_and_show_everywhere(shared, handed_in, tmp_path):
    to = tmp_path / "out"
    to.mkdir()
    (to / "overrides.csv").write_text(LINES, encoding="utf-8")
    for seed in ("s", "another"):
        assert run(handed_in, to, seed=seed) == 0
        rows = list(csv.reader((to / "gradebook.csv").read_text("utf-8-sig").splitlines()))
        assert {row[0]: row[-1] for row in rows[2:]} == {"ann": "2.5", "bob": "2", "çem": "0"}
        assert "Copied from the board." in (to / "learners/bob.html").read_text("utf-8")
        look = json.loads((to / "summary.json").read_text("utf-8"))["look"]
        assert "See me on Monday." in look["çem"][-1]


def test_toml_says_the_same(tmp_path):
    (tmp_path / "o.csv").write_text(LINES, encoding="utf-8")
    tables = [
        '[[override]]\nlearner = "bob"\nexercise = "scaled_scores"\npoints = 0\n'
        'comment = "Copied from the board."',
        '[[override]]\nlearner = "ann"\nexercise = "99.2"\npoints = 0.5',
        '[[override]]\nlearner = "çem"\ncomment = "See me on Monday."',
    ]
    (tmp_path / "o.toml").write_text("\n".join(tables), encoding="utf-8")
    said = [
        [(o.learner, o.exercise, o.points, o.comment) for o in overrides.read(path, TASK)]
        for path in (tmp_path / "o.csv", tmp_path / "o.toml")
    ]
    assert said[0] == said[1] and said[0][1] == ("ann", "padding_mask", 0.5, "")


BAD = {
    "learner,points\n,1\n": "no learner",
    "learner,exercise,points\nann,scaled,1\n": "there is no exercise 'scaled'; there are scaled_sc",
    "learner,exercise,points\nann,99.1,2\n": "from 0 to 1; here is '2'",
    "learner,exercise,points\nann,99.1,nan\n": "from 0 to 1; here is 'nan'",
    "learner,exercise,points\nann,99.1,\n": "neither points nor a comment",
    "name,points\nann,1\n": "the first line is learner,exercise,points,comment",
    "learner,points\nann,1\nann,2\n": "two lines for the whole",
}


@pytest.mark.parametrize("text", BAD)
def test_bad_overrides_name_the_line_and_what_is_due(tmp_path, text):
    (tmp_path / "o.csv").write_text(text)
    with pytest.raises(CourseError, match=BAD[text]):
        overrides.read(tmp_path / "o.csv", TASK)


def test_a_decision_about_nobody_is_refused(shared, handed_in, tmp_path):
    (tmp_path / "o.csv").write_text("learner,points\nana,1\n")
    with pytest.raises(CourseError, match="'ana' is nobody who is marked"):
        run(handed_in, tmp_path / "out", overrides=tmp_path / "o.csv")


DEADLINE = """
due = 2026-12-01T18:00:00+01:00
percent_a_day = 10
late_days = 1
times = "times.csv"
[extensions]
"çem" = 2026-12-09T18:00:00+01:00
[late_days_of]
bob = 0
"""
TIMES = """learner,submitted,file
ann,2026-12-04T18:00:00,
bob,2026-12-01T18:00:00+01:00,99_small.ipynb
bob,2026-12-01T18:00:01+01:00,99_small (1).ipynb
çem,2026-12-05T00:00:00+01:00,
"""


def test_late_days_and_extensions_go_by_person(shared, handed_in, tmp_path, capsys):
    (tmp_path / "deadline.toml").write_text(DEADLINE, encoding="utf-8")
    (tmp_path / "times.csv").write_text(TIMES, encoding="utf-8")
    run(handed_in, tmp_path / "out", deadline=tmp_path / "deadline.toml")
    look = json.loads(capsys.readouterr().out)["look"]
    assert totals_of(tmp_path / "out") == {"ann": 2.4, "bob": 3, "çem": 0}
    assert look == {"ann": ["Late by 3 days, 1 of them free: −0.6 points."]}
    run(handed_in, tmp_path / "out", deadline=tmp_path / "deadline.toml", keep="last")
    assert totals_of(tmp_path / "out")["bob"] == 1.8


def totals_of(to):
    """Return the totals of a gradebook, as numbers."""
    rows = list(csv.reader((to / "gradebook.csv").read_text("utf-8-sig").splitlines()))
    return {row[0]: float(row[-1]) for row in rows[2:]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("due = 5", "due is a date and a time"),
        ("late_days = 1", "due is a date and a time"),
        ("due = 2026-12-01T18:00:00\nextension = 1", "'extension' is no key"),
        ("due = 2026-12-01T18:00:00\npercent_a_day = 200", "from 0 to 100; here is 200"),
        ("due = 2026-12-01T18:00:00\ntimes = 'no.csv'", "cannot be read"),
    ],
)
def test_a_bad_deadline_says_what_is_due(tmp_path, text, said):
    (tmp_path / "deadline.toml").write_text(text)
    with pytest.raises(CourseError, match=said):
        late.read(tmp_path / "deadline.toml")


def test_who_has_no_time_is_in_time_and_named(shared, handed_in, tmp_path, capsys):
    (tmp_path / "deadline.toml").write_text("due = 2026-12-01T18:00:00+01:00\n")
    run(handed_in, tmp_path / "out", deadline=tmp_path / "deadline.toml")
    assert "No time is known" in json.loads(capsys.readouterr().out)["look"]["ann"][0]
    assert totals(tmp_path / "out")["ann"] == 3
