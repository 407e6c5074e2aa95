"""A port that is given stays with who asked for it."""

import socket

import pytest

from devtools.ports import HOST, any_free_port


def test_a_server_may_listen_on_its_port_and_listen_again() -> None:
    port = any_free_port()
    for _ in range(2):
        with socket.create_server((HOST, port)), socket.create_connection((HOST, port)):
            pass


def test_nobody_listens_on_it_before() -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, any_free_port()))


def test_the_kernel_gives_it_to_none_who_asks_for_any_port() -> None:
    ours = {any_free_port() for _ in range(50)}
    assert len(ours) == 50
    theirs = [socket.socket() for _ in range(400)]
    for other in theirs:
        other.bind((HOST, 0))
    assert not ours & {other.getsockname()[1] for other in theirs}
    with socket.socket() as one, pytest.raises(OSError, match="in use"):
        one.bind((HOST, ours.pop()))
    for other in theirs:
        other.close()
