"""Hand-ins as a class sends them: archives of its size, two of one name, odd formats, weights."""

import io
import json
import tarfile
import zipfile

import pytest
from small_lesson import FULL, mark, notebook, points
from test_grade_command import run, shared, totals  # noqa: F401  (a fixture)
from test_submissions import lay, learners, zipped

from course_lib.errors import CourseError
from course_lib.grading import archives, submissions
from course_lib.grading.identity import Person, confusable, read_roster
from course_lib.grading.submissions import find, read_tree, strangers

MOODLE = "{}_{}_assignsubmission_file_/99_small.ipynb"


# ---------------------------------------------------------------- the archive of a class


def test_the_limits_of_one_learner_are_not_those_of_a_class(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(submissions, "ARCHIVE", {"files": 2, "bytes": 1 << 20, "total": 1 << 20})
    names = [MOODLE.format(f"Ann{n}", n) for n in range(5)]
    big = bytes(700 << 10)
    (tmp_path / "all.zip").write_bytes(zipped(dict.fromkeys(names, big)))
    found = find(read_tree(tmp_path / "all.zip"), "99_small")
    assert sorted(found) == [f"Ann{n}" for n in range(5)]
    assert all(hand_in.notebook == big for (hand_in,) in found.values())


def test_one_bad_member_costs_nobody_else(tmp_path):
    files = {"ann.ipynb": b"{}", "../bob.ipynb": b"{}"}
    (tmp_path / "all.zip").write_bytes(zipped(files))
    tree = read_tree(tmp_path / "all.zip")
    assert [str(path) for path in tree.files] == ["ann.ipynb"]
    assert "leads out" in next(iter(tree.trouble.values()))


@pytest.mark.parametrize("data", [b"PK nothing", zipped({f"{n}.ipynb": b"{}" for n in range(9)})])
def test_a_refused_archive_of_a_class_writes_nothing(shared, tmp_path, monkeypatch, data):  # noqa: F811
    monkeypatch.setattr(submissions, "EVERYBODY", {**archives.EVERYBODY, "files": 8})
    (tmp_path / "all.zip").write_bytes(data)
    with pytest.raises(CourseError, match="Nothing was written"):
        run(tmp_path / "all.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_was_unpacked_goes_with_the_hand_ins(tmp_path):
    (tmp_path / "all.zip").write_bytes(zipped({"ann.ipynb": b"{}"}))
    found = find(read_tree(tmp_path / "all.zip"), "99_small")
    folder = found["ann"][0].space.folder
    assert folder.exists()
    found.clear()
    assert not folder.exists()


def test_archives_in_archives_are_opened_and_not_without_end(cage, tmp_path):
    deep = zipped({"work.zip": zipped({"99_small.ipynb": b"{}"})})
    for _ in range(4):
        deep = zipped({"more.zip": deep})
    inner = zipped({"work.zip": zipped({"99_small.ipynb": b"{}"})})
    names = ("Ann Lee_7_assignsubmission_file_work.zip", "bob_12_13_work.zip", "eve.zip")
    everybody = dict(zip(names, (inner, inner, deep), strict=True))
    (tmp_path / "all.zip").write_bytes(zipped(everybody))
    found = find(read_tree(tmp_path / "all.zip", cage), "99_small")
    assert set(found) == {"Ann Lee", "bob", "eve"}
    assert found["Ann Lee"][0].trouble is None and found["bob"][0].notebook == b"{}"
    assert "archives inside archives" in found["eve"][0].trouble


# ---------------------------------------------------------------- who is who


def test_two_of_one_name_are_two_by_their_ids(tmp_path):
    lay(tmp_path, MOODLE.format("Maria Garcia", 1), MOODLE.format("Maria Garcia", 2))
    assert set(learners(tmp_path)) == {"Maria Garcia (1)", "Maria Garcia (2)"}
    roster = tmp_path.parent / f"{tmp_path.name}.csv"
    roster.write_text("learner,ID\nMaria Garcia,1\nMaria Garcia,2\n")
    found = learners(tmp_path, read_roster(roster))
    assert {who: len(names) for who, names in found.items()} == {
        "Maria Garcia (1)": 1,
        "Maria Garcia (2)": 1,
    }


def test_a_path_that_fits_two_people_is_an_error_that_names_both(tmp_path):
    lay(tmp_path, "Maria Garcia/99_small.ipynb")
    people = [
        Person(who, {"learner": who, "Student": "Maria Garcia", "ID": number})
        for who, number in (("mg1", "1"), ("mg2", "2"))
    ]
    with pytest.raises(CourseError, match="fits mg1 and mg2"):
        learners(tmp_path, people)


def test_only_named_columns_say_who_somebody_is(tmp_path):
    lay(tmp_path, "x_4711_1_99_small.ipynb")
    people = [
        Person("eve", {"learner": "eve", "ID": "1", "group": "4711"}),
        Person("ann", {"learner": "ann", "ID": "4711", "group": "a"}),
    ]
    found = learners(tmp_path, people)
    assert found["eve"] == [] and len(found["ann"]) == 1


def test_names_that_look_alike_stay_apart_and_are_pointed_out(shared, tmp_path, capsys):  # noqa: F811
    for name in ("anna", "anna\u200b", "\u0430nna"):
        lay(tmp_path / "in", f"{name}/99_small.ipynb", data=notebook())
    assert run(tmp_path / "in", tmp_path / "out") == 1
    summary = json.loads(capsys.readouterr().out)
    assert summary["learners"] == 3
    assert summary["alike"] == [sorted(["anna", "anna[U+200B]", "\u0430nna"])]
    assert confusable(["Ann", "Ben", "Zo\u00eb"]) == []


# ---------------------------------------------------------------- what can be read is read

SCRIPT = "\n\n".join(
    f"# %%\n{''.join(cell['source'])}"
    for cell in json.loads(notebook())["cells"]
    if cell["cell_type"] == "code"
)


def packed_tar(files):
    """Return the bytes of a .tar.gz."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(data)
            archive.addfile(item, io.BytesIO(data))
    return out.getvalue()


def page(script):
    """Return cells as nbconvert's page shows them."""
    from html import escape

    cells = script.split("# %%\n")[1:]
    shown = [f'<div class="highlight hl-ipython3"><pre>{escape(c)}</pre></div>' for c in cells]
    return f"<!DOCTYPE html><html>{''.join(shown)}<pre>def causal_mask(n): 0</pre></html>"


FORMATS = {
    "99_small.IPYNB": notebook(),
    "99_small.ipynb.txt": notebook(),
    "99_small.json": notebook(),
    "99_small.py": SCRIPT.encode(),
    "99_small.html": page(SCRIPT).encode(),
    "work.tar.gz": packed_tar({"deep/99_small.ipynb": notebook()}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_other_formats_are_read(cage, tmp_path, name):
    lay(tmp_path, f"ann/{name}", data=FORMATS[name])
    (hand_in,) = find(read_tree(tmp_path, cage), "99_small")["ann"]
    assert hand_in.trouble is None
    assert points(mark(cage, hand_in.notebook)) == FULL


def test_a_list_or_a_readme_beside_the_folders_is_nobody(tmp_path):
    lay(tmp_path, "ann/99_small.ipynb", "README.md", "grades.csv", "roster.xlsx")
    assert list(learners(tmp_path)) == ["ann"]


def test_what_cannot_be_read_is_named_and_needs_a_look(shared, tmp_path, capsys):  # noqa: F811
    lay(tmp_path / "in", "ann/answers.pdf", data=b"%PDF")
    lay(tmp_path / "in", "bob/99_small.ipynb", data=notebook())
    assert run(tmp_path / "in", tmp_path / "out") == 1
    summary = json.loads(capsys.readouterr().out)
    assert summary["unread"] == ["ann"] and ".pdf" in summary["look"]["ann"][0]


def test_outputs_of_25_megabytes_are_read(cage):
    def swell(book):
        shown = {"output_type": "stream", "name": "stdout", "text": "x" * (25 << 20)}
        book["cells"][-1]["outputs"] = [shown]

    data = notebook(change=swell)
    assert len(data) > 25 << 20
    assert points(mark(cage, data)) == FULL


# ---------------------------------------------------------------- trained models

WEIGHTS = {
    "canvas": ("lee_4711_815_99_small.ipynb", "lee_4711_816_shapes.safetensors"),
    "copy": ("ann/99_small.ipynb", "ann/shapes (1).safetensors"),
    "case": ("ann/99_small.ipynb", "ann/Shapes.SafeTensors"),
    "folder": ("ann/99_small.ipynb", "ann/model/shapes.safetensors"),
    "above": ("ann/work/99_small.ipynb", "ann/shapes.safetensors"),
    "another_name": ("ann/99_small.ipynb", "ann/my_model.safetensors"),
}


@pytest.mark.parametrize("case", WEIGHTS)
def test_trained_models_are_found(tmp_path, case):
    book, weights = WEIGHTS[case]
    lay(tmp_path, book)
    lay(tmp_path, weights, data=b"mine")
    lay(tmp_path, "bob/99_small.ipynb", "zoe_1_2_shapes.safetensors", data=b"another's")
    found = find(read_tree(tmp_path), "99_small")
    (hand_in,) = found["lee" if case == "canvas" else "ann"]
    assert hand_in.weights("shapes.safetensors") == b"mine"
    assert found["bob"][0].weights("shapes.safetensors") is None


def test_a_model_belongs_to_the_notebook_of_its_number(tmp_path):
    lay(tmp_path, "ann/99_small.ipynb", "ann/99_small (1).ipynb")
    lay(tmp_path, "ann/shapes.safetensors", data=b"first")
    lay(tmp_path, "ann/shapes (1).safetensors", data=b"second")
    first, second = find(read_tree(tmp_path), "99_small")["ann"]
    assert first.weights("shapes.safetensors") == b"first"
    assert second.weights("shapes.safetensors") == b"second"


# ---------------------------------------------------------------- how often, and from where


def test_no_more_hand_ins_than_the_limit_are_marked_and_it_is_told(shared, tmp_path, capsys):  # noqa: F811
    for number in range(4):
        lay(tmp_path / "in", f"ann/99_small ({number}).ipynb", data=notebook())
    run(tmp_path / "in", tmp_path / "out", most=2)
    summary = json.loads(capsys.readouterr().out)
    assert summary["hand_ins"] == 2
    assert "4 hand-ins came; the last 2 were marked" in summary["look"]["ann"][0]


def test_an_nbgrader_exchange_is_read_as_it_is(tmp_path):
    lay(tmp_path, "submitted/ann/small/99_small.ipynb", "submitted/ann/small/timestamp.txt")
    lay(tmp_path, "submitted/bob/other/ps2.ipynb", "submitted/bob/other/timestamp.txt")
    lay(tmp_path, "source/small/99_small.ipynb", "autograded/ann/small/99_small.ipynb")
    assert learners(tmp_path) == {"ann": ["ann/small/99_small.ipynb"], "bob": []}
    lay(tmp_path / "in", "eve+small+2026-01-02 03:04:05 UTC+x1/99_small.ipynb")
    assert list(learners(tmp_path / "in")) == ["eve"]


# ---------------------------------------------------------------- one folder more


def tree_of(tmp_path, *names, people=()):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for name in names:
            archive.writestr(name, b"{}")
    return read_tree(tmp_path / "class.zip", people=people)


@pytest.mark.parametrize(
    ("names", "learners"),
    [
        (["A1 submissions/ada/A1.ipynb", "A1 submissions/ben/A1.ipynb"], {"ada", "ben"}),
        (["2026/A1/ada/x.ipynb", "2026/A1/ben/x.ipynb", "__MACOSX/2026/._A1"], {"ada", "ben"}),
        (["A1/ada_1_2_A1.ipynb", "A1/ben_2_3_A1.ipynb", "readme.txt"], {"ada", "ben"}),
        (
            [f"CS/{who}_{n}_assignsubmission_file_/A1.ipynb" for n, who in enumerate("AB", 1)],
            {"A", "B"},
        ),
        (["ada/attempt 1/A1.ipynb", "ada/attempt 2/A1.ipynb"], {"ada"}),
        (["ada/draft/A1.ipynb", "ada/final/A1.ipynb", "ada/model/x.safetensors"], {"ada"}),
        (["ada/A1.ipynb", "ben/A1.ipynb"], {"ada", "ben"}),
        (["ada/A1.ipynb", "ada/notes.txt"], {"ada"}),
    ],
)
def test_a_folder_around_the_class_is_nobody(tmp_path, names, learners):
    assert set(find(tree_of(tmp_path, *names), "99_small")) == learners


def test_a_roster_tells_a_person_from_a_folder_around_the_class(tmp_path):
    people = [Person("ada", {}), Person("A1", {})]
    found = find(tree_of(tmp_path, "class/ada/x.ipynb", people=people), "99_small", people)
    assert [len(found["ada"]), len(found["A1"])] == [1, 0]
    found = find(tree_of(tmp_path, "A1/ada/x.ipynb", people=people), "99_small", people)
    assert [len(found["ada"]), len(found["A1"])] == [0, 1]
    assert strangers(tree_of(tmp_path, "eve/x.ipynb", people=people), people) == ["eve/x.ipynb"]
