"""What `docs/board.md` says holds."""

import re
import shlex

import pytest
import typer

from course_lib.board import keeping, pace, room
from course_lib.board.desk import Setting
from course_lib.cli import app
from course_lib.workbook.sharing.invitation import LETTERS, PORT


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "board.md").read_text(encoding="utf-8")


def test_its_commands_and_options_exist(page):
    commands = typer.main.get_command(app).commands
    shown = re.findall(r"^\$ course (.*)$", page, re.M) + re.findall(r"`course (\w+ --.*?)`", page)
    assert len(shown) >= 4
    for line in shown:
        name, *words = shlex.split(line)
        known = {option for one in commands[name].params for option in one.opts}
        assert {word for word in words if word.startswith("--")} <= known, line
    known = {option for one in commands["board"].params for option in one.opts}
    assert set(re.findall(r"`(--[a-z]+)`", page)) <= known


def test_its_numbers_are_the_boards(page):
    text = " ".join(page.split())
    facts = {
        "valid for eight hours": Setting().code_seconds == 8 * 3600,
        "At most 400 join": Setting().most == 400,
        "ten minutes, six tries": (room.STUCK_SECONDS, room.STUCK_TRIES) == (600, 6),
        "all three hints": room.ALL_HINTS == 3,
        "the last twenty minutes": room.RECENT == 1200,
        "the two that most have now": room.COMMONEST == 2,
        "From five minutes on": pace.SLACK == 5,
        "thirty days on": keeping.DAYS == 30,
        "the 32 letters": LETTERS == 32,
        "in (8642, or": PORT == 8642,
    }
    for said, true in facts.items():
        assert said in text and true, said


def test_its_buttons_are_on_the_page(page, root):
    script = (root / "course_lib" / "board" / "static" / "wall.js").read_text(encoding="utf-8")
    for button in re.findall(r"“([A-Z][a-z ]+)”", page):
        if button not in ("Behind", "This code has expired"):
            assert f'"{button}"' in script, button
