"""Work folders and progress files that an earlier version wrote go on working.

`tests/before/VERSION/` was written by that version: an untouched lesson 04, an edited lesson 10, an
untouched lesson 14, and the progress of somebody who tried 4.5 twice.
"""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from course_lib import workspace
from course_lib.checking.progress import ProgressStore
from course_lib.moved import LOGS, MOVED, moved_imports

BEFORE = Path(__file__).parent / "before"
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(params=sorted(path.name for path in BEFORE.iterdir()))
def work(request, tmp_path, monkeypatch):
    """A work folder of that version, and a course of today that has its three lessons."""
    root, folder = tmp_path / "course", tmp_path / "work"
    shutil.copytree(BEFORE / request.param, folder)
    (root / "notebooks").mkdir(parents=True)
    for path in folder.glob("*.ipynb"):
        book = nbformat.read(path, as_version=4)
        book.cells[-1].source = "print('today')"
        nbformat.write(book, root / "notebooks" / path.name)
    monkeypatch.setattr(workspace, "ROOT", root)
    return folder


def test_untouched_lessons_follow_the_course_and_edited_ones_stay(work):
    mine = (work / "10_transformer_block.ipynb").read_bytes()
    notes = workspace.update_lessons(work)
    assert (work / "10_transformer_block.ipynb").read_bytes() == mine
    for name in ("04_scaled_dot_product.ipynb", "14_bert.ipynb"):
        assert f"{name}: updated to the course's newer version." in notes
        assert "today" in (work / name).read_text()


def test_who_has_an_edited_lesson_is_told_which_imports_moved(work):
    (told,) = (note for note in workspace.update_lessons(work) if note.startswith("10_"))
    assert "yours is kept; `course reset 10` gets the course's" in told
    room = "course_lib.lessons.lesson_10_transformer_block"
    assert f"{room}.depth  in the place of  course_lib.training.depth" in told
    assert f"{room}.depth_log  in the place of  course_lib.data.depth_log" in told


def test_progress_is_read_as_it_was_written(work):
    store = ProgressStore(work / ".course")
    assert store.passed("04") == {"causal_mask"}
    assert store.attempts("04", "causal_mask") == 2
    assert store.diagnoses("04", "causal_mask") == ["looks_ahead"]
    assert store.hints("04", "attend") == 1
    assert store.guess("04", "memory") == "about 17 MB"


def test_every_new_place_is_there():
    for place in [*MOVED.values(), *(log.rpartition(" of ")[2] for log in LOGS.values())]:
        path = ROOT / (place.replace(".", "/") + ".py")
        assert path.is_file() or not path.parent.exists(), "a room that is there holds the module"


def test_a_module_imported_by_its_package_is_found(tmp_path):
    said = {
        "from course_lib.training import sentiment as tuning": "course_lib.training.sentiment",
        "import course_lib.models.glimpse": "course_lib.models.glimpse",
        'x = recorded_log("multi30k")["runs"]': 'recorded_log("multi30k")',
        "%matplotlib inline": None,
        "from course_lib.models import gpt": None,
    }
    for source, old in said.items():
        cell = {"cell_type": "code", "source": [source]}
        path = tmp_path / "one.ipynb"
        path.write_text(json.dumps({"cells": [cell]}))
        assert list(moved_imports(path)) == ([old] if old else []), source
    path.write_text("no notebook")
    assert moved_imports(path) == {}
