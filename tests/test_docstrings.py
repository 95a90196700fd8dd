"""The examples in the library's docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

import course_lib

LIBRARY = Path(course_lib.__file__).parent
#: Wrong answers are code of learners: none of them is an example.
MODULES = sorted(
    ".".join(("course_lib", *path.relative_to(LIBRARY).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in LIBRARY.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8") and path.parent.name != "wrong"
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.attempted and not found.failed
