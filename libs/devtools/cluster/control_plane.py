"""etcd and the API server: enough of Kubernetes for whatever speaks only to its API, ready in five seconds."""

import http.client
import json
import ssl
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from devtools.children import last_lines
from devtools.cluster.certificates import Authority
from devtools.cluster.kubeconfig import write_kubeconfig
from devtools.cluster.tools import program
from devtools.failure import Failure
from devtools.unpacked import unpacked

SERVICE_RANGE = "10.96.0.0/16"
SERVICE_ADDRESS = "10.96.0.1"
"""Of the Service `kubernetes`: the first one of the range."""

_EXTENSIONS_CLIENT = "front-proxy-client"
"""Whose word extensions of the API take for who is asking; no certificate of another name counts."""
_START_TIMEOUT_S = 120.0
_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)


class Start(Protocol):
    """Starts a program that logs to a file; what it ends with is the caller's."""

    def __call__(self, argv: Sequence[str], *, log: Path) -> subprocess.Popen[bytes]:
        """Start it."""


class ControlPlane:
    """etcd and the API server of one cluster; ``folder`` holds everything of it: data, certificates, logs."""

    def __init__(
        self,
        folder: Path,
        ports: Mapping[str, int],
        start: Start,
        *,
        address: str = "127.0.0.1",
        name: str = "florin",
        flags: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.address = address
        self.url = f"https://{address}:{ports['api']}"
        self.logs = folder / "logs"
        self.audit_log = self.logs / "audit.log"
        self.kubeconfig = folder / "kubeconfig"
        self._ports = dict(ports)
        self._start = start
        self._flags = tuple(flags)
        self.logs.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder / "certificates")
        self._served = self.authority.issue("kube-apiserver", hosts=[*_NAMES, "127.0.0.1", address, SERVICE_ADDRESS])
        self._to_kubelet = self.authority.issue("kube-apiserver-kubelet-client", groups=["system:masters"])
        self._to_extensions = self.authority.issue(_EXTENSIONS_CLIENT)
        self.token_key = self.authority.signing_key("service-accounts")
        self._admin = self.authority.issue("florin-admin", groups=["system:masters"])
        write_kubeconfig(self.kubeconfig, self.url, self.authority, self._admin, name=name)

    def start_etcd(self) -> subprocess.Popen[bytes]:
        """Start the store. It does not wait for the disk: a cluster for development survives no crash."""
        client, peer = (f"http://127.0.0.1:{self._ports[name]}" for name in ("etcd", "etcd-peer"))
        argv = [str(unpacked("etcd-server") / "usr/bin/etcd"), f"--data-dir={self.folder / 'etcd'}", "--name=florin"]
        argv += [f"--listen-client-urls={client}", f"--advertise-client-urls={client}", "--unsafe-no-fsync"]
        argv += [f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"]
        argv += [f"--initial-cluster=florin={peer}", "--auto-compaction-retention=5m"]
        return self._start(argv, log=self.logs / "etcd.log")

    def start_api_server(self) -> subprocess.Popen[bytes]:
        """Start the API server."""
        settings = {
            "etcd-servers": f"http://127.0.0.1:{self._ports['etcd']}",
            "bind-address": self.address,
            "secure-port": self._ports["api"],
            "tls-cert-file": self._served.certificate,
            "tls-private-key-file": self._served.key,
            "client-ca-file": self.authority.certificate,
            "kubelet-certificate-authority": self.authority.certificate,
            "kubelet-client-certificate": self._to_kubelet.certificate,
            "kubelet-client-key": self._to_kubelet.key,
            "kubelet-preferred-address-types": "InternalIP",
            "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
            "service-account-key-file": self.token_key,
            "service-account-signing-key-file": self.token_key,
            "service-cluster-ip-range": SERVICE_RANGE,
            "authorization-mode": "Node,RBAC",
            "enable-admission-plugins": "NodeRestriction",
            "audit-log-path": self.audit_log,
            "audit-policy-file": self._write_audit_policy(),
            "requestheader-client-ca-file": self.authority.certificate,
            "requestheader-allowed-names": _EXTENSIONS_CLIENT,
            "requestheader-username-headers": "X-Remote-User",
            "requestheader-group-headers": "X-Remote-Group",
            "requestheader-extra-headers-prefix": "X-Remote-Extra-",
            "proxy-client-cert-file": self._to_extensions.certificate,
            "proxy-client-key-file": self._to_extensions.key,
            "shutdown-delay-duration": "0s",
        }
        argv = [str(program("kube-apiserver")), *(f"--{name}={value}" for name, value in settings.items())]
        argv += self._flags
        return self._start(argv, log=self.logs / "kube-apiserver.log")

    def wait_until_ready(
        self, processes: Collection[subprocess.Popen[bytes]], say: Callable[[str], None] = lambda detail: None
    ) -> None:
        """Wait for the API server's own word; a Failure when one of its ``processes`` has ended."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            if any(process.poll() is not None for process in processes):
                raise Failure(
                    f"The API server did not start; the ends of the logs in {self.logs}:\n{self._last_lines()}"
                )
            status, told = self.get("/readyz?verbose")
            if status == 200:
                return
            say(told.partition("[-]")[2].partition("\n")[0])
            time.sleep(0.05)
        raise Failure(f"The API server was not ready in {_START_TIMEOUT_S:.0f} s; see {self.logs}.")

    def get(self, path: str) -> tuple[int, str]:
        """What the API server answers the administrator: the status (0: no answer) and the body."""
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        context.load_cert_chain(self._admin.certificate, self._admin.key)
        connection = http.client.HTTPSConnection(self.address, self._ports["api"], timeout=5.0, context=context)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def _write_audit_policy(self) -> Path:
        """One line for each request when it ends, with who asked what; no bodies, so no secrets."""
        path = self.folder / "audit-policy.json"
        rules = [{"level": "Metadata"}]
        policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules}
        path.write_text(json.dumps(policy))
        return path

    def _last_lines(self) -> str:
        return "\n".join(last_lines(self.logs / f"{name}.log", 4) for name in ("etcd", "kube-apiserver"))
