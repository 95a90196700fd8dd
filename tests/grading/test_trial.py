"""One truth for learner and grader: what a kit says of a notebook is what the marks will say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.authoring.notebook import as_bytes, learners_notebook, solved_notebook
from course_lib.grading import assignments, trial
from course_lib.grading.marks import Marker
from course_lib.grading.packing import pack
from course_lib.grading.release import library
from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import load_task

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bubblewrap.available() is None, reason="bubblewrap is not here"),
]
RUN = "import sys; from course_lib.cli import main; sys.argv[0] = 'course'; main()"


@pytest.fixture(scope="module")
def desk(root, tmp_path_factory):
    """Lay out a kit's library, and a folder with the assignment's pack."""
    kit, work = tmp_path_factory.mktemp("kit"), tmp_path_factory.mktemp("work")
    for name, data in library(root, []).items():
        (kit / name).parent.mkdir(parents=True, exist_ok=True)
        (kit / name).write_bytes(data)
    for name, data in pack(assignments.find("attention")).items():
        (work / name).write_bytes(data)
    return kit, work


@pytest.fixture(scope="module")
def grader():
    """Mark as an instructor does, in one sandbox."""
    task = load_task("assignment", "attention")
    with Sandbox(task.master.sources) as sandbox:
        yield Marker(task, "a secret", sandbox)


@pytest.fixture(scope="module")
def solved():
    found = assignments.find("attention")
    return json.loads(as_bytes(solved_notebook(found.cells, found.spec)))


def in_the_kit(desk, notebook, name="A1_attention.ipynb", *more):
    kit, work = desk
    (work / name).write_bytes(notebook)
    done = subprocess.run(
        [sys.executable, "-P", "-c", RUN, "check", name, *more],
        cwd=work,
        env={**os.environ, "PYTHONPATH": str(kit), "COURSE_PROGRESS": "off"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def changed(solved, at=None, source=None, *, answer=None, code=None):
    """Return the solved notebook with one cell put in, or one answer written otherwise."""
    cells = [dict(cell) for cell in solved["cells"]]
    if answer is not None:
        place = next(i for i, c in enumerate(cells) if f"def {answer}" in "".join(c["source"]))
        cells[place]["source"] = code("".join(cells[place]["source"]))
    if source is not None:
        new = {"cell_type": "code", "id": "own", "metadata": {}, "outputs": []}
        cells.insert(at, {**new, "execution_count": None, "source": source})
    return json.dumps({**solved, "cells": cells}).encode()


#: What is put in where, or what becomes of which answer; and what must be told.
NOTEBOOKS = {
    "right": ({}, None),
    "a magic": ({"at": 3, "source": "%time x = 1\n%matplotlib inline"}, None),
    "display and await": (
        {"at": 3, "source": "import asyncio\ndisplay(1)\nawait asyncio.sleep(0)"},
        None,
    ),
    "a cell that raises": ({"at": 3, "source": "1 / 0\nHELP = 3"}, "raised ZeroDivisionError"),
    "a library that is not there": (
        {"at": 3, "source": "from course_lib.training import fit"},
        "raised ModuleNotFoundError",
    ),
    "a syntax error": ({"at": 3, "source": "def broken(:\n    pass"}, "does not parse"),
    "a file from the disk": (
        {"at": 3, "source": "TABLE = open('numbers.txt').read()"},
        "raised FileNotFoundError",
    ),
    "an answer that leans on a deleted cell": (
        {"answer": "prefix_mask", "code": lambda text: text.replace("torch.arange", "my_range")},
        "my_range",
    ),
    "an endless answer": (
        {
            "answer": "talking_heads",
            "code": lambda text: text.replace('"""', '"""\n    while True: pass\n    """', 1),
        },
        None,
    ),
    "a wrong answer": (
        {"answer": "prefix_mask", "code": lambda text: text.replace("<=", "<")},
        "A1.1",
    ),
}


@pytest.mark.parametrize("which", [name for name in NOTEBOOKS if "endless" not in name])
def test_the_kit_and_the_marks_agree(desk, grader, solved, which, capsys):
    """Two of them by the command of the kit; the others here, which saves loading torch anew."""
    change, told = NOTEBOOKS[which]
    notebook = changed(solved, **change)
    if which in ("right", "a cell that raises"):
        done = in_the_kit(desk, notebook, "A1_attention.ipynb", "--json")
        text, code = done.stdout, done.returncode
    else:
        path = desk[1] / "A1_attention.ipynb"
        path.write_bytes(notebook)
        code = trial.try_out(path, as_json=True)
        text = capsys.readouterr().out
    said = json.loads(text)
    marks = grader.mark(HandIn("ada", 1, "A1_attention.ipynb", notebook))
    here = {row["name"]: row["status"] for row in said["exercises"]}
    there = {row["name"]: row["status"] for row in marks["exercises"]}
    assert here == there
    assert said["notes"] == marks["notes"] and said["sandbox"]
    text = json.dumps(said, ensure_ascii=False)
    assert told is None or told in text, text
    fine = not said["notes"] and set(here.values()) == {"passed"}
    assert code == int(not fine)


def test_a_blank_is_told_as_not_written(desk, solved):
    found = assignments.find("attention")
    done = in_the_kit(desk, as_bytes(learners_notebook(found.cells, found.spec)))
    assert done.returncode == 1 and "0 of 5 pass" in done.stdout
    assert "Marks are given on other cases" in done.stdout


def test_where_there_is_no_bubblewrap_it_says_what_it_could_not_try(
    desk, solved, monkeypatch, capsys
):
    monkeypatch.setattr(bubblewrap, "available", lambda: None)
    path = desk[1] / "A1_attention.ipynb"
    path.write_bytes(changed(solved))
    assert trial.try_out(path) == 0
    assert "bubblewrap is not here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.ipynb"], "there is no nothing.ipynb"),
        (["04"], "what is to be checked?"),
        (["notes.txt"], "what is to be checked?"),
    ],
)
def test_what_is_no_notebook_is_one_message(desk, arguments, said):
    kit, work = desk
    done = subprocess.run(
        [sys.executable, "-P", "-c", RUN, "check", *arguments],
        cwd=work,
        env={**os.environ, "PYTHONPATH": str(kit)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_a_notebook_without_checks_near_it_says_where_it_belongs(tmp_path, solved):
    path = tmp_path / "A1_attention.ipynb"
    path.write_bytes(changed(solved))
    with pytest.raises(Exception, match=r"A1_attention\.ipynb\?.*in the folder of its checks"):
        trial.pack_of(path)


def test_what_a_kit_holds_of_grading_is_what_the_trial_needs(desk):
    kit, _ = desk
    there = {path.stem for path in Path(kit, "course_lib", "grading").glob("*.py")}
    assert there == set(trial.MODULES) - {"sandbox"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import course_lib.grading.trial, course_lib; "
         "print(course_lib.__file__)"],
        env={**os.environ, "PYTHONPATH": str(kit)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith(str(kit)), done.stderr
