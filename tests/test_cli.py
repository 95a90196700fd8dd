"""The command line: help with examples, known errors in one message, exit codes."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

COMMANDS = [
    "lab",
    "reset",
    "check",
    "progress",
    "doctor",
    "build",
    "new",
    "cluster up",
    "cluster join",
]
RUN = "import sys; from course_lib.cli import main; sys.argv[0] = 'course'; main()"


WRONG = "def scaled_scores(q, k):\n    return q @ k.mT / q.shape[-1]\n"
ASCII = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
WESTERN = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"}
POSIX = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}


def course(*arguments, cwd=None, encoding="utf-8", **environment):
    command = [sys.executable, "-c", RUN, *map(str, arguments)]
    full = {**os.environ, **environment}
    options = {"capture_output": True, "encoding": encoding, "timeout": 120}
    return subprocess.run(command, cwd=cwd, env=full, **options)


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / "answers.py"
    path.write_text(WRONG)
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command):
    done = course(*command.split(), "--help")
    assert done.returncode == 0
    assert f"course {command}" in done.stdout.split("Examples:")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("lab", "--lesson", "99", "--no-browser"),
        ("reset", "99"),
        ("check", "99", "answers.py"),
        ("build", "99"),
    ],
)
def test_an_unknown_lesson_is_one_message(arguments, tmp_path):
    (tmp_path / "answers.py").write_text("x = 1\n")
    done = course(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "99" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_file_is_one_message(tmp_path):
    done = course("check", "00", "nowhere.py", cwd=tmp_path)
    assert done.returncode == 2
    assert "nowhere.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_notebook_that_is_not_json_is_one_message(tmp_path):
    (tmp_path / "answers.ipynb").write_text("{")
    done = course("check", "00", "answers.ipynb", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_an_unknown_command_names_itself():
    done = course("chekc")
    assert done.returncode == 2
    assert "chekc" in done.stderr


def test_doctor_answers():
    assert course("doctor", "--json").returncode == 0


@pytest.mark.parametrize(
    ("environment", "encoding", "begins"),
    [
        (ASCII, "ascii", "[x] Exercise 4.1 - Scores"),
        (WESTERN, "cp1252", "[x] Exercise 4.1 · Scores"),
        (POSIX, "ascii", "[x] Exercise 4.1 - Scores"),
        ({"PYTHONUTF8": "1"}, "utf-8", "✗ Exercise 4.1 · Scores"),
    ],
)
def test_a_check_can_be_read_in_any_encoding(wrong, environment, encoding, begins):
    asked = ("check", "04", wrong, "--exercise", "scaled_scores")
    done = course(*asked, encoding=encoding, **environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(begins)
    assert "0 of 1 passed" in done.stdout


@pytest.mark.parametrize(("environment", "encoding"), [(ASCII, "ascii"), (WESTERN, "cp1252")])
def test_json_is_json_in_any_encoding(wrong, environment, encoding):
    asked = ("check", "04", wrong, "--exercise", "scaled_scores", "--json")
    done = course(*asked, encoding=encoding, **environment)
    assert done.returncode == 1
    assert "√d" in json.loads(done.stdout)[0]["message"]


@pytest.mark.parametrize(
    "arguments",
    [("progress",), ("progress", "--json"), ("doctor",), ("build", "00", "--check"), ("--help",)],
    ids=" ".join,
)
def test_other_commands_work_in_ascii(arguments):
    done = course(*arguments, encoding="ascii", **POSIX)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("arguments", [("doctor",), ("progress",), ("--help",)], ids=" ".join)
def test_at_twenty_columns_nothing_is_cut(arguments):
    wide, narrow = (course(*arguments, COLUMNS=columns).stdout for columns in ("200", "20"))
    assert "…" not in narrow
    assert "..." not in narrow.replace("[ARGS]...", "")
    assert len(narrow.split()) > len(wide.split()) // 2


def test_a_home_that_cannot_be_written_is_one_message(tmp_path):
    (tmp_path / "home").touch()
    runtime = {"JUPYTER_RUNTIME_DIR": "", "XDG_DATA_HOME": str(tmp_path / "home" / "data")}
    home = {"HOME": str(tmp_path / "home"), "USERPROFILE": str(tmp_path / "home"), **runtime}
    done = course("lab", "--no-browser", "--work", tmp_path / "work", **home)
    assert done.returncode == 2
    assert "set HOME" in done.stderr
    assert "Traceback" not in done.stderr


def test_progress_and_check_need_no_home(tmp_path, wrong):
    (tmp_path / "home").touch()
    home = {"HOME": str(tmp_path / "home"), "USERPROFILE": str(tmp_path / "home")}
    assert course("progress", **home).returncode == 0
    done = course("check", "04", wrong, "--exercise", "scaled_scores", **home)
    assert (done.returncode, "divided by d" in done.stdout) == (1, True)


FULL = """
import tempfile
def none(): raise FileNotFoundError("No usable temporary directory found")
tempfile.gettempdir = none
"""


@pytest.mark.parametrize(("arguments", "code"), [(("check", "04", "x.py"), 2), (("doctor",), 1)])
def test_without_a_temporary_folder_it_says_what_to_do(arguments, code):
    command = [sys.executable, "-c", FULL + RUN, *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == code
    assert "TMPDIR" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_learners_install_lacks_is_one_message():
    code = "import sys; sys.modules['jupytext'] = None; "
    command = [sys.executable, "-c", code + RUN, "build", "00", "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 2
    assert "tools/install.py --dev" in done.stderr
