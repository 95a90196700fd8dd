"""The network is cut: in this process, in a child, in a notebook's kernel."""

import socket
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

TRY = "import socket\nsocket.create_connection(('example.org', 443), timeout=3)"


@pytest.mark.parametrize("host", ["example.org", "93.184.216.34", "2606:2800:21f::1"])
def test_a_connection_out_is_refused(host):
    with pytest.raises(OSError, match="the network is cut"):
        socket.create_connection((host, 443), timeout=3)


def test_a_raw_connect_is_refused():
    with socket.socket() as plain, pytest.raises(OSError, match="the network is cut"):
        plain.connect(("93.184.216.34", 443))


def test_a_datagram_is_refused():
    kind = socket.SOCK_DGRAM
    with socket.socket(type=kind) as plain, pytest.raises(OSError, match="the network is cut"):
        plain.sendto(b"hello", ("93.184.216.34", 53))


def test_loopback_is_open():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_a_child_is_cut_off():
    child = subprocess.run([sys.executable, "-c", TRY], capture_output=True, text=True)
    assert child.returncode == 1
    assert "the network is cut" in child.stderr


def test_a_kernel_is_cut_off(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TRY)])
    client = NotebookClient(notebook, timeout=60, allow_errors=True, kernel_name="python3")
    client.execute(cwd=str(tmp_path))
    outputs = notebook.cells[0].outputs
    assert "the network is cut" in str(outputs[-1].get("evalue"))
