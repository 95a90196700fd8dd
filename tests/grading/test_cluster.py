"""Marking on many machines: equal marks, TLS or nothing, and a worker that dies costs a retry."""

import os
import signal
import threading
import time

import pytest

from course_lib.errors import CourseError
from course_lib.grading.cluster import mark_on_cluster, mark_with
from course_lib.grading.marks import Marker
from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.host import Sandbox
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.submissions import HandIn
from course_lib.grading.task import load_task

pytestmark = pytest.mark.slow


def hand_ins(root):
    """Return four hand-ins of lesson 00: solved and blank ones."""
    files = [root / folder / "00_start_here.ipynb" for folder in ("solutions", "notebooks")] * 2
    return [HandIn(f"l{n}", 1, "00.ipynb", path.read_bytes()) for n, path in enumerate(files)]


@pytest.mark.parametrize("where", [{"scheduler": "tcp://127.0.0.1:1"}, {}])
def test_nothing_travels_without_tls(tmp_path, where):
    given = {"scheduler": "tls://127.0.0.1:1", "security": None, "limits": Limits()} | where
    with pytest.raises(CourseError, match="over TLS only"):
        list(mark_on_cluster(None, "s", [], **given))


def test_a_folder_without_keys_is_refused(tmp_path):
    with pytest.raises(CourseError, match=r"lacks ca.pem, cert.pem, key.pem"):
        list(
            mark_on_cluster(
                None, "s", [], scheduler="tls://x:1", security=tmp_path, limits=Limits()
            )
        )


@pytest.mark.filterwarnings("ignore")
def test_two_workers_mark_as_one_machine_and_one_may_die(root):
    distributed = pytest.importorskip("distributed")
    if bubblewrap.available() is None:
        pytest.skip("bubblewrap is not here")
    task, waiting = load_task("lesson", "00"), hand_ins(root)
    with Sandbox(task.master.sources) as sandbox:
        marker = Marker(task, "s", sandbox)
        due = {h.learner: marker.mark(h) for h in waiting}
    keys = distributed.security.Security.temporary()
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            security=keys,
            protocol="tls://",
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        distributed.Client(cluster, security=keys) as client,
    ):
        assert cluster.scheduler_address.startswith("tls://")
        victim = next(iter(client.run(os.getpid).values()))
        killer = threading.Thread(target=kill_later, args=(victim,))
        killer.start()
        found = {h.learner: m for h, m in mark_with(client, task, "s", waiting, limits=Limits())}
        killer.join()
    assert found == due and due["l0"]["total"] == due["l0"]["possible"]


def kill_later(pid):
    """Kill a worker while it starts on its first hand-in."""
    time.sleep(1.0)
    os.kill(pid, signal.SIGKILL)
