"""A cluster of its own, brought up and down under bad circumstances: it comes back whole, and leaves nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.cluster import leftovers, suitability
from devtools.cluster.groups import cgroup_mounts
from devtools.cluster.node_cluster import NodeCluster
from devtools.cluster.place import Place, cluster_place
from devtools.environment import variables
from devtools.images import docker_works
from devtools.places import CHECKOUT
from devtools.status import LOCK, holder_of

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0 or docker_works(), reason="a node without Docker, which needs root's rights"),
]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Place]:
    monkeypatch.setenv("FLORIN_HOME", str(tmp_path))
    place = cluster_place()
    yield place
    NodeCluster(place).down()


def _cluster(*arguments: str, without: str = "") -> subprocess.CompletedProcess[str]:
    """Run it, as an account that lacks a right."""
    argv = [sys.executable, "-m", "devtools.cluster", *arguments]
    if without:
        argv = ["setpriv", f"--bounding-set=-{without}", f"--inh-caps=-{without}", *argv]
    return subprocess.run(argv, cwd=CHECKOUT, env=variables(), capture_output=True, text=True, check=False, timeout=300)


def _coming_up() -> subprocess.Popen[str]:
    argv = [sys.executable, "-u", "-m", "devtools.cluster", "up", "--bare"]
    return subprocess.Popen(argv, cwd=CHECKOUT, env=variables(), stdout=subprocess.PIPE, text=True)


def _up() -> None:
    up = _cluster("up", "--bare")
    assert up.returncode == 0, up.stdout + up.stderr
    assert _cluster("status").returncode == 0


def _down() -> None:
    down = _cluster("down", "--verify")
    assert down.returncode == 0, down.stdout + down.stderr


def test_it_leaves_nothing_and_comes_again(place: Place) -> None:
    before = leftovers.of_the_machine()
    _up()
    assert leftovers.differences(before, leftovers.of_the_machine()), "a running cluster shows"
    _down()
    assert leftovers.differences(before, leftovers.of_the_machine()) == []
    assert not place.folder.exists()
    _up()
    _down()


def test_a_node_that_was_killed_comes_again_and_goes(place: Place) -> None:
    _up()
    os.kill(holder_of(place.folder / LOCK) or 0, signal.SIGKILL)
    assert _cluster("status").returncode == 1
    _up()
    os.kill(holder_of(place.folder / LOCK) or 0, signal.SIGKILL)
    _down()


@pytest.mark.parametrize("after", ["Kubernetes: its programs", "Loading", "Kubernetes: the node"])
def test_an_up_that_was_killed_is_continued_by_the_next(place: Place, after: str) -> None:
    with _coming_up() as up:
        assert up.stdout is not None
        assert any(after in line for line in up.stdout)
        up.kill()
    _up()
    _down()


@pytest.mark.parametrize("after", ["Kubernetes: its programs", "Kubernetes: the node"])
def test_an_up_that_was_killed_is_cleaned_up(place: Place, after: str) -> None:
    with _coming_up() as up:
        assert up.stdout is not None
        assert any(after in line for line in up.stdout)
        up.kill()
    _down()


@pytest.mark.parametrize("right", ["sys_admin", "net_admin"])
def test_a_machine_that_can_have_none_says_why(place: Place, right: str) -> None:
    up = _cluster("up", "--bare", without=right)
    assert up.returncode == suitability.STATUS
    assert "Operation not permitted\nIn a container, run it with --privileged" in up.stderr
    assert not place.folder.exists()


def test_what_is_left_is_named(place: Place) -> None:
    group = cgroup_mounts()[0] / f"{place.name}-left"
    subprocess.run(["ip", "link", "add", place.interface, "type", "bridge"], check=True)
    group.mkdir()
    place.folder.mkdir(parents=True)
    with subprocess.Popen(["unshare", "--net", "sleep", "60"]) as left:
        try:
            while (space := os.readlink(f"/proc/{left.pid}/ns/net")) == os.readlink("/proc/self/ns/net"):
                pass
            told = "\n".join(leftovers.remains(place, {space}))
        finally:
            left.kill()
            group.rmdir()
            subprocess.run(["ip", "link", "delete", place.interface], check=True)
    for expected in (f"process: {left.pid} ", f"group: {group}", f"interface: {place.interface}", "files: "):
        assert expected in told


def test_two_at_once_are_refused(place: Place) -> None:
    with _coming_up() as up:
        assert up.stdout is not None
        assert any("Kubernetes" in line for line in up.stdout)
        second = _cluster("up", "--bare")
        assert second.returncode == 1
        assert "at work" in second.stderr
        assert up.stdout.read()
    _down()
