"""The instructor's guide: commands and facts in it are those of the course."""

import re
import shlex

import pytest
import typer

from course_lib.cli import app
from course_lib.grading import assignments


@pytest.fixture(scope="module")
def guide(root):
    return (root / "docs" / "instructors.md").read_text(encoding="utf-8")


def test_every_command_and_option_exists(guide):
    commands = typer.main.get_command(app).commands
    shown = [
        shlex.split(line, comments=True) for line in re.findall(r"^\$ course (.*)$", guide, re.M)
    ]
    assert {words[0] for words in shown} >= {"release", "grade", "workshop"}
    for name, *words in shown:
        known = {option for parameter in commands[name].params for option in parameter.opts}
        for word in words:
            assert not word.startswith("--") or word.split("=")[0] in known, (name, word)
    known = {option for parameter in commands["grade"].params for option in parameter.opts}
    assert set(re.findall(r"`(--[a-z]+)", guide)) <= known


def test_the_table_of_assignments_is_right(guide):
    for name in assignments.names():
        one = assignments.find(name)
        row = next(line for line in guide.splitlines() if line.startswith(f"| `{name}`"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[0] == f"`{name}` ({one.spec.number})"
        assert len(cells[1].split(", ")) == len(one.spec.exercises) + len(one.trained)
        assert (int(cells[2]), int(cells[3])) == (one.marks, one.spec.minutes)


def test_links_in_the_guide_lead_somewhere(guide, root):
    for target in re.findall(r"\]\(([^)#]+)\)", guide):
        assert (root / "docs" / target).exists(), target
    for path in re.findall(r"`((?:tests|solutions)/[\w/.]+)`", guide):
        assert (root / path).exists(), path
