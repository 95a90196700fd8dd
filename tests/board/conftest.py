"""A room for each test."""

import pytest

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
