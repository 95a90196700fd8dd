"""Accidents: what goes wrong in honest hands costs what it must, and nothing beyond."""

import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from attacks import ACCIDENTS, FORKS, LOOP, MEMORY
from small_lesson import FULL, mark, notebook, points

from course_lib.grading import submissions
from course_lib.grading.sandbox import limits, notebook_file
from course_lib.grading.sandbox.host import WireError

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ACCIDENTS)
def test_accident_gets_what_is_due(cage, name):
    data, due = ACCIDENTS[name]
    assert points(mark(cage, data)) == due


def test_one_hang_costs_no_more_than_its_own_limit(cage):
    started = time.monotonic()
    mark(cage, LOOP)
    assert time.monotonic() - started < 3 * cage.limits.exercise + 3


# ---------------------------------------------------------------- files


def test_a_file_that_eats_memory_is_read_in_a_limited_child(cage, monkeypatch):
    monkeypatch.setattr(cage, "limits", replace(cage.limits, memory=100 << 20))
    data = b"[" + b"[]," * 2_000_000 + b"[]]"
    assert points(mark(cage, data)) == (0, 0, 0)
    with cage.session() as session, pytest.raises(WireError):
        session.ask("notebook", 20.0, arrays=[data])
    tracemalloc.start()
    notebook_file.read(data)
    assert tracemalloc.get_traced_memory()[1] > 120 << 20
    tracemalloc.stop()
    assert len(data) <= submissions.MOST_BYTES


def test_an_answer_that_calls_a_wrong_one_is_told_so(cage):
    answers = {
        "padding_mask": "def padding_mask(lengths, n_keys):\n    return causal_mask(n_keys)",
        "causal_mask": "def causal_mask(n):\n    return torch.ones(n, n)",
    }
    rows = mark(cage, notebook(answers))["exercises"]
    assert rows[1]["message"].endswith("It calls your causal_mask, not right yet: mend that first.")
    assert "calls" not in rows[2]["message"]


# ---------------------------------------------------------------- machines without control groups


@pytest.mark.parametrize("data", [MEMORY, FORKS], ids=["memory", "forks"])
def test_limits_hold_without_control_groups(cage, monkeypatch, data):
    monkeypatch.setattr(limits, "CGROUP", Path("/nowhere"))
    groups = limits.Groups(cage.limits)
    assert not (groups.hold_memory or groups.hold_processes)
    assert points(mark(cage, data)) == (1, 0, 1)
    assert points(mark(cage, notebook())) == FULL
