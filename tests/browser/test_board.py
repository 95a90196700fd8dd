"""The wall in a browser: two learners, one in JupyterLab; by keyboard; light, dark, large."""

import pytest

from course_lib.board.catalogue import catalogue
from course_lib.workbook.sharing.sharing import Sharing
from tests.board.hosted import Hosted

from .axe import violations
from .lab import Lab

WRONG = """import torch

def scaled_scores(q, k):
    return q @ k.transpose(-2, -1) / q.shape[-1]

lesson.check(scaled_scores)"""
SAYS = "divided by d"


class Window:
    """A page of the board's, and what it complained of.

    Args:
        browser: of playwright.
        board: that runs.
        role: "wall" or "instructor".
        options: of the browser's context.
    """

    def __init__(self, browser, board, role, **options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(8000)
        self.complaints = []
        self.page.on("console", lambda one: self.complaints.append(one.text))
        self.page.on("pageerror", lambda one: self.complaints.append(str(one)))
        self.page.goto(f"{board.url}/#{board.desk.facts[role]}")
        self.page.locator("#all").wait_for()

    def text(self, where="main"):
        return self.page.locator(where).inner_text()

    def says(self, text, where="main"):
        """Wait until something stands there."""
        self.page.locator(where).get_by_text(text).first.wait_for()

    def tab_to(self, text):
        """Move the focus by keyboard until it is on a control with this text."""
        for _ in range(40):
            self.page.keyboard.press("Tab")
            focused = "document.activeElement.innerText ?? ''"
            if text in self.page.evaluate(focused):
                return
        raise AssertionError(f"no way by keyboard to {text!r}")


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    hosted = Hosted(tmp_path_factory.mktemp("board") / "room.sqlite", pages=catalogue(["04"]))
    yield hosted
    hosted.stop()


@pytest.fixture(scope="module")
def wall(board, browser):
    window = Window(browser, board, "wall")
    yield window
    window.context.close()


@pytest.fixture(scope="module")
def instructor(board, browser):
    window = Window(browser, board, "instructor")
    yield window
    window.context.close()


@pytest.fixture(scope="module")
def ben(board, tmp_path_factory):
    """The second learner, without a notebook."""
    sharing = Sharing(tmp_path_factory.mktemp("ben"))
    sharing.join(board.url, board.code, "Ben")
    yield sharing
    sharing.close()


@pytest.fixture(scope="module")
def ada(board, lab_url, lab_folder, browser):
    """The first learner, who joins in JupyterLab by one click."""
    with Lab(lab_url, lab_folder, browser) as lab:
        name = lab.write(
            "joins.ipynb",
            "from course_lib import Lesson\nlesson = Lesson('04')",
            f"lesson.join('{board.url}', '{board.code}')",
            WRONG,
            "lesson.help()",
            f"lesson.predict('{poll_of(board).id}', 'a')",
        )
        lab.open(name)
        lab.run_cell(0)
        lab.run_cell(1)
        lab.cell(1).get_by_placeholder("or a nickname, or nothing").fill("Ada")
        lab.cell(1).get_by_role("button", name="Join").click()
        lab.cell(1).get_by_text("You are in, as Ada.").wait_for()
        yield lab
        lab.run_cell(1)
        lab.assert_stayed_home()


def poll_of(board):
    return next(iter(board.pages["04"].polls.values()))


def test_a_wrong_answer_in_jupyterlab_is_on_the_wall_by_its_name(ada, wall, instructor):
    ada.run_cell(2)
    wall.says(SAYS, "#mistakes")
    ada.run_cell(3)
    wall.says("1 hand is up", "#hands")
    assert "Ada" not in wall.text()
    instructor.says("Ada", "#hands")


def test_the_hand_is_lowered_by_keyboard(ada, wall, instructor):
    instructor.tab_to("Lower Ada’s hand")
    instructor.page.keyboard.press("Enter")
    wall.says("0 hands are up", "#hands")


def test_a_poll_is_opened_answered_twice_and_revealed_by_keyboard(
    board, ada, ben, wall, instructor
):
    poll = poll_of(board)
    instructor.page.evaluate("document.activeElement.blur()")
    instructor.tab_to("Ask the room")
    instructor.page.keyboard.press("Enter")
    wall.says(poll.question, "#poll")
    ada.run_cell(4)
    ben.tell({"kind": "predict", "lesson": "04", "name": poll.id, "choice": poll.answer})
    wall.says("2 of 2 have answered", "#poll")
    assert poll.because not in wall.text()
    instructor.tab_to("Ask again after talking")
    instructor.page.keyboard.press("Enter")
    wall.says("0 of 2 have answered", "#poll")
    letter = "abcdef"[poll.answer]
    ada.type_into(4, f"lesson.predict('{poll.id}', '{letter}')")
    ada.run_cell(4)
    ben.tell({"kind": "predict", "lesson": "04", "name": poll.id, "choice": poll.answer})
    wall.says("2 of 2 have answered", "#poll")
    instructor.tab_to("Reveal")
    instructor.page.keyboard.press("Enter")
    wall.says(poll.because, "#poll")
    wall.says("after: 2 of 2", "#poll")
    assert "✓ right" in wall.text("#poll")


def test_the_secret_leaves_the_address_and_outlives_a_reload(board, instructor):
    secret = board.desk.facts["instructor"]
    assert secret not in instructor.page.url
    instructor.page.reload()
    instructor.says("Close the door")
    assert secret not in instructor.page.content()


def test_without_the_secret_there_is_nothing_to_see(board, browser):
    page = browser.new_page()
    page.goto(board.url)
    page.get_by_text("Open the address that `course board` printed.").wait_for()
    assert not page.locator("#all").is_visible()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("role", ["wall", "instructor"])
def test_the_pages_are_accessible(board, browser, ada, ben, role, scheme):
    for _ in range(7):
        ben.tell({"kind": "check", "lesson": "04", "name": "causal_mask", "status": "failed"})
    ben.tell({"kind": "help", "lesson": "04", "name": "causal_mask"})
    # The board's own policy would keep axe-core out.
    window = Window(browser, board, role, color_scheme=scheme, bypass_csp=True)
    window.says("hand is up")
    assert violations(window.page, "main") == []
    window.context.close()


@pytest.mark.parametrize("size", [(1024, 768), (512, 384)])
@pytest.mark.parametrize("role", ["wall", "instructor"])
def test_nothing_is_cut_off(board, browser, ada, ben, role, size):
    """At 1024 × 768, and there at 200 %: half as many of the page's pixels."""
    window = Window(browser, board, role, viewport={"width": size[0], "height": size[1]})
    window.says("Scaled dot-product attention")
    wide = window.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size[0]
    beyond = window.page.evaluate(
        "[...document.querySelectorAll('main *')].filter((one) => !one.closest('.ce-hidden')"
        " && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.className)"
    )
    assert beyond == []
    window.context.close()


def test_no_page_complains(wall, instructor):
    assert wall.complaints == []
    assert instructor.complaints == []


def test_a_board_that_was_away_is_found_again(board, wall):
    board.stop()
    wall.says("The board is away")
    board.start()
    wall.page.get_by_text("The board is away").wait_for(state="hidden")
