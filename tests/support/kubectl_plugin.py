"""A person at a terminal with kubectl and its plugin, and with rights of their own."""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from tests.support.florin_command import Ended
from tests.support.merchant_operator import ROOT, Operator, Tenant, role

from devtools.cluster.tools import program
from merchant_operator.names import GROUP, OPERATOR, PLAN_ACCOUNT
from merchant_operator.rbac import PLAN_USER_RULES, Rule, plan_proxy_rules

SERVICE = "florin-operator"
READ: list[Rule] = [
    {"apiGroups": [GROUP], "resources": ["merchantconfigs", "connectors"], "verbs": ["get", "list"]},
]
RELEASE: list[Rule] = [
    {"apiGroups": [GROUP], "resources": ["merchantconfigs"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
]


def plugin_environment(folder: Path, kubeconfig: Path) -> dict[str, str]:
    """The variables of a shell that finds kubectl and the plugin, which are put into a new folder, and this cluster."""
    folder.mkdir()
    (folder / "kubectl").symlink_to(program("kubectl"))
    plugin = folder / "kubectl-merchant"
    plugin.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m kubectl_merchant.main "$@"\n')
    plugin.chmod(0o755)
    return {
        "PATH": os.pathsep.join((str(folder), os.environ["PATH"])),
        "HOME": str(folder),
        "KUBECONFIG": str(kubeconfig),
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("libs", "operator")),
    }


class Person:
    """Runs `kubectl merchant ...` in a tenant's namespace, as a service account with the rules that are given."""

    def __init__(self, tenant: Tenant, folder: Path, name: str, rules: list[Rule]) -> None:
        self._tenant = tenant
        self._folder = folder / name
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        account["metadata"]["namespace"] = tenant.namespace  # type: ignore[index]
        tenant.api_server.apply(account, *role(name, tenant.namespace, rules, name, tenant.namespace))
        kubeconfig = tenant.api_server.kubeconfig_of(tenant.namespace, name)
        self.environment = plugin_environment(self._folder, kubeconfig)

    async def __call__(self, *arguments: str, stdin: Any = None, status: int = 0) -> Ended:
        """Run a command of the plugin; how it ended."""
        process = await asyncio.create_subprocess_exec(
            str(self._folder / "kubectl"),
            "merchant",
            *arguments,
            *([] if "-n" in arguments else [f"--namespace={self._tenant.namespace}"]),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment,
        )
        sent = "" if stdin is None else json.dumps({"apiVersion": "v1", "kind": "List", "items": stdin})
        out, err = await process.communicate(sent.encode())
        assert process.returncode is not None
        ended = Ended(process.returncode, out.decode(), err.decode())
        assert ended.status == status, ended
        assert "Traceback" not in ended.err
        return ended

    async def asks(self, *arguments: str, stdin: Any = None, status: int = 0) -> Any:
        """The same with ``-o json``, decoded."""
        return json.loads((await self(*arguments, "-o", "json", stdin=stdin, status=status)).out)


def publish(operator: Operator) -> None:
    """Make the operator reachable through the API server and say where it is: what its chart, the kubelet and the
    controller of endpoints do.
    """
    tenant, address = operator.tenant, own_address()
    named = {"name": SERVICE, "namespace": tenant.namespace}
    port = {"name": "http", "port": operator.port}
    container = {"name": "operator", "image": "none"}
    target = {"kind": "Pod", "name": SERVICE, "namespace": tenant.namespace}
    account = {"name": PLAN_ACCOUNT, "namespace": tenant.namespace}
    account["annotations"] = {OPERATOR: f"{tenant.namespace}/{SERVICE}"}  # type: ignore[assignment]
    tenant.api_server.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": named,
            "spec": {"serviceAccountName": PLAN_ACCOUNT, "containers": [container]},
        },
        {"apiVersion": "v1", "kind": "Service", "metadata": named, "spec": {"ports": [port]}},
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": named,
            "subsets": [{"addresses": [{"ip": address, "targetRef": target}], "ports": [port]}],
        },
    )
    status = json.dumps({"status": {"podIP": address, "podIPs": [{"ip": address}]}})
    tenant.kubectl("patch", "pod", SERVICE, "--subresource=status", "--type=merge", "-p", status)


def planner_rules() -> list[Rule]:
    """What a person needs to plan, where the operator runs in the namespace itself."""
    return [*PLAN_USER_RULES, *plan_proxy_rules(SERVICE)]


def own_address() -> str:
    """An address of this machine that is not loopback: the API server proxies to no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return str(probe.getsockname()[0])
