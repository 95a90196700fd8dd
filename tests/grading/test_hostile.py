"""Hostility: each attack gets the marks that an honest grader gives.

Every attack is tried twice: with all defences, and with the named one switched off, where it must
succeed; else the first result would prove nothing.
"""

import base64
import json
import os
import pickle
import shutil
import tempfile
import tracemalloc
from dataclasses import replace

import pytest
from attacks import ATTACKS, FLOOD, OUTPUT
from small_lesson import FULL, NAMES, TASK, code, mark, notebook, points, without

from course_lib.grading.defences import ALL
from course_lib.grading.sandbox import wire
from course_lib.grading.sandbox.host import Sandbox, WireError

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_attack_gets_what_is_due_and_succeeds_without_its_defence(cage, attack, monkeypatch):
    assert points(mark(cage, attack.data)) == attack.due
    monkeypatch.setattr(cage, "limits", replace(cage.limits, submission=attack.seconds))
    if attack.marker is None:
        assert points(mark(cage, attack.data, *attack.off)) == attack.then
    else:
        assert points(mark(cage, attack.data, marker=attack.marker)) == attack.then


# ---------------------------------------------------------------- the disk


@pytest.fixture(scope="module")
def results(root):
    """A folder outside /tmp, where an instructor's results and solutions might lie."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.mkdir(os.path.join(folder, "solutions"))
        shutil.copy(root / "solutions" / "04_scaled_dot_product.py", f"{folder}/solutions")
        os.chmod(folder, 0o755)
        yield folder


def reader(results):
    """Return a notebook that reads the solution and writes marks, where it can."""
    return notebook(
        {"scaled_scores": None},
        [
            f"""
try:
    text = open({results!r} + "/solutions/04_scaled_dot_product.py").read()
    exec(text[text.index("def scaled_scores"):].split("# %%")[0])
except OSError:
    def scaled_scores(q, k):
        raise NotImplementedError
try:
    open({results!r} + "/marks.csv", "w").write("ann,scaled_scores,1,100")
except OSError:
    pass
""",
        ],
    )


def test_the_disk_is_out_of_reach_and_within_it_without_the_allow_list(cage, results):
    data, forged = reader(results), os.path.join(results, "marks.csv")
    assert points(mark(cage, data)) == (0, 1, 1) and not os.path.exists(forged)
    with Sandbox(TASK.master.sources, cage.limits, defences=ALL.without("mounts")) as open_cage:
        assert points(mark(open_cage, data, "mounts")) == FULL
    assert os.path.exists(forged)


def test_inside_there_is_neither_the_repository_nor_grading_nor_anybody_else(cage, root):
    look = """
import glob, os, socket
seen = [p for p in (ROOT, GIT, "/home", "/var", "/etc/passwd", "/sys", "/proc/1")
        if os.path.isdir(p) and os.listdir(p)]
seen += glob.glob("/kit/**/marks.py", recursive=True) + glob.glob("/kit/**/lesson_*.py")
seen += glob.glob("/kit/**/scaled_dot_product.py", recursive=True)
try:
    socket.create_connection(("127.0.0.1", 22), 0.2)
    seen.append("network")
except OSError as error:
    seen += ["loopback"] * (error.errno != 101)
for path in ("/kit/x", "/usr/x", "/x"):
    try:
        open(path, "w"); seen.append(path)
    except OSError:
        pass
assert not seen, seen
""".replace("ROOT", repr(str(root / "solutions"))).replace("GIT", repr(str(root / ".git")))
    marks = mark(cage, notebook(own=[look]))
    assert marks["notes"] == [] and points(marks) == FULL


# ---------------------------------------------------------------- what comes back


def test_a_pickle_is_never_loaded_and_would_have_run_code(cage, monkeypatch, tmp_path):
    trap = tmp_path / "trapped"
    command = f"open({str(trap)!r}, 'w').close()"
    evil = base64.b64encode(pickle.dumps(_Evil(command))).decode()
    data = notebook(
        {
            "causal_mask": f"""
import course_lib.grading.sandbox.child as child
child.strange = lambda value, encoder: {{"k": "pickle", "v": {evil!r}}}
class Other: pass
import sys
sys.modules["__main__"].Other = Other
child.Encoder.__init__.__defaults__ = (child.strange,)
before = child.Encoder.__init__
def patched(self, strange=None):
    before(self, child.strange)
child.Encoder.__init__ = patched
def causal_mask(n):
    return Other()
"""
        }
    )
    assert points(mark(cage, data)) == (1, 1, 0) and not trap.exists()

    class Unpickling(wire.Decoder):
        def __init__(self, body, strange=None):
            super().__init__(body, lambda header, _: pickle.loads(base64.b64decode(header["v"])))

    monkeypatch.setattr("course_lib.grading.sandbox.host.Decoder", Unpickling)
    mark(cage, data)
    assert trap.exists()


class _Evil:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return exec, (self.command,)


def test_a_huge_reply_is_refused_before_it_is_read(cage):
    def peak(*off):
        tracemalloc.start()
        try:
            found = points(mark(cage, FLOOD, *off))
            return found, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    found, memory = peak()
    assert found == (1, 1, 0) and memory < 20 << 20
    assert peak("reply_size")[1] > 60 << 20


def test_a_reply_is_used_for_its_own_request_only(cage):
    replay = """
import course_lib.grading.sandbox.child as child
first, framed = [], child.framed
def again(header, arrays):
    first.append((header, arrays))
    return framed(*first[0])
child.framed = again
"""
    with cage.session() as session:
        assert session.ask("cell", 3.0, name="c", source=replay)[0]["done"]
        with pytest.raises(WireError, match="another request"):
            session.ask("defined", 3.0, names=[])
    with without(cage, "nonces"), cage.session() as session:
        session.ask("cell", 3.0, name="c", source=replay)
        assert session.ask("defined", 3.0, names=[])[0]["done"]


# ---------------------------------------------------------------- output, left-overs, neighbours


def test_fifty_megabytes_of_output_cost_nothing_and_would_cost_the_mark(cage, monkeypatch):
    assert points(mark(cage, OUTPUT)) == FULL
    loud = "import course_lib.grading.sandbox.child as c, course_lib.checking.run as r\n"
    loud += "c.PRINTED = r.PRINTED = 1 << 40"
    book = json.loads(OUTPUT)
    book["cells"].insert(2, code(loud))
    assert points(mark(cage, json.dumps(book).encode())) == (1, 0, 1)


def test_processes_are_ended_with_their_session(cage):
    leave = """
import ctypes, os, time
def padding_mask(lengths, n_keys):
    if os.fork() == 0:
        os.setsid()
        ctypes.CDLL(None).prctl(15, b"course-left", 0, 0, 0)
        time.sleep(100)
    return torch.arange(n_keys, device=lengths.device) < lengths[:, None]
"""
    data = notebook({"padding_mask": leave})
    mark(cage, data)
    assert left_over() == 0
    mark(cage, data, "kills")
    assert left_over() > 0


def left_over():
    """Return how many of the processes that an answer leaves behind are alive."""
    count = 0
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/comm") as file:
                count += file.read().strip() == "course-left"
        except OSError:
            continue
    return count


def test_one_submission_never_touches_another(cage, monkeypatch):
    spoil = "torch.arange = torch.ones = torch.Tensor.transpose = None\nmath.sqrt = abs"
    nothing = notebook(dict.fromkeys(NAMES))
    mark(cage, notebook(own=[spoil]))
    assert points(mark(cage, notebook())) == FULL
    with cage.session() as shared:  # one process for both, as in a shared kernel
        monkeypatch.setattr(shared, "close", lambda: 0)
        monkeypatch.setattr(cage, "session", lambda seconds=None: shared)
        mark(cage, notebook())
        assert points(mark(cage, nothing)) == FULL  # for the first learner's answers
        monkeypatch.undo()
    assert points(mark(cage, nothing)) == (0, 0, 0)
