"""What the platform keeps between runs."""

import socket
import stat
from pathlib import Path

from devtools.state import load_state, make_state, move_taken_ports


def test_a_second_start_finds_what_the_first_one_made(tmp_path: Path) -> None:
    first = make_state(tmp_path)
    second = make_state(tmp_path)
    assert (second.ports, second.secrets) == (first.ports, first.secrets)
    assert len(set(first.ports.values())) == len(first.ports)
    assert len(set(first.secrets.values())) == len(first.secrets)


def test_secrets_are_closed_to_others(tmp_path: Path) -> None:
    state = make_state(tmp_path)
    for path in (tmp_path / "state.json", state.key_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_port_in_use_moves_and_the_others_stay(tmp_path: Path) -> None:
    state = make_state(tmp_path)
    before = dict(state.ports)
    with socket.socket() as other:
        other.bind(("127.0.0.1", before["merchants"]))
        other.listen()
        (sentence,) = move_taken_ports(state)
    assert str(before["merchants"]) in sentence
    assert "merchants" in sentence
    kept = load_state(tmp_path)
    assert kept is not None
    assert {name for name in before if kept.ports[name] != before[name]} == {"merchants"}
    assert move_taken_ports(kept) == []


def test_nothing_is_kept_before_the_first_start(tmp_path: Path) -> None:
    assert load_state(tmp_path) is None
