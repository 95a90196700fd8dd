"""What all handlers share: who may ask, what is sent along, how an error reads."""

import hmac
import json
import logging
import math
from typing import Any
from urllib.parse import urlsplit

from tornado.web import HTTPError, RequestHandler

from course_lib.board.desk import Desk
from course_lib.board.store import Learner
from course_lib.errors import CourseError

_LOG = logging.getLogger("course.board")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Handler(RequestHandler):
    """A request to the board."""

    @property
    def desk(self) -> Desk:
        """The room."""
        desk: Desk = self.settings["desk"]
        return desk

    def set_default_headers(self) -> None:
        """Send the strict headers with everything."""
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Refuse what comes by another name, or from another page."""
        host = (urlsplit(f"//{self.request.host}").hostname or "").lower()
        if host not in self.settings["hosts"]:
            raise HTTPError(421, reason="This board has another address.")
        origin = self.request.headers.get("Origin")
        own = f"{self.request.protocol}://{self.request.host}"
        if origin is not None and origin != own:
            raise HTTPError(403, reason="Not from another page.")

    def compute_etag(self) -> None:
        """Nothing here is cached."""

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say what is wrong in one line; never how the board is made."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": self._reason}))

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Log what went wrong here, and nobody's address."""
        if not isinstance(error, HTTPError):
            _LOG.error("%s: %s: %s", self.request.path, type(error).__name__, error)

    def refuse(self, status: int, why: str, *, wait: float = 0.0) -> None:
        """Answer with an error.

        Args:
            status: of HTTP.
            why: in a sentence, whatever letters it has.
            wait: seconds after which to ask again.
        """
        self.set_status(status)
        if wait:
            self.set_header("Retry-After", str(math.ceil(wait)))
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": why}))

    def body(self) -> dict[str, Any]:
        """Return the JSON object that was sent."""
        if self.request.headers.get("Content-Type", "").split(";")[0] != "application/json":
            raise HTTPError(415, reason="Send JSON.")
        try:
            sent = json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise HTTPError(400, reason="That is no JSON.") from None
        if not isinstance(sent, dict):
            raise HTTPError(400, reason="Send an object.")
        return sent

    def bearer(self) -> str:
        """Return the token that came along, or ""."""
        kind, _, token = self.request.headers.get("Authorization", "").partition(" ")
        return token.strip() if kind == "Bearer" else ""

    def learner(self) -> Learner:
        """Return whose request it is."""
        found = self.desk.whose(self.bearer())
        if found is None:
            raise HTTPError(401, reason="This room does not know you; join again.")
        return found

    def role(self) -> str:
        """Return "instructor" or "wall", by the secret that came along.

        Whoever guesses is told to wait; whoever has the secret is never kept out by others.
        """
        for role in ("instructor", "wall"):
            if hmac.compare_digest(self.bearer().encode(), self.desk.facts[role].encode()):
                return role
        if self.desk.limits.wrong.wait(self.request.remote_ip):
            raise HTTPError(429, reason="Too many wrong secrets; wait a minute.")
        raise HTTPError(401, reason="Open the address that `course board` printed.")

    def demand_instructor(self) -> None:
        """Refuse whoever is not the instructor."""
        if self.role() != "instructor":
            raise HTTPError(403, reason="Only the instructor may.")


def told_by(error: CourseError) -> str:
    """Return an error's sentence with a capital."""
    text = str(error)
    return text[:1].upper() + text[1:]
