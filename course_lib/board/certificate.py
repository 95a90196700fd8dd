"""A certificate that the board makes itself, and the letters by which learners know it."""

import ipaddress
import os
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.workbook.sharing.invitation import fingerprint

DAYS = 30
MISSING = (
    "listening beyond this machine needs a certificate, and that needs the package cryptography: "
    "pip install 'attention-course[cluster]'."
)


def serve_with(path: Path, hosts: Iterable[str]) -> tuple[ssl.SSLContext, str]:
    """Return a context to serve with, and the fingerprint of its certificate.

    Args:
        path: of the PEM file with key and certificate; made when missing, for its owner alone.
        hosts: names and numbers by which the board is reached.

    Raises:
        CourseError: when cryptography is not installed.
    """
    if not path.exists():
        made = _make(list(hosts))
        with open(path, "xb", opener=_for_me_alone) as file:
            file.write(made)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(path)
    certificate = path.read_text(encoding="ascii").partition("-----BEGIN CERTIFICATE-----")
    return context, fingerprint(ssl.PEM_cert_to_DER_cert("".join(certificate[1:])))


def _for_me_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _make(hosts: list[str]) -> bytes:
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID
    except ImportError:
        raise CourseError(MISSING) from None
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "course board")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks in a room differ
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([_named(x509, one) for one in hosts]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    kind, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(pem, kind, plain) + certificate.public_bytes(pem)


def _named(x509: Any, host: str) -> Any:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
