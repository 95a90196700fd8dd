"""What comes with the marks: the first page, feedback zips, changes, partial credit, forecasts."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile

from small_lesson import NAMES, notebook
from test_decisions import totals_of
from test_grade_command import handed_in as handed_in
from test_grade_command import run
from test_grade_command import shared as shared
from test_submissions import lay

from course_lib.grading.forecast import Lines


def test_a_regrade_lists_old_and_new_with_reasons(shared, handed_in, tmp_path, capsys):
    to = tmp_path / "out"
    run(handed_in, to)
    assert not (to / "changes.csv").exists()
    (to / "overrides.csv").write_text("learner,exercise,points\nann,99.1,0\n")
    shutil.rmtree(handed_in / "bob")
    lay(handed_in, "bob/99_small.ipynb", data=notebook({"causal_mask": "causal_mask = None"}))
    capsys.readouterr()
    run(handed_in, to)
    changes = json.loads(capsys.readouterr().out)["changes"]
    totals = [
        (c["learner"], c["old"], c["new"], c["reasons"]) for c in changes if not c["exercise"]
    ]
    assert totals == [
        ("ann", 3, 2, ["an override changed"]),
        ("bob", 3, 2, ["another hand-in counts"]),
    ]
    assert "causal_mask,1,0,another hand-in counts" in (to / "changes.csv").read_text("utf-8-sig")
    assert "another hand-in counts" in (to / "summary.html").read_text("utf-8")


MOODLE, CANVAS = "Ann_B Lee_123_assignsubmission_file_", "leeann_LATE_4711_815_99_small.ipynb"


def test_feedback_is_named_as_moodle_and_canvas_take_it(shared, tmp_path):
    lay(tmp_path / "in", f"{MOODLE}/99_small.ipynb", CANVAS, data=notebook())
    run(tmp_path / "in", tmp_path / "out")
    held = {}
    for system in ("moodle", "canvas"):
        data = (tmp_path / "out" / f"feedback-{system}.zip").read_bytes()
        archive = zipfile.ZipFile(io.BytesIO(data))
        held[system] = archive.namelist()
        assert b"3 of 3 points" in archive.read(held[system][0])
    (name,) = held["moodle"]
    assert name.split("_", 4)[1:] == ["123", "assignsubmission", "file", "feedback.html"]
    (name,) = held["canvas"]
    assert [part for part in name.split("_") if part.isdigit()] == ["4711", "815"]


def test_the_first_page_says_who_needs_a_look_and_why(shared, handed_in, tmp_path):
    lay(handed_in, "eve.ipynb", data=b"{")
    run(handed_in, tmp_path / "out")
    page = (tmp_path / "out" / "summary.html").read_text("utf-8")
    assert '<th scope="row">eve</th>' in page and "A hand-in could not be read." in page
    assert '<th scope="row">ann</th>' not in page and "<script" not in page
    report = json.loads((tmp_path / "out/learners/ann.json").read_text("utf-8"))
    assert "prints" not in report


def test_partial_credit_is_the_share_of_cases_and_off_by_default(shared, tmp_path):
    half = "def causal_mask(n):\n    return torch.ones(n, n).tril().bool() if n < 4 else None"
    lay(tmp_path / "in", "ann.ipynb", data=notebook({"causal_mask": half}))
    run(tmp_path / "in", tmp_path / "plain")
    run(tmp_path / "in", tmp_path / "partial", partial=True)
    assert totals_of(tmp_path / "plain") == {"ann": 2}
    assert 2 < totals_of(tmp_path / "partial")["ann"] < 3
    rows = list(csv.reader((tmp_path / "partial/marks.csv").read_text("utf-8-sig").splitlines()))
    assert [row[1] for row in rows[1:]] == list(NAMES)


def test_a_long_run_tells_how_far_it_is(capsys, monkeypatch):
    monkeypatch.setenv("COURSE_QUIET", "0")
    for as_json in (True, False):
        lines = Lines(3, 1, as_json=as_json)
        lines.update()
        lines.update()
    said = capsys.readouterr().err.splitlines()
    progress = [json.loads(line)["progress"] for line in said[:2]]
    assert [(one["done"], one["of"]) for one in progress] == [(2, 3), (3, 3)]
    assert progress[1]["seconds_left"] == 0 and said[2].startswith("marked 2 of 3; about ")


def test_a_kit_lists_only_what_it_can_run(root, tmp_path):
    kept = shutil.ignore_patterns("grading", "authoring", "lessons", "recorded", "__pycache__")
    shutil.copytree(root / "course_lib", tmp_path / "course_lib", ignore=kept)
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "100"}
    script = "from course_lib.cli import main; main()"
    made = subprocess.run(
        [sys.executable, "-c", script, "--help"],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    said = made.stdout
    assert all(f" {name} " in said for name in ("lab", "check", "progress"))
    assert not any(f" {name} " in said for name in ("grade", "release", "build", "workshop", "new"))
