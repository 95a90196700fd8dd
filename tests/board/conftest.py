"""A room for each test."""

import pytest

from course_lib.workbook.sharing.sharing import Sharing

from .hosted import Clock, Hosted


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def board(tmp_path, clock):
    """A board whose time stands still."""
    hosted = Hosted(tmp_path / "room.sqlite", clock=clock)
    yield hosted
    hosted.stop()


@pytest.fixture
def learner(tmp_path):
    """Make learners, each with a work folder by name; at the end their kernels stop."""
    made = []

    def make(name="ada"):
        made.append(Sharing(tmp_path / str(name)))
        return made[-1]

    yield make
    for one in made:
        one.close()
