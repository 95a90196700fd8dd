"""The instructor's guide: commands and facts in it are those of the course."""

import re
import shlex

import pytest
import typer
from typer.core import TyperGroup

from course_lib.cli import app
from course_lib.grading import assignments, first_page, late, overrides, regrade, similar
from course_lib.grading.forecast import Lines
from course_lib.grading.reports import gradebook_csv
from course_lib.grading.results import in_words
from course_lib.grading.sheet import absent
from course_lib.grading.submissions import read_roster
from course_lib.grading.task import load_task


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
        command = commands[name]
        if isinstance(command, TyperGroup):
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        for word in words:
            assert not word.startswith("--") or word.split("=")[0] in known, (name, word)
    several = [commands["grade"], commands["cluster"].commands["up"]]
    known = {opt for command in several for parameter in command.params for opt in parameter.opts}
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


def blocks(guide, kind):
    """Return the fenced blocks of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", guide, re.M | re.S)


def test_the_files_in_the_guide_are_read_as_they_stand(guide, tmp_path):
    task = load_task("assignment", "attention")
    roster, lines = blocks(guide, "csv")
    tables, deadline = blocks(guide, "toml")
    files = {"r.csv": roster, "o.csv": lines, "o.toml": tables, "d.toml": deadline}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    people = read_roster(tmp_path / "r.csv")
    assert [person.learner for person in people] == ["ada", "ben"]
    both = [overrides.read(tmp_path / name, task) for name in ("o.csv", "o.toml")]
    assert (both[0][0].exercise, both[0][0].points) == ("prefix_mask", 1)
    assert both[1][0].comment == both[0][0].comment
    found = late.read(tmp_path / "d.toml")
    assert (found.days, found.days_of, list(found.extensions)) == (2, {"ben": 5}, ["ada"])
    marks = {who: absent(task, who) | {"total": n} for who, n in (("ada", 11), ("ben", 8))}
    book = gradebook_csv(task, marks, people).decode("utf-8-sig").replace("\r\n", "\n")
    assert book in guide


def test_the_outputs_in_the_guide_are_those_of_the_commands(guide):
    summary = {
        "learners": 4, "hand_ins": 3, "task": "attention", "mean": 7.25, "possible": 11,
        "look": {"fay": ["Nothing was handed in."]}, "unknown": [],
        "alike": [], "similar": [{"learners": ["ada", "ben", "eve"], "share": 1.0}], "changes": [],
    }  # fmt: skip
    said = [in_words(summary, "marks"), *first_page.in_words(summary, "marks")]
    assert "\n".join(said) in guide
    pairs = (("", 7, 8), ("prefix_mask", 0, 1))
    why = ["an override changed"]
    changed = [
        {"learner": "ben", "exercise": name, "old": old, "new": new, "reasons": why}
        for name, old, new in pairs
    ]
    assert "\n".join(regrade.in_words(changed)) in guide
    assert Lines(3, 1)._line(9.0, 18.0) in guide
    for words in (f"fewer than {similar.SHORTEST} tokens", "feedback-moodle.zip"):
        assert words in guide
