"""Refuse every connection but loopback, in each Python that starts with this folder on its path.

With COURSE_NO_NETWORK=1 and PYTHONPATH=tests/no_network, notebooks' kernels are cut off too. The
stage runner adds a network namespace where the system allows one, which native code obeys as well.
"""

import ipaddress
import os
import socket

#: How a refusal begins; tests look for it.
REFUSED = "the network is cut in tests"


class NetworkIsCut(OSError):
    """Raised in place of a connection to anywhere but this machine."""


def is_local(host):
    """True for loopback, unspecified and empty hosts; names other than localhost are remote."""
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        text = host.decode() if isinstance(host, bytes) else host
        address = ipaddress.ip_address(text.split("%")[0])
    except (ValueError, AttributeError):
        return False
    return address.is_loopback or address.is_unspecified


def refuse(address):
    """Raise unless an address is a path (unix) or on this machine."""
    if isinstance(address, tuple) and not is_local(address[0]):
        raise NetworkIsCut(f"{REFUSED}: {address[0]!r} was asked for")


def cut():
    """Replace the ways out of this process; a second call changes nothing."""
    if getattr(socket, "_course_cut", False):
        return
    socket._course_cut = True
    for name, place in (("connect", 0), ("connect_ex", 0), ("sendto", -1)):
        setattr(socket.socket, name, _guarded(getattr(socket.socket, name), place))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, _guarded_lookup(getattr(socket, name)))


def _guarded(original, place):
    def method(self, *args):
        refuse(args[place])
        return original(self, *args)

    return method


def _guarded_lookup(original):
    def lookup(host, *args, **kwargs):
        refuse((host,))
        return original(host, *args, **kwargs)

    return lookup


if os.environ.get("COURSE_NO_NETWORK") == "1":
    cut()
