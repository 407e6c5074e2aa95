"""The operator as a process of its own, with an account that may do what its Roles say and nothing else."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import yaml
from tests.support.kubernetes import ApiServer
from tests.support.merchants import ADMIN_TOKEN
from tests.support.platform import eventually

from devtools.children import start_child, stop_child
from devtools.ports import any_free_port
from merchant_operator.crds import DEFINITIONS
from merchant_operator.names import API_VERSION, GROUP, PLAN_ACCOUNT, PLURALS
from merchant_operator.rbac import CLUSTER_RULES, NAMESPACE_RULES, PLAN_ACCOUNT_RULES, Rule

ROOT = Path(__file__).parents[2]
ACCOUNT = "florin-operator"
_START_S = 60.0


def install_definitions(api_server: ApiServer) -> None:
    """Apply the chart's definitions and wait until they are served."""
    for plural in PLURALS.values():
        api_server.kubectl("apply", "--server-side", "-f", str(ROOT / f"charts/florin-crds/templates/{plural}.yaml"))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if all(_answers(api_server, plural) for plural in PLURALS.values()):
            return
        time.sleep(0.1)
    raise AssertionError(f"{sorted(DEFINITIONS)} are not served")


def _answers(api_server: ApiServer, plural: str) -> bool:
    return api_server.try_kubectl("get", "--raw", f"/apis/{API_VERSION}/{plural}").returncode == 0


def role(name: str, namespace: str, rules: list[Rule], account: str, account_namespace: str) -> list[dict[str, Any]]:
    """A Role and its binding to an account; a ClusterRole where the namespace is empty."""
    kind = "Role" if namespace else "ClusterRole"
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    api = "rbac.authorization.k8s.io/v1"
    return [
        {"apiVersion": api, "kind": kind, "metadata": metadata, "rules": rules},
        {
            "apiVersion": api,
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": account_namespace}],
        },
    ]


class Tenant:
    """A namespace of its own that an operator serves, and what a person does there with kubectl."""

    def __init__(self, api_server: ApiServer, namespace: str) -> None:
        self.api_server = api_server
        self.namespace = namespace
        api_server.kubectl("create", "namespace", namespace)
        accounts = [
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
            for name in (ACCOUNT, PLAN_ACCOUNT)
        ]
        api_server.apply(
            *accounts,
            *role("operator", namespace, NAMESPACE_RULES, ACCOUNT, namespace),
            *role("plan", namespace, PLAN_ACCOUNT_RULES, PLAN_ACCOUNT, namespace),
            *role(f"plan-{namespace}", "", CLUSTER_RULES, ACCOUNT, namespace),
        )

    @property
    def user(self) -> str:
        """The operator's account, as the audit log names it."""
        return f"system:serviceaccount:{self.namespace}:{ACCOUNT}"

    def owner(self, name: str) -> str:
        """A resource as merchants knows it."""
        uid: str = self.api_server.get("namespace", self.namespace)["metadata"]["uid"]
        return f"default/{self.namespace}/{name}@{uid.partition('-')[0]}"

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.api_server.kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def apply(self, *manifests: dict[str, Any]) -> None:
        for manifest in manifests:
            manifest.setdefault("metadata", {})["namespace"] = self.namespace
        self.api_server.apply(*manifests)

    def get(self, name: str, kind: str = "merchantconfigs") -> Any:
        return self.api_server.get("-n", self.namespace, kind, name)

    def secret(self, name: str, entries: dict[str, str]) -> None:
        """Make or change a Secret."""
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": entries})

    def events(self, name: str) -> list[str]:
        """The reasons of the events of a resource, oldest first."""
        listed = self.api_server.get("-n", self.namespace, "events")["items"]
        mine = [event for event in listed if event["involvedObject"]["name"] == name]
        return [event["reason"] for event in sorted(mine, key=lambda event: event["metadata"]["resourceVersion"])]

    async def until(self, name: str, *wanted: str, kind: str = "merchantconfigs", timeout_s: float = 60) -> Any:
        """The resource once each ``Type=Status`` or ``Type=Status:Reason`` holds of its present generation."""
        last: Any = None

        async def holds() -> Any:
            nonlocal last
            last = await asyncio.to_thread(self.get, name, kind)
            said = {
                f"{item['type']}={item['status']}": f":{item['reason']}"
                for item in last["status"]["conditions"]
                if item["observedGeneration"] == last["metadata"]["generation"]
            }
            found = {*said, *(key + reason for key, reason in said.items())}
            return last if set(wanted) <= found else None

        try:
            return await eventually(holds, timeout_s=timeout_s, pause_s=0.2)
        except AssertionError:
            status = yaml.safe_dump(last.get("status")) if last else "nothing"
            raise AssertionError(f"{wanted} did not come to hold of {name}:\n{status}") from None


class Operator:
    """A running operator. ``extra`` is added to its environment."""

    def __init__(self, tenant: Tenant, merchants_url: str, folder: Path, **extra: str) -> None:
        self.tenant = tenant
        self.name = secrets.token_hex(3)
        self.port = any_free_port()
        self.log = folder / f"operator-{self.name}.log"
        self.traces = folder / f"traces-{self.name}.jsonl"
        self._environment = {
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("libs", "operator")),
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "KUBECONFIG": str(tenant.api_server.kubeconfig_of(tenant.namespace, ACCOUNT)),
            "FLORIN_MERCHANTS_URL": merchants_url,
            "FLORIN_ADMIN_TOKEN": ADMIN_TOKEN,
            "FLORIN_NAMESPACES": tenant.namespace,
            "FLORIN_PORT": str(self.port),
            "FLORIN_SWEEP_INTERVAL_S": "2",
            "FLORIN_RETRY_LAST_S": "2",
            "FLORIN_BREAKER_OPEN_S": "1",
            "FLORIN_PROPAGATION_INTERVAL_S": "0.2",
            "FLORIN_PROBLEM_INTERVAL_S": "1",
            "FLORIN_SECRETS_INTERVAL_S": "2",
            "FLORIN_REQUEST_TIMEOUT_S": "5",
            "FLORIN_TRACES": str(self.traces),
            "FLORIN_TRACE_RATIO": "1.0",
            **extra,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Operator":
        """Start it."""
        self.process = start_child(
            [sys.executable, "-m", "merchant_operator.main"],
            log=self.log,
            env=self._environment,
            when_parent_dies=signal.SIGKILL,
        )
        return self

    async def ready(self) -> "Operator":
        """Wait until it has listed everything once."""
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            if await asyncio.to_thread(self.probe, "ready") == 200:
                return self
            await asyncio.sleep(0.05)
        raise AssertionError(f"the operator did not start:\n{self.tail()}")

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=20)

    def stop(self) -> int:
        """Ask it to stop; with what it exited."""
        assert self.process is not None
        stop_child(self.process, timeout_s=20.0)
        return self.process.returncode

    def probe(self, name: str) -> int:
        """The status of a probe; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/{name}", timeout=2) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=2) as reply:
            return str(reply.read().decode())

    def memory_mb(self) -> float:
        """Resident memory at its highest."""
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise AssertionError

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-6000:]

    def lines(self) -> list[Any]:
        """The log, decoded: every line is JSON."""
        return [msgspec.json.decode(line) for line in self.log.read_bytes().splitlines()]


@contextmanager
def running_operator(tenant: Tenant, merchants_url: str, folder: Path, **extra: str) -> Iterator[Operator]:
    """A started operator, killed at the end if it is still there."""
    operator = Operator(tenant, merchants_url, folder, **extra)
    try:
        yield operator.start()
    finally:
        operator.kill()


def connector(
    name: str = "bank", *, secret: str | None = None, adopt: str | None = None, **spec: Any
) -> dict[str, Any]:
    """A Connector's manifest."""
    reference = {"secretRef": {"name": secret}} if secret else {}
    return {
        "apiVersion": API_VERSION,
        "kind": "Connector",
        "metadata": {"name": name, **_adopting(adopt)},
        "spec": {"adapter": "simulator", "baseUrl": "https://bank.example", **reference, **spec},
    }


def merchant_config(name: str = "acme", *, adopt: str | None = None, **spec: Any) -> dict[str, Any]:
    """A MerchantConfig's manifest."""
    return {
        "apiVersion": API_VERSION,
        "kind": "MerchantConfig",
        "metadata": {"name": name, **_adopting(adopt)},
        "spec": {
            "merchantId": name,
            "displayName": "A shop",
            "currencies": ["EUR", "JPY"],
            "defaultCurrency": "EUR",
            "connectors": [{"name": "main", "connectorRef": {"name": "bank"}}],
            "routing": [{"name": "all", "targets": [{"connector": "main"}]}],
            **spec,
        },
    }


def _adopting(word: str | None) -> dict[str, Any]:
    return {} if word is None else {"annotations": {f"{GROUP}/adopt": word}}
