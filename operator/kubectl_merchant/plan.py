"""`kubectl merchant plan -f FILE`: what manifests would do. Nothing is changed, at the API server or at merchants.

The operator asks merchants with dryRun. It is reached through the API server's proxy and told who asks by a token of
the namespace's service account `florin-plan`, good for ten minutes and for nothing else: who may make one is decided by
the person's own rights.
"""

import json
import sys
from typing import Any

import click
from rich.text import Text

from florin_cli.cells import changed, plain
from florin_cli.failure import Exit, Failure, Misused
from florin_cli.screen import Row, Screen
from kubectl_merchant.kubectl import Kubectl, KubectlFailed
from kubectl_merchant.options import Desk, command
from merchant_operator.names import API_VERSION, CONNECTOR, MERCHANT_CONFIG, OPERATOR, PLAN_ACCOUNT, PLAN_AUDIENCE

_TOKEN_LIFE = "10m"  # noqa: S105 - a duration; the API server makes none for less
_SIGNS = {"added": "+", "removed": "-"}


class NotServed(Failure):
    """No operator plans for this namespace."""

    exit = Exit.REFUSED
    code = "not_served"


@click.command("plan")
@click.option("-f", "--filename", required=True, metavar="FILE", help="Manifests; - is standard input.")
@command
def plan_manifests(desk: Desk, filename: str) -> int:
    """Show what manifests would change, what would be refused, and which routes payments would take.

    Exit status 1: something would be refused, or wait.
    """
    manifests = _read(desk.kubectl, filename)
    configs = [one for one in manifests if one["kind"] == MERCHANT_CONFIG]
    if not configs:
        raise Misused(f"{filename} holds no MerchantConfig of {API_VERSION}.")
    plans: list[Row] = []
    for body in configs:
        metadata = body["metadata"]
        beside = [
            one["metadata"]["name"]
            for one in manifests
            if one["kind"] == CONNECTOR and one["metadata"].get("namespace") == metadata.get("namespace")
        ]
        plans.append({"name": metadata["name"], "namespace": metadata["namespace"], **_ask(desk.kubectl, body, beside)})
    desk.screen.show({"data": plans}, lambda: _paint_all(desk.screen, plans))
    return Exit.OK if all(plan["accepted"] for plan in plans) else Exit.FINDING


def _read(kubectl: Kubectl, filename: str) -> list[Any]:
    """The manifests of a file as kubectl reads them, with the namespace that it would put them into."""
    stdin = sys.stdin.read() if filename == "-" else None
    text = kubectl.run("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", filename, stdin=stdin)
    decoder = json.JSONDecoder()
    manifests: list[Any] = []
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        text = text[end:]
        manifests += document["items"] if document["kind"] == "List" else [document]
    return [manifest for manifest in manifests if manifest["apiVersion"] == API_VERSION]


def _ask(kubectl: Kubectl, body: dict[str, Any], connectors: list[str]) -> Any:
    namespace = body["metadata"]["namespace"]
    service_namespace, service = _operator_of(kubectl, namespace)
    token = kubectl.run(
        "create",
        "token",
        PLAN_ACCOUNT,
        f"--namespace={namespace}",
        f"--audience={PLAN_AUDIENCE}",
        f"--duration={_TOKEN_LIFE}",
    ).strip()
    request = {
        "token": token,
        "namespace": namespace,
        "name": body["metadata"]["name"],
        "annotations": body["metadata"].get("annotations", {}),
        "spec": body.get("spec", {}),
        "connectors": connectors,
    }
    path = f"/api/v1/namespaces/{service_namespace}/services/{service}:http/proxy/plan"
    return kubectl.send(path, request)


def _operator_of(kubectl: Kubectl, namespace: str) -> tuple[str, str]:
    """The namespace and the name of the Service of the operator that serves a namespace."""
    try:
        account = kubectl.read("serviceaccount", PLAN_ACCOUNT, f"--namespace={namespace}")
    except KubectlFailed as failed:
        if failed.reason != "NotFound":
            raise
        account = {"metadata": {}}
    named = account["metadata"].get("annotations", {}).get(OPERATOR, "")
    service_namespace, slash, service = named.partition("/")
    if not slash:
        raise NotServed(
            f"No operator plans for the namespace {namespace!r}: no service account {PLAN_ACCOUNT} there names one.",
            advice="Name the namespace in the operator's `namespaces`, and leave `plan.enabled` true.",
        )
    return service_namespace, service


def _paint_all(screen: Screen, plans: list[Row]) -> None:
    for plan in plans:
        _paint(screen, plan)


def _paint(screen: Screen, answer: Row) -> None:
    screen.line(Text(plain(f"MerchantConfig {answer['name']} in {answer['namespace']}"), style="bold"))
    planned = answer.get("planned") or {"changes": [], "routes": [], "violations": [], "conflict": None}
    for change in planned["changes"]:
        screen.line(Text("  ").append_text(changed(change)))
    if planned["routes"]:
        screen.line("  Payments may go another way:")
        for route in planned["routes"]:
            screen.line(plain(f"    {_SIGNS.get(route['change'], '~')} {route['rule']}: {route['detail']}"))
    refused = [f"spec.{one['path']}: {one['message']}" for one in planned["violations"]]
    if conflict := planned["conflict"]:
        refused.append(f"{conflict['detail']} ({conflict['code']})")
    for sentence in [*answer["problems"], *refused]:
        screen.line(Text(f"  ✗ {plain(sentence)}", style="red"))
    screen.note(f"  {_summary(answer, planned)}", style="dim" if answer["accepted"] else "red")


def _summary(answer: Row, planned: Row) -> str:
    count = len(planned["changes"])
    what = "Nothing changes" if not count else f"{count} field{'s change' if count > 1 else ' changes'}"
    if answer["accepted"]:
        policy = {
            "Report": ". reconcilePolicy is Report: the operator would write nothing of it",
            "Paused": ". reconcilePolicy is Paused: the operator would look away",
        }.get(answer["policy"], "")
        return f"{what}, and would be accepted{policy}."
    return f"{what}, and would be refused." if planned["violations"] or planned["conflict"] else f"{what}, and waits."
