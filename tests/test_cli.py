"""The command line: help with examples, known errors in one message, exit codes."""

import subprocess
import sys

import pytest

COMMANDS = ["lab", "reset", "check", "progress", "doctor", "build", "new"]
RUN = "import sys; from course_lib.cli import main; sys.argv[0] = 'course'; main()"


def course(*arguments, cwd=None):
    command = [sys.executable, "-c", RUN, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command):
    done = course(command, "--help")
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
