"""Marking on many machines: equal marks, TLS or nothing, and a worker that dies costs a retry."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from course_lib.errors import CourseError
from course_lib.grading.cluster import keys_in, mark_on_cluster
from course_lib.grading.cluster_up import join, make_keys
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


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Start `course cluster up` as an instructor does; give its address and its keys."""
    pytest.importorskip("distributed")
    keys = tmp_path_factory.mktemp("cluster") / "keys"
    command = [str(Path(sys.executable).with_name("course")), "cluster", "up", "--workers", "2"]
    with subprocess.Popen(
        [*command, "--security", str(keys)], stdout=subprocess.PIPE, text=True
    ) as running:
        told = "".join(line for _, line in zip(range(5), running.stdout, strict=False))
        yield re.search(r"--scheduler (tls://127\.0\.0\.1:\d+) --security", told)[1], keys
        running.send_signal(signal.SIGINT)
        assert "stopped" in running.stdout.read() and running.wait(30) == 0


@pytest.mark.filterwarnings("ignore")
def test_two_workers_mark_as_one_machine_and_one_may_die(root, cluster):
    if bubblewrap.available() is None:
        pytest.skip("bubblewrap is not here")
    scheduler, keys = cluster
    task, waiting = load_task("lesson", "00"), hand_ins(root)
    with Sandbox(task.master.sources) as sandbox:
        marker = Marker(task, "s", sandbox)
        due = {h.learner: marker.mark(h) for h in waiting}
    from distributed import Client

    with Client(scheduler, security=keys_in(keys)) as client:
        victim = next(iter(client.run(os.getpid).values()))
    killer = threading.Thread(target=kill_later, args=(victim,))
    killer.start()
    given = {"scheduler": scheduler, "security": keys, "limits": Limits()}
    found = {h.learner: m for h, m in mark_on_cluster(task, "s", waiting, **given)}
    killer.join()
    assert found == due and due["l0"]["total"] == due["l0"]["possible"]


def test_keys_are_for_their_owner_alone_and_never_overwritten(cluster):
    _, keys = cluster
    files = sorted(keys.iterdir())
    assert [file.name for file in files] == ["ca.pem", "cert.pem", "key.pem"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    before = files[2].read_bytes()
    assert not make_keys(keys) and files[2].read_bytes() == before


def test_half_a_set_of_keys_is_refused(tmp_path):
    (tmp_path / "key.pem").write_text("mine")
    with pytest.raises(CourseError, match=r"holds key.pem, but not all of ca.pem, cert.pem"):
        make_keys(tmp_path)
    assert (tmp_path / "key.pem").read_text() == "mine"


def test_who_has_other_keys_is_not_let_in(cluster, tmp_path):
    """Neither a marker nor a worker: both ends ask for the certificate of the one folder."""
    make_keys(tmp_path / "others")
    given = {"scheduler": cluster[0], "security": tmp_path / "others", "limits": Limits()}
    with pytest.raises(CourseError, match="no scheduler answers"):
        list(mark_on_cluster(load_task("lesson", "00"), "s", [], patience=4, **given))


def test_pages_for_anybody_say_nothing(cluster):
    """Dask's HTTP pages, which ask for no certificate, are taken away but for “ok”."""
    from distributed import Client

    with Client(cluster[0], security=keys_in(cluster[1])) as client:
        port = client.scheduler_info()["services"].get("dashboard")
    for page in ("json/counts.json", "info/main/workers.html", "metrics"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=5)


def test_an_address_that_is_none_is_refused(tmp_path):
    with pytest.raises(CourseError, match=r"tls://HOST:PORT; yours is '10\.0\.0\.1:8786'"):
        join("10.0.0.1:8786", workers=1, security=tmp_path)


def kill_later(pid):
    """Kill a worker while it starts on its first hand-in."""
    time.sleep(1.0)
    os.kill(pid, signal.SIGKILL)
