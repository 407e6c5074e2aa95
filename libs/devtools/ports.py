"""Loopback ports, found by binding them."""

import socket
from collections.abc import Container

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def any_free_port() -> int:
    """A port that nobody listens on, chosen by the kernel, and given to nobody else while this process lives.

    It stays bound here. So the kernel hands it to none who asks for any port, and lets a server that asks for it by
    number listen on it: both say SO_REUSEADDR, and this socket does not listen.
    """
    kept = socket.socket()
    kept.bind((HOST, 0))
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # afterwards, or a port that another keeps would do
    port = int(kept.getsockname()[1])
    kept.detach()
    return port


def free_port_from(preferred: int, *, taken: Container[int] = ()) -> int:
    """The preferred port, or the next one above it that is free and not in ``taken``."""
    for port in range(preferred, min(preferred + 200, 65536)):
        if port not in taken and is_free(port):
            return port
    return any_free_port()
