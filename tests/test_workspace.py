"""The work folder: what is copied, kept, refreshed and backed up."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

from course_lib import lab, workspace
from course_lib.errors import CourseError

OPEN = """
from pathlib import Path
from course_lib import lab, workspace
workspace.ROOT = Path({root!r})
lab.open_lab(work=Path({work!r}), lesson="04", port={port}, browser=False)
"""


def notebook(*sources: str, outputs: bool = False) -> str:
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
    if outputs:
        for cell in cells:
            cell.outputs = [nbformat.v4.new_output("stream", text="ran\n")]
            cell.execution_count = 1
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of two lessons; its folder."""
    root = tmp_path / "course"
    (root / "notebooks").mkdir(parents=True)
    (root / "notebooks" / "00_start.ipynb").write_text(notebook("a = 1"))
    (root / "notebooks" / "04_masks.ipynb").write_text(notebook("mask = ...", "check(mask)"))
    monkeypatch.setattr(workspace, "ROOT", root)
    return root


@pytest.fixture
def work(course, tmp_path):
    """A work folder with both lessons in it."""
    folder = tmp_path / "work"
    assert workspace.update_lessons(folder) == []
    return folder


def release(course: Path, *sources: str) -> None:
    (course / "notebooks" / "04_masks.ipynb").write_text(notebook(*sources))


def test_lessons_are_copied(course, work):
    copied = (work / "04_masks.ipynb").read_bytes()
    assert copied == (course / "notebooks" / "04_masks.ipynb").read_bytes()


def test_what_was_copied_is_recorded(work):
    record = json.loads((work / ".course" / "lessons.json").read_text())
    assert sorted(record["lessons"]) == ["00_start.ipynb", "04_masks.ipynb"]


def test_an_untouched_lesson_is_refreshed(course, work):
    release(course, "mask = None")
    notes = workspace.update_lessons(work)
    assert "mask = None" in (work / "04_masks.ipynb").read_text()
    assert notes == ["04_masks.ipynb: updated to the course's newer version."]


def test_outputs_and_a_blank_cell_are_no_edit(course, work):
    (work / "04_masks.ipynb").write_text(notebook("mask = ...", "check(mask)", "\n", outputs=True))
    release(course, "mask = None")
    workspace.update_lessons(work)
    assert "mask = None" in (work / "04_masks.ipynb").read_text()


def test_outputs_stay_while_the_course_stays(work):
    ran = notebook("mask = ...", "check(mask)", outputs=True)
    (work / "04_masks.ipynb").write_text(ran)
    assert workspace.update_lessons(work) == []
    assert (work / "04_masks.ipynb").read_text() == ran


def test_a_touched_lesson_is_kept_in_silence(work):
    mine = notebook("mask = 7", "check(mask)")
    (work / "04_masks.ipynb").write_text(mine)
    assert workspace.update_lessons(work) == []
    assert (work / "04_masks.ipynb").read_text() == mine


def test_a_touched_lesson_is_kept_over_an_update(course, work):
    mine = notebook("mask = 7", "check(mask)")
    (work / "04_masks.ipynb").write_text(mine)
    release(course, "mask = None")
    for _ in range(2):  # said until the learner decides
        (note,) = workspace.update_lessons(work)
        assert "`course reset 04`" in note
    assert (work / "04_masks.ipynb").read_text() == mine


@pytest.mark.parametrize("broken", ["{", "[]", '{"cells": 3}', '{"cells": [{}]}', "\x00"])
def test_a_broken_notebook_is_kept(course, work, broken):
    (work / "04_masks.ipynb").write_text(broken)
    release(course, "mask = None")
    (note,) = workspace.update_lessons(work)
    assert (work / "04_masks.ipynb").read_text() == broken
    assert "cannot be read as a notebook" in note


def test_bytes_that_are_no_text_are_kept(work):
    (work / "04_masks.ipynb").write_bytes(b"\xff\xfe\x00")
    assert len(workspace.update_lessons(work)) == 1
    assert (work / "04_masks.ipynb").read_bytes() == b"\xff\xfe\x00"


def test_a_file_that_the_course_did_not_write_is_kept(course, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "04_masks.ipynb").write_text(notebook("my own"))
    (note,) = workspace.update_lessons(folder)
    assert "my own" in (folder / "04_masks.ipynb").read_text()
    assert "was here before" in note


@pytest.mark.parametrize("record", ["", "{", "[]", '{"lessons": 3}', "\x00"])
def test_a_damaged_record_overwrites_nothing(course, work, record):
    (work / ".course" / "lessons.json").write_text(record)
    mine = notebook("mask = ...", "check(mask)", "mine")
    (work / "04_masks.ipynb").write_text(mine)
    release(course, "mask = None")
    workspace.update_lessons(work)
    assert (work / "04_masks.ipynb").read_text() == mine


def test_a_removed_lesson_comes_back(work):
    (work / "04_masks.ipynb").unlink()
    workspace.update_lessons(work)
    assert (work / "04_masks.ipynb").exists()


def test_the_folder_is_found_upward(course, work):
    deep = work / "notes" / "today"
    deep.mkdir(parents=True)
    assert workspace.find_work(start=deep) == work.resolve()


def test_the_default_folder_is_beside_the_lessons(course, tmp_path):
    assert workspace.find_work(start=tmp_path) == course / "work"


def test_reset_keeps_a_dated_backup(work):
    mine = notebook("mask = 7")
    (work / "04_masks.ipynb").write_text(mine)
    said = workspace.reset_lesson("4", work=work)
    (backup,) = work.glob("04_masks.20*.ipynb")
    assert backup.read_text() == mine
    assert backup.name in said
    assert "mask = ..." in (work / "04_masks.ipynb").read_text()


def test_backups_of_one_second_are_all_kept(work, monkeypatch):
    class Frozen(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2030, 1, 2, 3, 4, 5)

    monkeypatch.setattr(workspace, "datetime", Frozen)
    for number in range(3):
        (work / "04_masks.ipynb").write_text(notebook(f"try = {number}"))
        workspace.reset_lesson("04", work=work)
    backups = sorted(path.read_text() for path in work.glob("04_masks.2030*.ipynb"))
    assert [f"try = {number}" in text for number, text in enumerate(backups)] == [True] * 3


def test_a_reset_lesson_is_untouched(course, work):
    (work / "04_masks.ipynb").write_text(notebook("mask = 7"))
    workspace.reset_lesson("04", work=work)
    release(course, "mask = None")
    workspace.update_lessons(work)
    assert "mask = None" in (work / "04_masks.ipynb").read_text()


@pytest.mark.parametrize("number", ["99", "x", "", "4.2"])
def test_an_unknown_lesson_names_those_there_are(course, number):
    with pytest.raises(CourseError, match="there are 00, 04"):
        workspace.lesson_file(number)


def test_no_lessons_at_all_says_where_they_live(tmp_path, monkeypatch):
    monkeypatch.setattr(workspace, "ROOT", tmp_path)
    with pytest.raises(CourseError, match="repository"):
        workspace.course_notebooks()


@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only")]
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_loses_nothing(work, monkeypatch, code, words, call):
    mine = notebook("mask = 7")
    (work / "04_masks.ipynb").write_text(mine)
    before = sorted(path.name for path in work.glob("*.ipynb"))

    def refuse(*_):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(workspace.os, call, refuse)
        with pytest.raises(CourseError, match=words):
            workspace.reset_lesson("04", work=work)
    assert (work / "04_masks.ipynb").read_text() == mine
    assert not list(work.glob(".*.tmp"))
    kept = [path for path in work.glob("*.ipynb") if path.name not in before]
    assert all(path.read_text() == mine for path in kept)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_said(work):
    work.chmod(0o500)
    try:
        with pytest.raises(CourseError, match="read-only"):
            workspace.reset_lesson("04", work=work)
    finally:
        work.chmod(0o700)


def test_a_file_in_the_way_is_said(course, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(CourseError, match="cannot write in"):
        workspace.update_lessons(tmp_path / "taken")


def test_a_taken_port_is_said():
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(CourseError, match="leave --port out"):
            lab.free_port(taken)


def test_the_lessons_are_signed(course, monkeypatch, tmp_path):
    from nbformat.sign import NotebookNotary

    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    (course / "solutions").mkdir()
    solved = course / "solutions" / "04_masks.ipynb"
    solved.write_text(notebook("mask = 1", outputs=True))
    lab.sign_notebooks()
    assert NotebookNotary().check_signature(nbformat.read(solved, as_version=4))


@pytest.mark.skipif(os.name == "nt", reason="ends JupyterLab by a POSIX signal")
def test_lab_answers_on_loopback(course, tmp_path):
    """JupyterLab of this interpreter, opened on the lesson, with this interpreter's kernel."""
    port = lab.free_port(0)
    code = OPEN.format(root=str(course), work=str(tmp_path / "w"), port=port)
    settings = {"JUPYTER_CONFIG_DIR": str(tmp_path / "c"), "JUPYTER_DATA_DIR": str(tmp_path / "d")}
    environment = {**os.environ, **settings, "JUPYTER_TOKEN": "spoken"}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        page = answer(f"http://127.0.0.1:{port}/lab/tree/04_masks.ipynb?token=spoken")
        kernels = json.loads(answer(f"http://127.0.0.1:{port}/api/kernelspecs?token=spoken"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert '"news": {"disabled": true}' in page
    folder = kernels["kernelspecs"]["python3"]["resources"]["logo-svg"]
    assert folder.startswith("/kernelspecs/python3")
    assert (tmp_path / "w" / "04_masks.ipynb").exists()


def answer(address: str, seconds: float = 60) -> str:
    """What a server says, once it is up."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as page:
                return page.read().decode()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)
