"""Who handed in what: folders, flat files, archives, rosters; nothing is taken from metadata."""

import io
import os
import zipfile
from pathlib import PurePosixPath

import pytest
from small_lesson import FULL, mark, notebook, points

from course_lib.errors import CourseError
from course_lib.grading import submissions
from course_lib.grading.sandbox import notebook_file
from course_lib.grading.submissions import Person, find, read_roster, read_tree, strangers


def lay(folder, *names, data=b"{}"):
    """Write files of these names."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def learners(folder, people=(), sandbox=None):
    """Return the names of the files by learner."""
    found = find(read_tree(folder, sandbox), "99_small", people)
    return {who: [hand_in.name for hand_in in hand_ins] for who, hand_ins in found.items()}


def zipped(files):
    """Return the bytes of an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


LAYOUTS = {
    "by_folder": (("ann/99_small.ipynb", "bob/99_small.ipynb"), {"ann", "bob"}),
    "nbgrader": (("ann/99/99_small.ipynb", "bob/99/99_small.ipynb"), {"ann", "bob"}),
    "flat": (("ann.ipynb", "bob.ipynb"), {"ann", "bob"}),
    "spaces_and_unicode": (
        ("Ünal Çelik/my work 99_small.ipynb", "李 雷.ipynb"),
        {"Ünal Çelik", "李 雷"},
    ),
    "moodle": (("Ann Lee_123_assignsubmission_file_/99_small.ipynb",), {"Ann Lee"}),
    "canvas": (("leeann_4711_815_99_small.ipynb", "bob_LATE_12_13_x-1.ipynb"), {"leeann", "bob"}),
    "aside": (
        ("ann/.ipynb_checkpoints/99_small-checkpoint.ipynb", "bob/99_small.ipynb"),
        {"ann", "bob"},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_learners_are_known_by_folder_or_file_name(tmp_path, layout):
    names, due = LAYOUTS[layout]
    assert set(learners(lay(tmp_path, *names))) == due


def test_two_spellings_of_one_name_are_one_learner(tmp_path):
    lay(tmp_path, "Zoe\u0308/99_small.ipynb", "Zo\u00eb/99_small (1).ipynb")
    assert list(learners(tmp_path)) == ["Zo\u00eb"]


def test_hand_ins_are_in_natural_order(tmp_path):
    names = [f"ann/99_small{more}.ipynb" for more in (" (10)", "", " (2)")]
    assert learners(lay(tmp_path, *names))["ann"] == [names[1], names[2], names[0]]


def test_other_notebooks_are_left_alone_where_the_right_one_lies(tmp_path):
    lay(tmp_path, "ann/99_small.ipynb", "ann/scratch.ipynb", "bob/answers.ipynb")
    assert learners(tmp_path) == {"ann": ["ann/99_small.ipynb"], "bob": ["bob/answers.ipynb"]}


def test_links_are_not_followed(tmp_path):
    lay(tmp_path, "secret/99_small.ipynb")
    there = lay(tmp_path / "in", "bob/99_small.ipynb")
    os.symlink(tmp_path / "secret", there / "ann")
    (there / "eve").mkdir()
    os.symlink(tmp_path / "secret" / "99_small.ipynb", there / "eve" / "99_small.ipynb")
    found = find(read_tree(there), "99_small")
    assert {who: len(hand_ins) for who, hand_ins in found.items()} == {"ann": 0, "bob": 1, "eve": 1}
    assert found["eve"][0].notebook == b"" and "is a link" in found["eve"][0].trouble


def test_who_has_an_empty_folder_has_handed_in_nothing(tmp_path):
    lay(tmp_path, "ann/readme.txt", "bob/99_small.ipynb")
    (tmp_path / "eve" / "99_small.ipynb").mkdir(parents=True)
    assert learners(tmp_path) == {"ann": [], "bob": ["bob/99_small.ipynb"], "eve": []}
    assert list(learners(tmp_path, [Person("bob")])) == ["bob"]


# ---------------------------------------------------------------- the roster


def test_the_roster_says_who_is_marked_and_who_is_missing(tmp_path):
    roster = tmp_path / "class.csv"
    roster.write_text("learner,ID\nann,4711\nbob,12\n", encoding="utf-8-sig")
    people = read_roster(roster)
    there = lay(tmp_path / "in", "x_4711_9_99_small.ipynb", "eve.ipynb")
    assert learners(there, people) == {"ann": ["x_4711_9_99_small.ipynb"], "bob": []}
    assert strangers(read_tree(there), people) == ["eve.ipynb"]


@pytest.mark.parametrize("text", ["name\nann\n", "learner\nann\nann\n", ""])
def test_a_roster_that_makes_no_sense_is_refused(tmp_path, text):
    path = tmp_path / "class.csv"
    path.write_text(text)
    with pytest.raises(CourseError, match="the roster"):
        read_roster(path)


def test_identity_is_never_taken_from_metadata(cage, tmp_path):
    def claim(book):
        book["metadata"]["learner"] = book["metadata"]["authors"] = "bob"

    lay(tmp_path, "ann/99_small.ipynb", data=notebook(change=claim))
    assert list(learners(tmp_path)) == ["ann"]


# ---------------------------------------------------------------- archives


def test_archives_of_one_learner_and_of_everybody_are_read(cage, tmp_path):
    lay(tmp_path / "a", "ann.zip", "bob/work.zip", data=zipped({"deep/99_small.ipynb": notebook()}))
    assert set(learners(tmp_path / "a", sandbox=cage)) == {"ann", "bob"}
    everybody = {"ann/99_small.ipynb": notebook(), "bob/99_small.ipynb": b"{"}
    (tmp_path / "all.zip").write_bytes(zipped(everybody))
    found = find(read_tree(tmp_path / "all.zip", cage), "99_small")
    assert set(found) == {"ann", "bob"}
    assert points(mark(cage, found["ann"][0].notebook)) == FULL


HOSTILE = {
    "slip": ({"../bob/99_small.ipynb": b"{}"}, "leads out"),
    "absolute": ({"/bob/99_small.ipynb": b"{}"}, "leads out"),
    "backslashes": ({"..\\bob\\99_small.ipynb": b"{}"}, "leads out"),
    "bomb": ({f"{n}.ipynb": bytes(3 << 20) for n in range(3)}, "more than"),
    "many": ({f"{n}.txt": b"" for n in range(300)}, "300 files"),
}
SMALL = {"files": 200, "bytes": 4 << 20, "total": 8 << 20}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_and_told_about(cage, tmp_path, monkeypatch, name):
    files, said = HOSTILE[name]
    monkeypatch.setattr(submissions, "ARCHIVE", SMALL)
    monkeypatch.setattr(cage, "limits", _with_replies(cage.limits))
    lay(tmp_path, "ann.zip", data=zipped(files))
    lay(tmp_path, "bob/99_small.ipynb")
    found = find(read_tree(tmp_path, cage), "99_small")
    assert set(found) == {"ann", "bob"} and said in found["ann"][0].trouble


def test_without_its_checks_an_archive_would_slip_out_and_blow_up(monkeypatch):
    monkeypatch.setattr(notebook_file, "_unsafe", lambda item: None)
    arrays = []
    reply = notebook_file.unzip(zipped(HOSTILE["absolute"][0]), SMALL, arrays)
    place = PurePosixPath("ann") / reply["files"][0][0]
    assert not place.is_relative_to("ann")
    endless = {"files": 1 << 30, "bytes": 1 << 30, "total": 1 << 30}
    notebook_file.unzip(zipped(HOSTILE["bomb"][0]), endless, arrays)
    assert sum(map(len, arrays)) > SMALL["total"]


def test_what_is_no_archive_is_told_so(cage, tmp_path):
    lay(tmp_path, "ann.zip", data=b"PK nothing")
    found = find(read_tree(tmp_path, cage), "99_small")
    assert "cannot be read as a zip" in found["ann"][0].trouble


def test_a_file_that_is_too_large_is_not_read(cage, tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_BYTES", 1 << 20)
    lay(tmp_path, "ann.ipynb", data=b" " * (1 << 20) + b"{}")
    assert "more than 1 MB" in find(read_tree(tmp_path), "99_small")["ann"][0].trouble


def _with_replies(limits):
    from dataclasses import replace

    return replace(limits, reply=16 << 20)
