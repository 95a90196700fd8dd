"""Kernels forked from one that has imported: alike in nothing that a notebook could notice."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

PREPARED = Path(__file__).resolve().parents[1] / "tools" / "proof" / "kernels"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of kernels, there as long as the command that it was made for runs."""
    show = "import os; print(os.environ['JUPYTER_PATH'].split(os.pathsep)[0], flush=True); input()"
    run = [sys.executable, str(PREPARED / "prepared.py"), sys.executable, "-c", show]
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    with subprocess.Popen(run, text=True, **pipes) as process:
        yield process.stdout.readline().strip()
        process.communicate("\n")


class Kernel:
    """A kernel of that folder that answers."""

    def __init__(self, folder, cwd, **more):
        specs = KernelSpecManager(kernel_dirs=[os.path.join(folder, "kernels")])
        self.manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
        self.manager.start_kernel(cwd=str(cwd), env={**os.environ, **more})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    def says(self, code):
        said = []
        self.client.execute_interactive(
            code, timeout=60, output_hook=lambda message: said.append(message["content"])
        )
        return "".join(part.get("text", part.get("evalue", "")) for part in said).strip()


@pytest.fixture
def kernel(folder, tmp_path):
    with Kernel(folder, tmp_path, COURSE_MARK="seen") as one:
        yield one


def test_it_has_imported_and_is_told_its_folder_and_variables(kernel, tmp_path):
    assert kernel.says("import sys; print('torch' in sys.modules)") == "True"
    assert kernel.says("import os; print(os.getcwd())") == str(tmp_path)
    assert kernel.says("print(os.environ['COURSE_MARK'])") == "seen"
    assert kernel.says("print('torch' in globals())") == "False"


def test_it_computes_with_the_threads_of_an_ordinary_one(kernel):
    assert kernel.says("import torch; a = torch.ones(400, 400); print(int((a @ a)[0, 0]))") == "400"
    import torch

    assert kernel.says("print(torch.get_num_threads())") == str(torch.get_num_threads())


def test_it_draws_in_the_notebook(kernel):
    said = kernel.says("import matplotlib; print(matplotlib.get_backend())")
    assert "inline" in said


def test_two_share_neither_seeds_nor_variables_nor_names(kernel, folder, tmp_path):
    draw = "import random, numpy, torch; print(random.random(), numpy.random.rand(), torch.rand(1))"
    kernel.says("import os; os.environ['COURSE_MARK'] = 'leaked'; shared = 1")
    with Kernel(folder, tmp_path) as other:
        mine, theirs = kernel.says(draw).split(), other.says(draw).split()
        assert all(one != two for one, two in zip(mine, theirs, strict=True))
        assert other.says("import os; print(os.environ.get('COURSE_MARK'))") == "None"
        assert "not defined" in other.says("shared")


def test_it_is_interrupted(kernel):
    sent = kernel.client.execute("import time; time.sleep(60)")
    time.sleep(1)
    kernel.manager.interrupt_kernel()
    reply = kernel.client.get_shell_msg(timeout=20)
    while reply["parent_header"]["msg_id"] != sent:
        reply = kernel.client.get_shell_msg(timeout=20)
    assert reply["content"]["ename"] == "KeyboardInterrupt"


def test_it_ends_when_whoever_asked_for_it_is_killed(kernel):
    process = psutil.Process(int(kernel.says("import os; print(os.getpid())")))
    kernel.manager.provisioner.process.kill()
    psutil.wait_procs([process], timeout=10)
    assert not process.is_running()


def test_with_other_variables_that_torch_reads_it_is_an_ordinary_one(kernel, folder, tmp_path):
    path = "import sys; print('torch' in sys.modules, sys.path, sys.argv[0][-21:])"
    with Kernel(folder, tmp_path, OMP_NUM_THREADS="3") as other:
        forked, ordinary = kernel.says(path), other.says(path)
        assert (forked[:4], ordinary[:5]) == ("True", "False")
        assert forked[4:] == ordinary[5:]


def test_a_refusal_holds_no_pipe_of_whoever_asked(folder, tmp_path):
    client = [sys.executable, "-S", str(PREPARED / "client.py"), os.path.join(folder, "socket")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    refused = {**os.environ, "OMP_NUM_THREADS": "3"}
    asked = [*client, str(tmp_path / "kernel.json")]
    with subprocess.Popen(asked, env=refused, cwd=tmp_path, **pipes) as process:
        process.stdout.readline()  # an ordinary kernel says how to end it
        process.kill()
        process.communicate(timeout=10)
    assert process.returncode == -9
