"""Every learner's copy, with nothing solved, runs to its end: nbval alone cannot see that."""

from pathlib import Path

import pytest

from course_lib.authoring.execute import execute
from course_lib.authoring.notebook import from_text

COPIES = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def test_there_are_copies():
    assert COPIES


@pytest.mark.slow
@pytest.mark.parametrize("path", COPIES, ids=[path.stem for path in COPIES])
def test_nothing_raises_and_every_check_says_not_started(path: Path):
    notebook = execute(from_text(path.read_text(encoding="utf-8")), env={"COURSE_SCALE": "tiny"})
    checks = [
        "".join(output.get("text", "") for output in cell.outputs)
        for cell in notebook.cells
        if cell.metadata.get("course", {}).get("role") == "check"
    ]
    assert checks
    for said in checks:
        assert said.startswith("○"), said
        assert "Not written yet." in said
    streams = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [one.text for one in streams if one.get("name") == "stderr"]
