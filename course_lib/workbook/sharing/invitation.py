"""Where a board is, and by which certificate it is known."""

import base64
import hashlib
import hmac
import re
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from course_lib.errors import CourseError

#: Letters of a fingerprint: 160 of the 256 bits of SHA-256, five to a letter.
LETTERS = 32
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORT = 8642
_EXAMPLE = "http://127.0.0.1:8642, or https://192.168.1.5:8642#… with 32 letters"


@dataclass(frozen=True)
class Invitation:
    """The address of a board.

    Args:
        scheme: "http" (this machine alone) or "https".
        host: name or number.
        port: of TCP.
        fingerprint: of the board's certificate, 32 letters and digits; "" over http.

    >>> Invitation.parse("127.0.0.1:8642").address
    'http://127.0.0.1:8642'
    """

    scheme: str
    host: str
    port: int
    fingerprint: str = ""

    @classmethod
    def parse(cls, address: str) -> "Invitation":
        """Read an address as it was invited by.

        Raises:
            CourseError: when it is none, or would go to another machine unencrypted.
        """
        text = address.strip()
        parts = urlsplit(text if "://" in text else f"http://{text}")
        try:
            host, port = parts.hostname or "", parts.port or PORT
        except ValueError:
            host, port = "", PORT
        if not host or parts.scheme not in ("http", "https") or parts.username is not None:
            raise CourseError(f"{address!r} is no address of a board; one is {_EXAMPLE}.")
        print_ = re.sub(r"[\s-]", "", parts.fragment).lower()
        _demand_safe(parts.scheme, host, print_)
        return cls(parts.scheme, host, port, print_ if parts.scheme == "https" else "")

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def address(self) -> str:
        """All of it in one line, as it is invited by."""
        return f"{self.origin}#{self.fingerprint}" if self.fingerprint else self.origin


def _demand_safe(scheme: str, host: str, print_: str) -> None:
    if scheme == "http" and host not in LOOPBACK:
        raise CourseError(
            f"http://{host} would send in the clear. A board on another machine has an address "
            "that begins with https:// and ends with # and 32 letters: copy all of it."
        )
    if scheme == "https" and not re.fullmatch(rf"[a-z2-7]{{{LETTERS}}}", print_):
        raise CourseError(
            "an https address ends with # and the 32 letters and digits by which the board is "
            "known. Copy the whole of it from the wall."
        )


def fingerprint(certificate: bytes) -> str:
    """Return the 32 letters by which a certificate (DER) is known.

    >>> fingerprint(b"a certificate")
    'qgwnoyqub6tjfikcqiws7psny32uxsvf'
    """
    digest = hashlib.sha256(certificate).digest()[: LETTERS * 5 // 8]
    return base64.b32encode(digest).decode().lower()


def pinned(invitation: Invitation, *, timeout: float) -> ssl.SSLContext:
    """Return a context that trusts one certificate: the one that the invitation names.

    The certificate is fetched first, over a connection on which nothing is sent; the connection
    that carries something is another, and on it everything is verified.

    Raises:
        CourseError: when another certificate is shown.
        OSError: when nobody answers.
    """
    place = (invitation.host, invitation.port)
    pem = ssl.get_server_certificate(place, timeout=timeout)
    shown = fingerprint(ssl.PEM_cert_to_DER_cert(pem))
    if not hmac.compare_digest(shown, invitation.fingerprint):
        raise CourseError(
            f"{invitation.origin} shows another certificate ({shown}) than the invitation names "
            f"({invitation.fingerprint}). Nothing was sent. Compare the address with the wall."
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies, and compares the host's name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=pem)
    return context
