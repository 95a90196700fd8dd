"""In a learner's copy with nothing solved, every check says so: nbval alone cannot see that."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: Any) -> Iterator[None]:
    """Hold what a cell printed against what a blank copy must print."""
    result = yield
    said = "".join(out.get("text", "") for out in item.test_outputs)
    complaints = [out.text for out in item.test_outputs if out.get("name") == "stderr"]
    assert not complaints, f"{item.name} wrote to stderr: {complaints}"
    if item.cell.metadata.get("course", {}).get("role") == "check":
        item.user_properties.append(("facts", 2))  # it ran, and it says this
        assert said.startswith("○") and "Not written yet." in said, f"{item.name} says: {said}"
    return result
