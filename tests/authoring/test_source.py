"""Sources: what is read, and what is said, by file and line, about what cannot be read."""

from pathlib import Path

import pytest
import tiny

from course_lib.authoring.problem import LessonError
from course_lib.authoring.source import parse, read_source

PATH = Path("solutions/90_tiny.py")


def read(text: str):
    return parse(text, PATH, "90", "tiny")


def line_of(piece: str, text: str = tiny.SOURCE) -> int:
    return text[: text.index(piece)].count("\n") + 1


def test_cells_have_roles_names_and_lines():
    source = read(tiny.SOURCE)
    found = [(cell.kind, cell.role, cell.exercise) for cell in source.cells]
    assert found == [
        ("markdown", "", None),
        ("code", "setup", None),
        ("markdown", "", None),
        ("code", "exercise", "double"),
        ("code", "check", "double"),
        ("markdown", "", None),
        ("code", "given", None),
        ("code", "exercise", "shift"),
        ("code", "check", "shift"),
        ("markdown", "", None),
        ("code", "demo", None),
    ]


def test_every_line_of_code_keeps_its_number():
    lines = tiny.SOURCE.splitlines()
    for cell in read(tiny.SOURCE).cells:
        if cell.kind == "code":
            assert [lines[number - 1] for number, _ in cell.lines] == [t for _, t in cell.lines]


def test_the_solved_cell_has_neither_markers_nor_stub():
    cell = read(tiny.SOURCE).exercises["shift"]
    assert cell.solved_source == (
        'def shift(x):\n    """Return 2x plus a step."""\n'
        "    moved = double(x) + step\n    return moved"
    )


def test_the_learner_gets_the_stub():
    cell = read(tiny.SOURCE).exercises["shift"]
    assert cell.blank_source == (
        'def shift(x):\n    """Return 2x plus a step."""\n    moved = ...\n\n'
        '    raise NotImplementedError("shift")'
    )


def test_without_a_stub_the_learner_gets_not_implemented():
    cell = read(tiny.SOURCE).exercises["double"]
    assert (
        cell.blank_source == 'def double(x):\n    """Return 2x."""\n    raise NotImplementedError'
    )


def test_tags_and_other_metadata_pass_through():
    assert read(tiny.SOURCE).cells[-1].metadata == {"tags": ["nbval-ignore-output"]}


def test_a_marker_of_cells_inside_a_string_is_no_cell():
    text = tiny.SOURCE + '\n# %% demo\ns = """\n# %% not a cell\n"""\n\n# %% demo\nlast = 1\n'
    source = read(text)
    assert len(source.cells) == 13
    assert source.cells[-1].line == line_of("# %% demo\nlast", text)


BROKEN = {
    "unclosed region": ("    ### END SOLUTION\n\n\n# %% check\ndouble", "\n\n# %% check\ndouble"),
    "end without begin": ("    ### BEGIN SOLUTION\n    return x * 2.0", "    return x * 2.0"),
    "begin twice": ("    return x * 2.0", "    ### BEGIN SOLUTION\n    return x * 2.0"),
    "misspelt": ("### BEGIN SOLUTION\n    return x * 2.0", "## Begin solution\n    return x * 2.0"),
    "empty region": ("    return x * 2.0\n", ""),
    "uncommented stub": ("    # moved = ...", "    moved = ..."),
    "stub that does not parse": ("    # moved = ...", "    # moved = ("),
    "second stub": ("    # moved = ...", "    ### STUB\n    # moved = ..."),
    "unknown role": ("# %% given", "# %% gievn"),
    "no role": ("# %% given", "# %%"),
    "no check cell": ("# %% check\ndouble = lesson.check(double)\n", ""),
    "check without exercise": ("# %% given\n", "# %% check\nx = lesson.check(x)\n\n# %% given\n"),
    "check of two lines": ("double = lesson.check(double)", "double = lesson.check(double)\nx = 1"),
    "check of another name": ("double = lesson.check(double)", "triple = lesson.check(triple)"),
    "duplicate exercise": (
        "shift = lesson.check(shift)",
        "shift = lesson.check(shift)\n\n# %% exercise\ndef double(x):\n    ### BEGIN SOLUTION\n"
        "    return x\n    ### END SOLUTION\n\n# %% check\ndouble = lesson.check(double)",
    ),
    "region in a given cell": ("step = 3.0", "### BEGIN SOLUTION\nstep = 3.0\n### END SOLUTION"),
    "exercise without region": ("step = 3.0\n\n\n# %% exercise", "step = 3\n\n# %% exercise\npass"),
    "syntax": ("step = 3.0", "step = = 3.0"),
    "empty cell": ("step = 3.0\n", ""),
    "text before the cells": ("# %% [markdown]\n# # 90", "stray = 1\n\n# %% [markdown]\n# # 90"),
}
#: Where each is reported: the piece of the broken text that stands in that line, and a word of it.
SAID = {
    "unclosed region": ("    ### BEGIN SOLUTION", "never closed"),
    "end without begin": ("    ### END SOLUTION", "without a ### BEGIN"),
    "begin twice": ("    ### BEGIN SOLUTION\n    return x", "still open"),
    "misspelt": ("    ## Begin solution", "is no marker"),
    "empty region": ("    ### BEGIN SOLUTION", "empty"),
    "uncommented stub": ("    moved = ...", "comment in the source"),
    "stub that does not parse": ("    # moved = (", "learner's copy"),
    "second stub": ("    ### STUB\n    # moved", "a second ### STUB"),
    "unknown role": ("# %% gievn", "unknown role 'gievn'"),
    "no role": ("# %%\nstep", "without a role"),
    "no check cell": ("# %% exercise\ndef double", "next code cell must be its check"),
    "check without exercise": ("# %% check\nx =", "without an exercise cell"),
    "check of two lines": ("# %% check\ndouble", "double = lesson.check(double)"),
    "check of another name": ("# %% check\ntriple", "defines double"),
    "duplicate exercise": ("# %% exercise\ndef double(x):\n    ### BEGIN", "stands here and in"),
    "region in a given cell": ("### BEGIN SOLUTION\nstep", "only exercise cells"),
    "exercise without region": ("# %% exercise\npass", "without an answer region"),
    "syntax": ("step = = 3.0", "invalid syntax"),
    "empty cell": ("# %% given", "empty code cell"),
    "text before the cells": ("# ---", "before the first cell"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_source_is_reported_by_line(kind: str):
    old, new = BROKEN[kind]
    assert old in tiny.SOURCE
    text = tiny.SOURCE.replace(old, new, 1)
    if kind == "exercise without region":
        text = text.replace("\npass\ndef shift", "\npass\n\n\n# %% exercise\ndef shift")
    with pytest.raises(LessonError) as caught:
        read(text)
    piece, words = SAID[kind]
    told = {(problem.line, words in problem.says) for problem in caught.value.problems}
    assert (line_of(piece, text), True) in told, str(caught.value)
    assert "solutions/90_tiny.py:" in str(caught.value)


def test_all_mistakes_are_told_at_once():
    text = tiny.SOURCE.replace("# %% given", "# %% gievn").replace("# moved = ...", "moved = ...")
    with pytest.raises(LessonError) as caught:
        read(text)
    assert len(caught.value.problems) == 2


def test_a_name_of_a_file_that_is_no_lesson(tmp_path: Path):
    path = tmp_path / "tiny.py"
    path.write_text("# %% demo\n1\n")
    with pytest.raises(LessonError, match=r"NN_slug\.py"):
        read_source(path)


def test_a_file_that_is_not_text(tmp_path: Path):
    path = tmp_path / "90_tiny.py"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LessonError, match="UTF-8"):
        read_source(path)
