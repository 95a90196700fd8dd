"""Inside a fresh network namespace (Linux): bring loopback up, then become the given command."""

import fcntl
import os
import socket
import struct
import sys

GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1  # from <linux/sockios.h> and <linux/if.h>


def lift() -> None:
    """Set the UP flag of `lo`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(control, GET_FLAGS, request))[1]
        fcntl.ioctl(control, SET_FLAGS, struct.pack("16sh22x", b"lo", flags | UP))


if __name__ == "__main__":
    lift()
    os.execvp(sys.argv[1], sys.argv[1:])
