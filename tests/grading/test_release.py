"""The learner's kit: what is in it, what is not, and that it works on a desk of its own."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.authoring.notebook import as_bytes, learners_notebook
from course_lib.errors import CourseError
from course_lib.grading import kit_proof, release, trial
from course_lib.grading.assignments import find
from course_lib.grading.kit_leaks import leaks
from course_lib.grading.release import MANIFEST, library, refuse_foreign, run_release

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """A kit of one assignment, released as an instructor releases it."""
    folder = tmp_path_factory.mktemp("release") / "kit"
    assert run_release(folder, [], ["attention"]) == 0
    return folder


def in_the_kit(kit, desk, code):
    """Run code as a learner's kernel does: the kit's library, a folder of one's own."""
    path = os.pathsep.join([str(kit), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=desk,
        env={**os.environ, "PYTHONPATH": path, "COURSE_PROGRESS": "off"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_manifest_knows_every_file_by_its_hash(kit):
    said = json.loads((kit / MANIFEST).read_text())
    there = {path.relative_to(kit).as_posix() for path in kit.rglob("*") if path.is_file()}
    assert there - {MANIFEST} == set(said["files"])
    for name, digest in said["files"].items():
        assert hashlib.sha256((kit / name).read_bytes()).hexdigest() == digest
    assert said["assignments"] == ["attention"] and said["lessons"] == []
    assert not [path for path in kit.parent.iterdir() if path != kit], "no draft is left behind"


def test_the_kit_holds_no_instructors_half(kit):
    said = json.loads((kit / MANIFEST).read_text())["files"]
    for part in ("solutions/", "tests/", "authoring/", "_hidden", "bench/"):
        assert not [name for name in said if part in name]
    held = {name.split("/")[2].removesuffix(".py") for name in said if "/grading/" in name}
    assert held == set(trial.MODULES), "what a learner tries out a hand-in with, nothing else"
    assert not [name for name in said if "/lesson_" in name]
    for need in ("course_lib/cli.py", "tools/install.py", "requirements.txt", "README.md"):
        assert need in said
    text = (kit / "notebooks" / "attention.checks.json").read_text()
    assert "oracle" not in text and "lambda" not in text and "def " not in text


def test_a_learner_is_taught_on_a_desk_of_their_own(kit, tmp_path):
    code = """
from course_lib import Assignment
import course_lib, torch
print(course_lib.__file__)
assignment = Assignment("attention")
def prefix_mask(prefix, n):
    return torch.ones(n, n, dtype=torch.bool).tril().expand(len(prefix), n, n)
mine = prefix_mask
assert assignment.check(prefix_mask) is mine
"""
    done = in_the_kit(kit, tmp_path, code)
    assert done.returncode == 0, done.stderr
    assert str(kit) in done.stdout
    assert "Your mask is causal everywhere: the prefix makes no difference." in done.stdout


def test_the_kits_command_line_knows_what_it_lacks(kit, tmp_path):
    code = "import sys; sys.argv = ['course', {!r}, *{!r}]; from course_lib.cli import main; main()"
    for words in (["release", "--to", "x"], ["build"], ["workshop", "--hours=1", "--lessons=04"]):
        done = in_the_kit(kit, tmp_path, code.format(words[0], words[1:]))
        assert done.returncode == 2
        assert done.stderr.strip() == (
            "course: this is a learner's kit; that command needs the course's repository."
        )
    code = "from course_lib.workspace import update_lessons; from pathlib import Path; "
    done = in_the_kit(kit, tmp_path, code + "update_lessons(Path('work'))")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work" / "A1_attention.ipynb").exists()


def test_only_an_untouched_kit_is_replaced(kit):
    refuse_foreign(kit)
    mine = kit / "notebooks" / "mine.ipynb"
    mine.write_text("{}")
    with pytest.raises(CourseError, match=r"what no release wrote, such as notebooks/mine\.ipynb"):
        run_release(kit, [], ["attention"])
    mine.unlink()


# ---------------------------------------------------------------- where a kit may go


def test_a_foreign_folder_and_a_file_are_left_alone(tmp_path):
    (tmp_path / "empty").mkdir()
    refuse_foreign(tmp_path / "empty")
    refuse_foreign(tmp_path / "missing")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("years of work")
    (tmp_path / "full" / MANIFEST).write_text('{"files": {"thesis.tex": ""}}')
    for to, said in (("full", "is no kit"), ("full/thesis.tex", "is a file")):
        with pytest.raises(CourseError, match=said):
            run_release(tmp_path / to, [], ["attention"])
    assert (tmp_path / "full" / "thesis.tex").read_text() == "years of work"


def test_nothing_is_written_when_a_proof_fails(tmp_path, monkeypatch):
    def refuse(part, kit):
        raise CourseError("the solution of prefix_mask is failed in the kit, not passed.")

    monkeypatch.setattr(release, "prove", refuse)
    with pytest.raises(CourseError, match="prefix_mask is failed"):
        run_release(tmp_path / "kit", [], ["attention"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lessons, assignments", [(["77"], []), ([], ["poetry"]), ([], [])])
def test_what_there_is_not_is_said(tmp_path, lessons, assignments):
    with pytest.raises(CourseError):
        run_release(tmp_path / "kit", lessons, assignments)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the proof can fail


def test_a_proof_fails_when_marks_are_not_what_they_should_be(monkeypatch):
    part = kit_proof.Part(*_attention())
    names = [exercise.name for exercise in part.task.spec.exercises]

    def prove(part, *statuses):
        said = iter(dict.fromkeys(names, status) for status in statuses)
        monkeypatch.setattr(kit_proof, "_in_the_kit", lambda *_: next(said))
        return kit_proof.prove(part, Path())

    monkeypatch.setattr(kit_proof.bubblewrap, "available", lambda: None)
    assert "blanks 0 of 11, solutions 11 of 11 (without" in prove(part, "not_started", "passed")
    for given, said in (
        (
            replace(part, learners=part.solved),
            "blanks get less or more than 0:\n  prefix_mask 1: right",
        ),
        (
            replace(part, solved=part.learners),
            "solutions get less or more than 11:\n  prefix_mask 0: wrong",
        ),
    ):
        with pytest.raises(CourseError, match=said):
            prove(given, "not_started", "passed")
    with pytest.raises(CourseError, match="prefix_mask is error in the kit, not not_started"):
        prove(part, "error", "passed")


def _attention():
    from course_lib.authoring.notebook import solved_notebook
    from course_lib.grading.task import Task

    one = find("attention")
    task = Task(one.name, one.spec, one.cells, one.trained)
    make = learners_notebook, solved_notebook
    return task, *(notebook(one.cells, one.spec) for notebook in make), {}


# ---------------------------------------------------------------- leaks


def clean():
    one = find("attention")
    return {"notebooks/A1.ipynb": as_bytes(learners_notebook(one.cells, one.spec))}


def test_the_librarys_own_files_leak_nothing(root):
    assert list(leaks(clean() | library(root, []), [find("attention")])) == []


@pytest.mark.parametrize(
    "path",
    [
        "solutions/assignments/attention.py",
        "course_lib/grading/grade.py",
        "course_lib/grading/assignments.py",
        "course_lib/vision_hidden.py",
        "notebooks/answers.pkl",
        "tests/grading/test_release.py",
    ],
)
def test_what_belongs_to_the_instructor_is_seen_by_its_path(path):
    assert list(leaks({path: b""}, [])) == [f"{path}: belongs to the instructor"]


def test_a_solution_is_found_in_a_notebook_however_it_is_wrapped():
    one = find("attention")
    region = one.cells.exercises["talking_heads"].regions[0]
    lines = [f"    {line}\n\n" for _, line in region.solution]
    cell = {"cell_type": "code", "source": ["# my notes\n", *lines], "outputs": []}
    files = {"notebooks/A1.ipynb": json.dumps({"cells": [cell]}).encode()}
    assert list(leaks(files, [one])) == ["notebooks/A1.ipynb: holds the solution of talking_heads"]


def test_hidden_code_is_found_in_any_file():
    one = find("attention")
    text = one.hidden.read_text()
    start = text.index("def streaming_oracle")
    piece = text[start : text.index("\n\n\n", start)]
    for path, data in (
        ("course_lib/models/extra.py", piece.encode()),
        ("notebooks/attention.checks.json", json.dumps({"why": piece}).encode()),
    ):
        assert list(leaks({path: data}, [one])) == [
            f"{path}: holds streaming_oracle of attention_hidden.py"
        ]


def test_the_courses_own_model_is_found_under_any_name():
    vision = find("vision")
    data = vision.solved_weights["shapes.safetensors"].read_bytes()
    found = list(leaks({"notebooks/start.safetensors": data}, [vision]))
    assert found == ["notebooks/start.safetensors: is the course's own shapes.safetensors"]
