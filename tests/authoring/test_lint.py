"""Style: two things fail, the rest is advice; a source and its spec agree."""

from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from course_lib.authoring.lint import against_spec, style
from course_lib.authoring.source import parse

SPEC = tiny.SPEC


def read(old: str = "# Text.", new: str = "# Text."):
    assert old in tiny.SOURCE
    return parse(tiny.SOURCE.replace(old, new), Path("solutions/90_tiny.py"), "90", "tiny")


def advice(old: str, new: str) -> list[tuple[int | None, str, bool]]:
    return [(p.line, p.says, p.fails) for p in style(read(old, new), SPEC)]


@pytest.mark.parametrize(
    "old, new, at, words, fails",
    [
        ("# # 90 · Tiny\n", "# ## Tiny\n", "# ---", "no title", True),
        ("# # 90 · Tiny", "# # 90 · Other", "# # 90", "should read '# 90 · Tiny'", False),
        ("# Text.", "# # Second", "# # Second", "a second H1", False),
        (
            "# %% setup\n",
            "# %% setup\n" + "import os\n" * 6,
            "# %% setup",
            "set-up is 7 lines",
            True,
        ),
        ("# Text.", "# " + "word " * 151, "# %% [markdown]\n# ## 1", "words in one cell", False),
        ("# Text.", "# Simply put.", "# Simply", "the word 'simply'", False),
        ("# Text.", "# It is, of course, so.", "# It is", "the word 'of course'", False),
        (
            "step = 3.0",
            "step = 3.0\n" + "x = 1\n" * 25,
            "# %% given",
            "lines of code in one cell",
            False,
        ),
        ("# %% [markdown]\n# See:\n\n", "", "# %% check\nshift", "4 code cells in a row", False),
        ("# Text.", "# ![no](a.png)", "# %% [markdown]\n# ## 1", "without alternative text", True),
    ],
)
def test_what_departs_from_the_style(old, new, at, words, fails):
    told = [one for one in advice(old, new) if words in one[1]]
    assert [fails] == [one[2] for one in told], advice(old, new)
    text = tiny.SOURCE.replace(old, new)
    assert told[0][0] == text[: text.index(at)].count("\n") + 1


def test_code_in_text_is_not_read_as_text():
    before = advice("# Text.", "# Text.")
    after = advice("# Text.", "# `simply` and\n#\n# ```\n# # no title\n# ```")
    assert {says for _, says, _ in before} >= {says for _, says, _ in after if "words" not in says}


def test_the_text_above_an_exercise_follows_its_spec():
    said = [says for _, says, _ in advice("# Text.", "# Text.")]
    assert any("'### Exercise 90.1 · Double'" in says for says in said)
    good = "# ### Exercise 90.1 · Double\n#\n# Difficulty 1 of 3 · 1 minute · the check"
    good += "\n# proves that it is right."
    said = [says for _, says, _ in advice("# Text.", good)]
    assert not any("'double'" in says for says in said)


def test_a_prediction_that_nobody_asks_is_advice():
    spec = replace(SPEC, predictions=(tiny.PREDICTION,))
    told = [(p.says, p.fails) for p in against_spec(read(), spec)]
    assert ('no cell calls lesson.predict("p")', False) in told


@pytest.mark.parametrize(
    "call, words",
    [
        ('lesson.predict("q")', "the spec has no such prediction; it has p"),
        ('lesson.hint("triple")', "the spec has no such exercise; it has double, shift"),
        ('lesson = Lesson("91")', "this is lesson 90"),
    ],
)
def test_a_call_that_names_nothing_fails(call, words):
    spec = replace(SPEC, predictions=(tiny.PREDICTION,))
    source = read('print("shifted", shift(1.0))', f"print(1)\n{call}")
    line = source.cells[-1].line + 2
    told = [(p.line, p.fails) for p in against_spec(source, spec) if words in p.says]
    assert told == [(line, True)]


def test_exercises_in_another_order_than_in_the_spec():
    spec = replace(SPEC, exercises=SPEC.exercises[::-1])
    assert any("another place" in p.says and p.fails for p in against_spec(read(), spec))
