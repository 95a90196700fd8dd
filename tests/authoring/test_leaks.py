"""Leaks: what gives a solution away, and what only looks like it."""

from pathlib import Path

import pytest
import tiny

from course_lib.authoring.leaks import leaks
from course_lib.authoring.source import parse


def found(text: str = tiny.SOURCE) -> list[str]:
    source = parse(text, Path("solutions/90_tiny.py"), "90", "tiny")
    return [says for _, says in leaks(source, [cell.blank_source for cell in source.cells])]


def test_a_clean_lesson_leaks_nothing():
    assert found() == []


@pytest.mark.parametrize(
    "old, new",
    [
        ("    # moved = ...", "    # moved = double(x) + step"),
        ("    # moved = ...", "    # moved = double( x )+step"),
        ("    # moved = ...", "    # # moved = double(x) + step"),
        ('"""Return 2x plus a step."""', '"""Return 2x plus a step: moved = double(x) + step."""'),
        (
            "step = 3.0",
            "def other(x):\n    moved = double(x) + step\n    return moved\n\nstep = 3.0",
        ),
        ('print("shifted", shift(1.0))', "moved = double(x) + step\nreturn moved"),
    ],
    ids=["stub", "spaces", "comment", "docstring", "given", "demo"],
)
def test_a_leak_is_found(old: str, new: str):
    assert old in tiny.SOURCE
    assert any("'shift'" in says for says in found(tiny.SOURCE.replace(old, new)))


@pytest.mark.parametrize(
    "old, new",
    [
        (
            '    # raise NotImplementedError("shift")',
            "    # raise NotImplementedError\n    # return moved",
        ),
        ('print("shifted", shift(1.0))', "x = 1.0\nmoved = double(x) + step"),
    ],
    ids=["a name alone", "one line of two elsewhere"],
)
def test_what_says_nothing_is_no_leak(old: str, new: str):
    assert old in tiny.SOURCE
    assert found(tiny.SOURCE.replace(old, new)) == []


def test_a_marker_in_a_learners_cell():
    source = parse(tiny.SOURCE, Path("solutions/90_tiny.py"), "90", "tiny")
    texts = [cell.source for cell in source.cells]
    assert any("the marker '### BEGIN SOLUTION'" in says for _, says in leaks(source, texts))
