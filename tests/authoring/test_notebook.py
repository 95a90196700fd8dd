"""Both notebooks: roles, nbgrader's dictionary, ids, bytes."""

import json
import re
from pathlib import Path

import nbformat
import pytest
import tiny

from course_lib.authoring.notebook import (
    as_bytes,
    cell_ids,
    learners_notebook,
    safe_id,
    solved_notebook,
)
from course_lib.authoring.source import parse


@pytest.fixture
def source():
    return parse(tiny.SOURCE, Path("solutions/90_tiny.py"), "90", "tiny")


def test_both_are_valid_notebooks(source):
    for make in (solved_notebook, learners_notebook):
        notebook = make(source, tiny.SPEC)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert notebook.metadata.course == {"lesson": "90"}


def test_every_code_cell_says_its_role(source):
    notebook = learners_notebook(source, tiny.SPEC)
    roles = [c.metadata["course"]["role"] for c in notebook.cells if c.cell_type == "code"]
    assert roles == ["setup", "exercise", "check", "given", "exercise", "check", "demo"]
    assert all("course" not in c.metadata for c in notebook.cells if c.cell_type == "markdown")


def test_nbgrader_knows_what_to_grade(source):
    cells = learners_notebook(source, tiny.SPEC).cells
    said = {c.id: c.metadata["nbgrader"] for c in cells if "nbgrader" in c.metadata}
    keys = {"grade", "grade_id", "locked", "schema_version", "solution", "task"}
    assert said["exercise-double"] == {
        "grade": False,
        "grade_id": "double",
        "locked": False,
        "schema_version": 3,
        "solution": True,
        "task": False,
    }
    assert said["check-double"] == {
        "grade": True,
        "grade_id": "check-double",
        "locked": True,
        "points": 2,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    assert said["2-given-1"]["locked"]
    assert not said["2-given-1"]["solution"]
    assert all(keys <= set(one) <= keys | {"points"} for one in said.values())
    assert len({one["grade_id"] for one in said.values()}) == len(said)


def test_tags_reach_the_notebook(source):
    assert learners_notebook(source, tiny.SPEC).cells[-1].metadata["tags"] == [
        "nbval-ignore-output"
    ]


def test_ids_are_legal_unique_and_stay(source):
    ids = cell_ids(source)
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)
    assert ids == cell_ids(source)


def test_a_new_cell_renames_no_cell_of_another_section(source):
    text = tiny.SOURCE.replace(
        "# Text.", "# Text.\n\n# %% demo\nprint(1)\n\n# %% [markdown]\n# More."
    )
    more = cell_ids(parse(text, Path("solutions/90_tiny.py"), "90", "tiny"))
    assert set(cell_ids(source)) <= set(more)


@pytest.mark.parametrize("name", ["exercise-" + "x" * 90, "exercise-größe", "exercise-δ"])
def test_a_name_that_is_no_id_is_shortened_and_hashed(name: str):
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", safe_id(name))
    assert safe_id(name) != safe_id(name + "x")


def test_the_same_source_gives_the_same_bytes(source):
    first = as_bytes(learners_notebook(source, tiny.SPEC))
    assert first == as_bytes(learners_notebook(source, tiny.SPEC))
    assert first.endswith(b"}\n")
    assert json.loads(first)["cells"][3]["outputs"] == []


def test_the_learners_copy_holds_no_solution_and_no_marker(source):
    text = as_bytes(learners_notebook(source, tiny.SPEC)).decode()
    assert "x * 2.0" not in text
    assert "double(x) + step" not in text
    assert "SOLUTION" not in text
    assert "STUB" not in text
