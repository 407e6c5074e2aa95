"""The node from outside: its start in namespaces of its own, the cable to it, commands inside of it, its end."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from devtools.children import last_lines, start_child
from devtools.cluster.control_plane import SERVICE_RANGE
from devtools.cluster.groups import make_groups, remove_groups
from devtools.cluster.place import Place, choose_addresses, make_folder
from devtools.environment import environment_python, variables
from devtools.failure import Failure
from devtools.places import CHECKOUT
from devtools.status import LOCK, find_supervisor, holder_of

_APPEARS_WITHIN_S = 30.0
_ENDS_WITHIN_S = 30.0


def start_node(place: Place) -> None:
    """Start the node and connect it. It lives on when this process ends."""
    make_folder(place)
    ours, nodes = choose_addresses(place)
    make_groups(place)
    # What is written to it reaches the node; when this process dies before the cable is in, the node ends.
    reading, writing = os.pipe()
    argv = ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc"]
    argv += ["--", str(environment_python()), "-m", "devtools.cluster.node", str(place.folder), place.name, nodes]
    with os.fdopen(reading, "rb") as question, os.fdopen(writing, "wb") as answer:
        launched = start_child(
            argv, log=place.logs / "node.log", env=variables(), cwd=CHECKOUT, when_parent_dies=None, stdin=question
        )
        pid = _wait_until_it_holds_its_place(place, launched)
        _connect(place, pid, ours, nodes)
        answer.write(f"{pid}\n".encode())


def _wait_until_it_holds_its_place(place: Place, launched: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + _APPEARS_WITHIN_S
    while time.monotonic() < deadline:
        if pid := holder_of(place.folder / LOCK):
            return pid
        if launched.poll() is not None:
            break
        time.sleep(0.02)
    raise Failure(
        f"The node did not start; the end of {place.logs / 'node.log'}:\n{last_lines(place.logs / 'node.log')}"
    )


def _connect(place: Place, pid: int, ours: str, nodes: str) -> None:
    """A cable between this machine and the node. Services are found there; everything else is refused at once."""
    inside = ["nsenter", f"--net=/proc/{pid}/ns/net", "ip"]
    for argv in (
        ["ip", "link", "add", place.interface, "type", "veth", "peer", "name", "eth0", "netns", str(pid)],
        ["ip", "address", "add", f"{ours}/30", "dev", place.interface],
        ["ip", "link", "set", place.interface, "up"],
        [*inside, "link", "set", "lo", "up"],
        [*inside, "address", "add", f"{nodes}/30", "dev", "eth0"],
        [*inside, "link", "set", "eth0", "up"],
        [*inside, "route", "add", SERVICE_RANGE, "dev", "eth0"],
        [*inside, "route", "add", "unreachable", "default"],
        ["nsenter", f"--net=/proc/{pid}/ns/net", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"],
    ):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"The node could not be connected ({' '.join(argv)}): {done.stderr.strip()}")


def run_inside(place: Place, argv: Sequence[str], *, stdin: BinaryIO | None = None) -> str:
    """Run a program among those of the node; what it prints."""
    pid = holder_of(place.folder / LOCK)
    if pid is None:
        raise Failure("The cluster is not up: ./dev cluster up.")
    enter = ["nsenter", f"--target={pid}", "--mount", "--net", "--pid", "--uts", "--ipc", "--"]
    done = subprocess.run([*enter, *argv], stdin=stdin or subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{argv[0]} failed inside of the node:\n{done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


def end_node(place: Place) -> bool:
    """End whatever is left of a node, however it came to its end; True when there was something.

    The kernel ends its processes and takes mounts, interfaces and filters away with its first process. Groups and
    files stay, so they are removed.
    """
    found = False
    if supervisor := find_supervisor(place.folder):
        found = True
        supervisor.ask_to_stop()
        if not supervisor.has_ended(within_s=_ENDS_WITHIN_S):
            raise Failure(f"The node (process {supervisor.pid}) has not ended in {_ENDS_WITHIN_S:.0f} s.")
    return remove_groups(place) | _remove_cable(place) | found


def _remove_cable(place: Place) -> bool:
    """The kernel takes it away a moment after the node's network; one that never got its other end stays."""
    if not Path("/sys/class/net", place.interface).exists():
        return False
    subprocess.run(["ip", "link", "delete", place.interface], capture_output=True, check=False)
    return True
