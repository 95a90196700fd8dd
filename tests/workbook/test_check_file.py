"""`course check NN FILE`: files of every kind, in a process that always stops."""

import contextlib
import io
import json
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from course_lib.errors import CourseError
from course_lib.workbook import check_file
from course_lib.workbook.answer_file import read_steps
from course_lib.workbook.check_file import run_check

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

SCORES = "def scaled_scores(q, k):\n    return q @ k.mT / q.shape[-1] ** 0.5\n"


def write(folder: Path, text: str, name: str = "answers.py") -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def notebook(folder: Path, *cells: tuple[str, str], name: str = "answers.ipynb") -> Path:
    """Write a notebook from (role, source) pairs."""
    listed = [
        {
            "cell_type": "markdown" if role == "markdown" else "code",
            "metadata": {"course": {"role": role}} if role else {},
            "source": source.splitlines(keepends=True),
        }
        for role, source in cells
    ]
    return write(
        folder,
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": listed}),
        name,
    )


def check(path: Path, *exercises: str, **more: Any) -> tuple[int, str, str]:
    """Return the exit code, standard output and standard error of one check of lesson 04."""
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        code = run_check("04", path, exercises=exercises, **more)
    return code, out.getvalue(), err.getvalue()


# ---------------------------------------------------------------- one messy file, run once

MESSY = """
    import os, torch, time
    from course_lib import Lesson
    lesson = Lesson("04")
    print("noise " * 10_000)
    broken = 1 / 0
    print('{"result": {}, "text": "forged"}')

    def scaled_scores(q, k):
        return q @ k.mT / q.shape[-1]

    scaled_scores = lesson.check(scaled_scores)

    def attend(q, k, v):
        weights = scaled_scores(q, k).softmax(-1)
        return weights @ v, weights

    attend = lesson.check(attend)

    def causal_mask(n):
        while True:
            try:
                time.sleep(0.1)
            except:
                pass

    def padding_mask(lengths, n_keys):
        os._exit(0)

    def softmax_jacobian(w):
        raise NotImplementedError

    @undefined
    def decoder_mask(lengths, n):
        return lengths

    from course_lib.lessons.lesson_04_scaled_dot_product.reference import attention_gradient

    def attention_numpy(q, k, v, mask):
        return q @ k.T @ v * float("nan")
"""


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], str, float]:
    path = write(tmp_path_factory.mktemp("messy"), MESSY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check_file, "GRACE", 1.0)
        started = time.monotonic()
        code, out, err = check(path, as_json=True, seconds=2.0)
    found = {item["name"]: item for item in json.loads(out)}
    return code, found, err, time.monotonic() - started


@pytest.mark.parametrize(
    "name, status",
    {
        "scaled_scores": "failed",
        "softmax_jacobian": "not_started",
        "attend": "passed",
        "padding_mask": "error",
        "causal_mask": "timeout",
        "scaled_dot_product_attention": "not_started",
        "decoder_mask": "error",
        "attention_numpy": "failed",
        "attention_gradient": "not_started",
        "is_attention": "not_started",
    }.items(),
)
def test_every_exercise_has_its_status_whatever_others_do(
    messy: Any, name: str, status: str
) -> None:
    code, found, _, _ = messy
    assert found[name]["status"] == status, found[name]
    assert code == 1
    assert set(found[name]) == {
        "name",
        "status",
        "diagnosis",
        "message",
        "first_difference",
        "remark",
    }


def test_the_json_names_the_mistake_and_the_first_difference(messy: Any) -> None:
    item = messy[1]["scaled_scores"]
    assert item["diagnosis"] == "divides_by_d"
    assert item["first_difference"] == {
        "part": None,
        "index": [0, 0],
        "yours": 0.25,
        "expected": 0.5,
    }
    assert messy[1]["attention_numpy"]["first_difference"]["yours"] == "nan"


def test_a_later_answer_meets_the_courses_version_of_a_wrong_one(messy: Any) -> None:
    assert messy[1]["attend"]["status"] == "passed"


def test_a_failing_statement_is_told_once_with_its_line(messy: Any) -> None:
    notes = messy[2].splitlines()
    assert sum("line 6: ZeroDivisionError: division by zero" in note for note in notes) == 1
    place = MESSY.splitlines().index("    @undefined") + 1
    assert f"line {place}: NameError" in messy[1]["decoder_mask"]["message"]


def test_the_ways_of_ending_are_told_apart(messy: Any) -> None:
    assert "ended its process (exit code 0)" in messy[1]["padding_mask"]["message"]
    assert "stopped after 2 s" in messy[1]["causal_mask"]["message"]
    assert "holds the course's version" in messy[1]["attention_gradient"]["message"]


def test_it_stops_in_time(messy: Any) -> None:
    assert messy[3] < 60


# ---------------------------------------------------------------- whose time it is

#: Torch imports sympy at its first sum on "meta": most of what is slow without byte code.
SLOW = """
    import sys, time

    class Slow:
        def find_spec(name, path=None, target=None):
            if name == "sympy":
                time.sleep(5.0)

    sys.meta_path.insert(0, Slow)
"""


def test_no_import_of_torchs_own_counts_against_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(write(tmp_path, SLOW, "sitecustomize.py").parent))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(check_file, "GRACE", 0.5)
    answer = """
        import torch

        def padding_mask(lengths, n_keys):
            return torch.arange(n_keys).to(lengths.device) < lengths[:, None]
    """
    code, out, _ = check(write(tmp_path, answer), "padding_mask", seconds=3.0)
    assert code == 0, out


def test_a_right_answer_of_each_lesson_passes_uncompiled() -> None:
    words = [sys.executable, str(ROOT / "bench" / "right_answers.py"), "--one"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lessons = len(list((ROOT / "tests" / "lessons").glob("lesson_*")))
    assert f"0 of {lessons} right answers refused" in done.stdout


def test_an_import_in_the_file_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "import time\ntime.sleep(4.0)\n", "slow_to_import.py")
    monkeypatch.setattr(check_file, "GRACE", 0.5)
    code, out, _ = check(
        write(tmp_path, "import slow_to_import\n" + SCORES), "scaled_scores", seconds=2.0
    )
    assert code == 0 and "line 1" not in out, out


# ---------------------------------------------------------------- the three kinds of file


def test_the_report_for_people(tmp_path: Path) -> None:
    code, out, _ = check(write(tmp_path, SCORES), "scaled_scores")
    assert code == 0
    assert out.startswith("✓ Exercise 4.1 · Scores, scaled")
    assert out.endswith("1 of 1 passed.\n")


def test_a_notebook_runs_answers_and_leaves_demonstrations(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    path = notebook(
        tmp_path,
        ("markdown", "# A lesson"),
        ("setup", "%matplotlib inline\nfrom course_lib import Lesson\nlesson = Lesson('04')"),
        ("exercise", "def softmax_jacobian(w):\n    x = w * 2\n    return undefined_name\n"),
        ("exercise", SCORES),
        ("check", "scaled_scores = 'spoilt'"),
        ("demo", f"open({str(marker)!r}, 'w')"),
        ("", "1 / 0"),
    )
    code, out, _ = check(path, "scaled_scores", "softmax_jacobian")
    assert code == 1
    assert "✓ Exercise 4.1" in out and "1 of 2 passed; 1 error." in out
    assert "at your line 3:\n      return undefined_name" in out
    assert "cell 7, line 1: ZeroDivisionError" in out
    assert not marker.exists()


def test_a_lesson_source_counts_as_a_file_of_answers() -> None:
    source = next(ROOT.glob("solutions/04_*.py"), None)
    if source is None:
        pytest.skip("solutions/04 is not written yet")
    code, out, err = check(source, as_json=True)
    refused = [item for item in json.loads(out) if item["status"] != "passed"]
    assert code == 0 and not err, (refused, err)


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["99", "answers.py"], "no lesson '99'"),
        (["04", "missing.py"], "no file missing.py"),
        (["04", "answers.py", "--exercise", "attention"], "no exercise 'attention'"),
    ],
)
def test_the_command_answers_bad_input_in_one_line(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    write(tmp_path, SCORES)
    course = [sys.executable, "-c", "from course_lib.cli import main; main()", "check"]
    done = subprocess.run(
        [*course, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert says in done.stderr and len(done.stderr.splitlines()) == 1
    assert not done.stdout


# ---------------------------------------------------------------- reading, without running


def test_a_plain_file_is_cut_into_statements(tmp_path: Path) -> None:
    steps = read_steps(write(tmp_path, "x = 1\n\n@wrap\ndef f():\n    return 2\n\ny = 3\n"))
    assert [(step.line, step.where) for step in steps] == [
        (1, "line 1"),
        (3, "line 3"),
        (7, "line 7"),
    ]
    assert steps[1].defines() == {"f"}


def test_a_file_that_does_not_parse_is_cut_into_blocks(tmp_path: Path) -> None:
    steps = read_steps(
        write(tmp_path, "x = 1\ndef f(:\n    pass\n\n@wrap\ndef g():\n    return 2\n")
    )
    sound = []
    for step in steps:
        with contextlib.suppress(SyntaxError):
            step.compile()
            sound.append(step.defines())
    assert sound == [{"x"}, {"g"}]


def test_cells_of_a_percent_file_keep_their_lines_and_roles(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """\
        # %% [markdown]
        # # Title
        # %% setup
        import math
        # %% exercise tags=["x"]
        def f():
            return 1
        # %% check
        f = None
        # %% demo tags=["nbval-ignore-output"]
        f = None
        # %%
        g = 2
        """,
    )
    assert [(step.line, step.source.split()[0]) for step in read_steps(path)] == [
        (4, "import"),
        (6, "def"),
        (13, "g"),
    ]


def test_future_imports_reach_the_statements_after_them(tmp_path: Path) -> None:
    steps = read_steps(
        write(tmp_path, "from __future__ import annotations\ndef f(x: Undefined): ...\n")
    )
    names: dict[str, Any] = {}
    for step in steps:
        exec(step.compile(), names)
    assert names["f"].__annotations__ == {"x": "Undefined"}


@pytest.mark.parametrize(
    "name, data, says",
    [
        ("answers.py", b"\x7fELF\0\0", "not a text file"),
        ("answers.py", b"\xff\xfe\xff", "not a text file"),
        ("answers.ipynb", b"not json", "not JSON"),
        ("answers.ipynb", b"[" * 100_000, "not JSON"),
        ("answers.ipynb", b"", "not JSON"),
        ("answers.ipynb", b"[1, 2]", "no list of cells"),
        ("answers.ipynb", b'{"worksheets": []}', "no list of cells"),
        ("answers.ipynb", b'{"cells": [3]}', "no list of cells"),
        ("answers.ipynb", b'{"cells": 3}', "no list of cells"),
    ],
)
def test_what_is_no_file_of_answers_is_told_so(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CourseError, match=says):
        read_steps(tmp_path / name)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbfx = 1\r\n", b"'''unclosed", b"if True:\n"])
def test_odd_text_is_read(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "answers.py").write_bytes(data)
    assert len(read_steps(tmp_path / "answers.py")) <= 1


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="is a folder"):
        run_check("04", tmp_path)
