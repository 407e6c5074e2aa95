"""The node: the first process in namespaces of its own, which holds everything else of the cluster.

Run by `devtools.cluster.isolation` as ``python -m devtools.cluster.node``. Its processes, mounts, interfaces and packet
filters exist in its namespaces only, so the kernel takes all of them away when this process ends, however it ends.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devtools.children import start_child
from devtools.cluster.control_plane import ControlPlane
from devtools.cluster.masks import mask_folders
from devtools.cluster.node_programs import NodePrograms
from devtools.cluster.place import Place
from devtools.failure import Failure
from devtools.status import FAILED, LOCK, RUNNING, STARTING, Status, UnitStatus, hold

PORTS = {"api": 6443, "etcd": 2379, "etcd-peer": 2380}
"""In the node's own network, where nothing else listens."""
_PAUSE_BEFORE_A_RESTART_S = 1.0


class Node:
    """Starts the programs of a cluster in their order, and again when one ends."""

    def __init__(self, place: Place, address: str, pid: int) -> None:
        self.place = place
        self._plane = ControlPlane(place.folder, PORTS, self._start, address=address, name=place.name)
        programs = NodePrograms(place, self._plane, self._start)
        self._starts: dict[str, Callable[[], subprocess.Popen[bytes]]] = {
            "etcd": self._plane.start_etcd,
            "kube-apiserver": self._plane.start_api_server,
            "containerd": programs.start_containerd,
            "kube-controller-manager": programs.start_controller_manager,
            "kube-scheduler": programs.start_scheduler,
            "kubelet": programs.start_kubelet,
            "kube-proxy": programs.start_proxy,
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.status = Status(pid, STARTING, "", [UnitStatus(name) for name in self._starts])

    def run(self) -> None:
        """Until a signal ends it."""
        for name in self._starts:
            self._bring_up(name)
            if name == "kube-apiserver":
                self._plane.wait_until_ready(self._running.values())
        self._say(RUNNING)
        while True:
            self._bring_up_again(self._wait_for_an_end())

    def _bring_up(self, name: str) -> None:
        self._running[name] = self._starts[name]()
        self._mark(name, "ready")

    def _bring_up_again(self, name: str) -> None:
        self._status_of(name).restarts += 1
        self._mark(name, "crashed")
        time.sleep(_PAUSE_BEFORE_A_RESTART_S)
        self._bring_up(name)

    def _wait_for_an_end(self) -> str:
        """The name of a program that ended. As the first process we are also the parent of everybody's orphans."""
        while True:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            pid = ended.si_pid if ended else 0
            for name, process in self._running.items():
                if process.pid == pid:
                    process.wait()
                    return name
            os.waitpid(pid, 0)

    def _mark(self, name: str, state: str) -> None:
        status = self._status_of(name)
        status.state, status.since = state, time.time()
        print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {name} is {state}", flush=True)
        self.status.write(self.place.folder)

    def _say(self, phase: str) -> None:
        self.status.phase = phase
        self.status.write(self.place.folder)

    def _status_of(self, name: str) -> UnitStatus:
        return next(unit for unit in self.status.units if unit.name == name)

    def _start(self, argv: Sequence[str], *, log: Path) -> subprocess.Popen[bytes]:
        return start_child(argv, log=log, cwd=self.place.folder, when_parent_dies=signal.SIGKILL)


def main() -> int:
    """Hold the node of a place until a signal comes; the arguments are its folder, its name and its address."""
    folder, name, address = sys.argv[1:]
    place = Place(Path(folder), name)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    lock = hold(place.folder / LOCK)
    # The machine tells our number as it knows it, once the cable is in; or goes away.
    if lock is None or not (told := sys.stdin.readline()):
        return 2
    pid = int(told)
    try:
        node = Node(place, address, pid)
        mask_folders(place)
        node.run()
    except (Failure, OSError, subprocess.CalledProcessError) as failure:
        print(failure, flush=True)
        Status(pid, FAILED, str(failure)).write(place.folder)
        return 1
    finally:
        lock.close()
    return 0


def _end(number: int, frame: object) -> None:
    # With this process everything ends. What it keeps is thrown away by whoever asked for that.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
