"""Marking in processes: default threads, a deadline over each hand-in, nothing left behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_lesson import TASK, notebook

from course_lib.grading.marks import Marker
from course_lib.grading.sandbox.launch import sweep
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.submissions import HandIn
from course_lib.grading.workers import mark_in_processes

pytestmark = pytest.mark.slow

LIMITS = Limits(exercise=3.0, submission=30.0)
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


# ---------------------------------------------------------------- kill -9 of the command

KILLED = """
import sys, time, torch
sys.path[:0] = [sys.argv[1]]
from test_workers import CLASS, LIMITS, TASK, Marker
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.workers import Crew, Worker
Marker.mark = lambda self, hand_in: time.sleep(600)
sandbox = Sandbox(TASK.master.sources, LIMITS)
crew = Crew(TASK, "s", CLASS, sandbox, 600.0)
crew.begin(), crew.begin()
print(sandbox.cage.process.pid, *[w.process.pid for w in crew.busy], flush=True)
print(sandbox.cage.kit, flush=True)
next(crew.work())
"""


def test_a_killed_command_leaves_no_process_and_no_kit(nests):
    here = os.path.dirname(__file__)
    words = [sys.executable, "-c", KILLED, here]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as command:
        pids = [int(word) for word in command.stdout.readline().split()]
        kit = Path(command.stdout.readline().strip())
        alive = [pid for pid in pids if _lives(pid)]
        command.kill()
    assert len(alive) == 3 and kit.is_dir()
    until = time.monotonic() + 10
    while any(map(_lives, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert [pid for pid in pids if _lives(pid)] == []
    sweep()
    assert not kit.exists() and nests.cage.kit.is_dir()


def test_a_kit_in_the_making_is_left_in_peace(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "course-kit-new").mkdir()
    (tmp_path / "course-kit-old").mkdir()
    os.utime(tmp_path / "course-kit-old", (0, 0))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "course-kit-link").symlink_to(tmp_path / "elsewhere")
    sweep()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["course-kit-link", "course-kit-new", "elsewhere"]


def _lives(pid):
    """Tell whether a process is there, and no corpse that waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
