"""A real API server for tests: etcd and kube-apiserver on private ports, gone with the run."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devtools.children import start_child, stop_child
from devtools.cluster.control_plane import ControlPlane
from devtools.cluster.tools import program
from devtools.ports import any_free_port
from devtools.unpacked import unpacked


class KubectlError(Exception):
    """What kubectl wrote to stderr."""


@dataclass(frozen=True)
class Kubernetes:
    """A cluster that a test may use, by its kubeconfig."""

    kubeconfig: Path

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl says; `KubectlError` where it fails."""
        done = self.try_kubectl(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise KubectlError(done.stderr)
        return done.stdout

    def try_kubectl(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """The same with its exit status, whatever it is."""
        argv = [str(program("kubectl")), f"--kubeconfig={self.kubeconfig}", *arguments]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False, timeout=120)

    def get(self, *arguments: str) -> Any:
        """An object or a list of them, decoded."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def apply(self, *manifests: dict[str, Any]) -> None:
        """Apply objects (server-side, so that the API server itself finds what is wrong)."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(listed))


@dataclass(frozen=True)
class ApiServer(Kubernetes):
    """An API server with nothing behind it: no controllers, no nodes. So namespaces never finish to be deleted, owned
    objects are not collected, and no pod runs. RBAC, CEL, admission, conversion and watches are the real ones.
    """

    plane: ControlPlane
    processes: dict[str, subprocess.Popen[bytes]]

    @property
    def url(self) -> str:
        """https://127.0.0.1:port."""
        return self.plane.url

    def requests(self, user: str) -> list[dict[str, Any]]:
        """What a user (such as ``system:serviceaccount:florin:operator``) has asked so far, from the audit log."""
        lines = self.plane.audit_log.read_text().splitlines()
        return [entry for entry in map(json.loads, lines) if entry["user"]["username"] == user]

    def kubeconfig_of(self, namespace: str, service_account: str) -> Path:
        """A kubeconfig with the rights of a service account and nothing else."""
        token = self.kubectl("create", "token", service_account, f"--namespace={namespace}").strip()
        config = json.loads(self.kubeconfig.read_text())
        config["users"][0]["user"] = {"token": token}
        path = self.kubeconfig.with_name(f"kubeconfig-{namespace}-{service_account}")
        path.touch(mode=0o600)
        path.write_text(json.dumps(config))
        return path

    def stop_api_server(self) -> None:
        """As when it is restarted or upgraded: connections end, nothing is lost."""
        stop_child(self.processes["kube-apiserver"], timeout_s=30.0)

    def start_api_server(self) -> None:
        """Start it again, on the same port and data."""
        process = self.processes["kube-apiserver"] = self.plane.start_api_server()
        self.plane.wait_until_ready([process])

    @contextmanager
    def set_back(self) -> Iterator[None]:
        """What is stored inside is lost at the end, as by a restore of etcd from a backup."""
        data, backup = self.plane.folder / "etcd", self.plane.folder / "etcd-backup"
        with self._stopped():
            shutil.copytree(data, backup)
        yield
        with self._stopped():
            shutil.rmtree(data)
            backup.rename(data)

    @contextmanager
    def _stopped(self) -> Iterator[None]:
        self.stop_api_server()
        stop_child(self.processes["etcd"], timeout_s=30.0)
        yield
        self.processes["etcd"] = self.plane.start_etcd()
        self.start_api_server()


def build_first(session: pytest.Session) -> None:
    """Build what tests of this session need before the first one: it takes minutes, and their time is limited."""
    wanted = any("api_server" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and not session.config.option.collectonly:
        capture = session.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            program("kubectl")
            program("kube-apiserver")
            unpacked("etcd-server")


@contextmanager
def running_api_server(folder: Path, *, flags: Sequence[str] = ()) -> Iterator[ApiServer]:
    """etcd and an API server in ``folder``, ready; ``flags`` are the API server's."""
    server = _started(folder, flags)
    try:
        yield server
    finally:
        _stop(server.processes)


def _started(folder: Path, flags: Sequence[str]) -> ApiServer:
    ports = {name: any_free_port() for name in ("api", "etcd", "etcd-peer")}
    plane = ControlPlane(folder, ports, _start, flags=flags)
    processes = {"etcd": plane.start_etcd()}
    try:
        processes["kube-apiserver"] = plane.start_api_server()
        plane.wait_until_ready(processes.values())
    except BaseException:
        _stop(processes)
        raise
    return ApiServer(plane.kubeconfig, plane, processes)


def _start(argv: Sequence[str], *, log: Path) -> subprocess.Popen[bytes]:
    return start_child(argv, log=log, when_parent_dies=signal.SIGKILL)


def _stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for process in reversed(processes.values()):
        process.kill()  # nothing of it is kept
        process.wait()
