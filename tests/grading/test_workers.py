"""Marking in processes: default threads, a deadline over each hand-in, nothing left behind."""

import os
import subprocess
import sys
import time

import pytest
from small_lesson import TASK, notebook

from course_lib.grading.marks import Marker
from course_lib.grading.submissions import HandIn
from course_lib.grading.workers import mark_in_processes

CLASS = [HandIn(who, 1, "99_small.ipynb", notebook()) for who in ("ann", "bob", "cyd")]
DEFAULT_THREADS = """
import sys, torch
torch.set_num_threads(2)  # as on a machine of two processors without OMP_NUM_THREADS
torch.ones(400, 400).softmax(-1).sum()
from course_lib.authoring.notebook import as_bytes, solved_notebook
from course_lib.grading.grade import Options, _marks, _sandbox
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import load_task
from pathlib import Path
task = load_task("assignment", sys.argv[1])
data = as_bytes(solved_notebook(task.source, task.spec))
found = {who: [HandIn(who, 1, "a.ipynb", data)] for who in ("ann", "bob")}
options = Options(to=Path(sys.argv[2]), seed="s", workers=2)
with _sandbox(task, options) as sandbox:
    marked = _marks(task, found, options, sandbox)
print(sorted(sum(r["points"] for r in m["exercises"]) for (m,) in marked.values()))
"""


@pytest.fixture
def nests(cage):
    """A cage that can be shared."""
    if not cage.nests:
        pytest.skip("cages do not nest here")
    return cage


@pytest.mark.parametrize("name, points", [("attention", 11), ("transformers", 12), ("vision", 12)])
def test_default_threads_do_not_hang_two_workers(nests, name, points, tmp_path):
    free = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    words = [sys.executable, "-c", DEFAULT_THREADS, name, str(tmp_path)]
    done = subprocess.run(words, env=free, capture_output=True, text=True, timeout=170)
    assert done.stdout.strip() == str([points, points]), done.stderr[-2000:]


def test_a_hand_in_that_hangs_the_marker_is_stopped_and_told(nests, monkeypatch):
    mark = Marker.mark
    slow = {"bob": lambda: time.sleep(600)}
    monkeypatch.setattr(Marker, "mark", lambda s, h: slow.get(h.learner, int)() or mark(s, h))
    marked = {h.learner: m for h, m in mark_in_processes(TASK, "s", CLASS, nests, 2, 10.0)}
    assert {who: marks["total"] for who, marks in marked.items()} == {"ann": 3, "bob": 0, "cyd": 3}
    assert marked["bob"]["stopped"] and not marked["bob"]["read"]
    assert "stopped after 10 s" in marked["bob"]["notes"][0]


def test_a_process_that_dies_costs_nobody_else_and_is_told(nests, monkeypatch):
    mark = Marker.mark
    end = {"ann": lambda: os._exit(3)}
    monkeypatch.setattr(Marker, "mark", lambda s, h: end.get(h.learner, int)() or mark(s, h))
    marked = {h.learner: m for h, m in mark_in_processes(TASK, "s", CLASS, nests, 1)}
    assert {who: marks["total"] for who, marks in marked.items()} == {"ann": 0, "bob": 3, "cyd": 3}
    assert "ended 2 times" in marked["ann"]["notes"][0]
