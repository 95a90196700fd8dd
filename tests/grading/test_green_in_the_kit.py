"""What runs in a learner's notebook runs when it is marked, or the report says what did not."""

import pytest
from small_lesson import FULL, NAMES, SOLVED, mark, notebook, points

pytestmark = pytest.mark.slow

SETUP = next(c["source"] for c in SOLVED["cells"] if c["cell_type"] == "code")
SETUP = "".join(SETUP)
SCALED = "def scaled_scores(q, k):\n    return q @ k.transpose(-2, -1) / {} * q.shape[-1] ** -0.5\n"
DEF = "\ndef one():\n    return 1\n"
ONE = SCALED.format("one()")

HARMLESS = {
    "comment that asks, and a magic": "%matplotlib inline\ndef one():  # right?\n    return 1\n",
    "question mark": "torch.ones?" + DEF,
    "assigned magic": "where = %pwd\nfiles = !ls" + DEF,
    "%time": "%time kept = 1\ndef one():\n    return kept",
    "display": "display('x')" + DEF,
    "await": "import asyncio\nawait asyncio.sleep(0)" + DEF,
    "get_ipython": "get_ipython().run_line_magic('load_ext', 'x')" + DEF,
    "input": "name = input('name? ')" + DEF,
    "figures": ("from course_lib.figures import bars\nbars([1, 2], labels=['a', 'b'])" + DEF),
    "fonts": ("import matplotlib.pyplot as plt\nplt.title('x')\nplt.gcf().canvas.draw()" + DEF),
    "time": "%%time\n%matplotlib inline" + DEF,
    "annotations": (
        "from __future__ import annotations\ndef one(x: Nothing = 0) -> Nobody:\n    return 1"
    ),
}


@pytest.mark.parametrize("own", HARMLESS.values(), ids=list(HARMLESS))
def test_what_jupyter_runs_is_run(cage, own):
    marks = mark(cage, notebook({"scaled_scores": ONE}, own=[own]))
    assert points(marks) == FULL, marks["notes"]
    assert not [note for note in marks["notes"] if "raised" in note or "stopped" in note]


def test_a_file_that_a_cell_writes_can_be_imported(cage):
    own = ["%%writefile helper.py\ndef one():\n    return 1\n", "from helper import one"]
    marks = mark(cage, notebook({"scaled_scores": ONE}, own=own))
    assert points(marks) == FULL
    assert any("writes a file" in note for note in marks["notes"])


@pytest.mark.parametrize(
    "own",
    [
        "undefined_here()\nUNIT = 1\ndef one():\n    return UNIT",
        "from course_lib.nowhere import lost" + DEF,
        "while True: pass" + DEF,
        "import os\nos._exit(3)" + DEF,
    ],
    ids=["raises", "import", "late", "ends"],
)
def test_a_cell_that_fails_still_defines_and_is_told(cage, own):
    marks = mark(cage, notebook({"scaled_scores": ONE}, own=[own]))
    assert points(marks) == FULL, marks["notes"]
    (said,) = [note for note in marks["notes"] if note.startswith("cell ")]
    assert "may have cost marks" in said


def test_a_constant_in_the_setup_cell_is_kept_and_a_redefinition_is_not(cage):
    setup = SETUP + "\nUNIT, OTHER = 1, 2\nmath = None\n\ndef same(a, b):\n    raise SystemExit\n"
    answers = {"scaled_scores": SCALED.format("UNIT")}
    marks = mark(cage, notebook(answers, setup=setup))
    assert points(marks) == FULL, marks["notes"]
    assert any("a given cell was changed" in note for note in marks["notes"])
    assert len(NAMES) == 3
