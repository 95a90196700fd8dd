"""The connection that JupyterLab is started with sends small messages without waiting."""

from types import SimpleNamespace

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from course_lib.explore.prompt_socket import PromptSocket
from course_lib.lab import lab_command


def test_the_socket_is_set_to_send_at_once(monkeypatch):
    asked = []
    handler = SimpleNamespace(set_nodelay=asked.append)
    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", lambda self: "connected")
    monkeypatch.setattr(PromptSocket, "websocket_handler", handler)
    # Without its traits' start: a connection of a real server is what the browser tests use.
    assert PromptSocket.__new__(PromptSocket).connect() == "connected"
    assert asked == [True]


def test_the_lab_of_the_course_is_started_with_it(tmp_path):
    name = f"{PromptSocket.__module__}.{PromptSocket.__name__}"
    option = f"--ServerApp.kernel_websocket_connection_class={name}"
    assert option in lab_command(tmp_path, "00.ipynb", port=0, browser=False)
