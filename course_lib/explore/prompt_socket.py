"""Answers from the kernel that reach the page at once. Configured where JupyterLab is started.

An explorer's answer is two small messages: "busy", then the numbers. TCP holds the second back
until the first is acknowledged (Nagle), and the browser, with nothing to say, does so after 40 ms.
"""

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptSocket(ZMQChannelsWebsocketConnection):
    """Jupyter Server's own connection, which sends small messages without waiting."""

    def connect(self) -> Any:
        """Connect as usual, without Nagle's delay."""
        handler = self.websocket_handler
        if handler is not None:
            handler.set_nodelay(True)
        return super().connect()
