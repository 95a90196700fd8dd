"""Sandboxes that the tests of grading share: starting one loads torch."""

import pytest
from small_lesson import TASK

from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.sandbox.limits import Limits

LIMITS = Limits(
    exercise=3.0, submission=30.0, grace=0.5, memory=400 << 20, processes=24, reply=4 << 20
)


@pytest.fixture(scope="session")
def cage():
    """A sandbox with all its defences, and small limits."""
    if bubblewrap.available() is None:
        pytest.skip("bubblewrap is not here")
    with Sandbox(TASK.master.sources, LIMITS) as sandbox:
        yield sandbox
