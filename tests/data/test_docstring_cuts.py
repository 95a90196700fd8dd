"""What of a docstring is a summary and a body, and in which split a module falls."""

import pytest

from course_lib.data.docstrings import cut, split_of

BODY = "The body says at length what the thing is for and how it is used."


def test_the_first_paragraph_is_the_summary():
    found = cut(f"Return it\nat once.\n\n{BODY}\n\n>>> it()\n3", "m")
    assert (found.module, found.summary, found.body) == ("m", "Return it at once.", BODY)


@pytest.mark.parametrize("body", ["Too short.", "x = {1: 2, 3: 4} + [5, 6] " * 9])
def test_what_is_short_or_no_prose_is_left_out(body):
    assert cut(f"Return it at once.\n\n{body}") is None


def test_a_module_keeps_its_split():
    assert [split_of(name) for name in ("shutil", "textwrap", "typing")] == [
        "validation",
        "train",
        "test",
    ]
