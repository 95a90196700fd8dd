"""JSON to a board and back, over one connection that is kept."""

import http.client
import json
from typing import Any

from course_lib.workbook.sharing.invitation import Invitation, pinned

#: Seconds for one answer.
TIMEOUT = 4.0
LARGEST = 1 << 20
_BROKEN = (OSError, ValueError, http.client.HTTPException)


class Away(Exception):
    """The board gave no answer; what was to be said is said again later."""


class Wire:
    """A connection to a board. One thread uses it.

    Args:
        invitation: where to.
        timeout: seconds that an answer may take.
    """

    def __init__(self, invitation: Invitation, timeout: float = TIMEOUT) -> None:
        self.invitation, self.timeout = invitation, timeout
        self._open: http.client.HTTPConnection | None = None
        self._context: Any = None

    def post(
        self, path: str, body: dict[str, Any], token: str = ""
    ) -> tuple[int, dict[str, Any], float]:
        """Send a body and return (status, answer, seconds to wait before the next).

        Raises:
            Away: when no whole answer came.
            CourseError: when the board shows another certificate.
        """
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        sent = json.dumps(body).encode("ascii")
        kept = self._open is not None
        try:
            return self._post(path, sent, headers)
        except _BROKEN as error:
            self.close()
            if not kept:
                raise Away(str(error) or type(error).__name__) from None
        try:  # a board ends connections on which nothing is said for long
            return self._post(path, sent, headers)
        except _BROKEN as error:
            self.close()
            raise Away(str(error) or type(error).__name__) from None

    def _post(
        self, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any], float]:
        connection = self._connection()
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read(LARGEST) or b"{}")
        wait = float(response.headers.get("Retry-After") or 0)
        return response.status, answer if isinstance(answer, dict) else {}, wait

    def _connection(self) -> http.client.HTTPConnection:
        if self._open is None:
            at, port = self.invitation.host, self.invitation.port
            if self.invitation.scheme == "https":
                self._context = self._context or pinned(self.invitation, timeout=self.timeout)
                self._open = http.client.HTTPSConnection(
                    at, port, timeout=self.timeout, context=self._context
                )
            else:
                self._open = http.client.HTTPConnection(at, port, timeout=self.timeout)
        return self._open

    def close(self) -> None:
        """Close the connection; the next post opens another."""
        if self._open is not None:
            self._open.close()
            self._open = None
