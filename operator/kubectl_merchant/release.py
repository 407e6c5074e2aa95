"""`kubectl merchant release NAME`: frees a resource whose deletion waits for an operator that is gone.

It leaves an Event and an annotation. merchants learns of it from the next sweep of an operator, which does what the
deletion policy said.
"""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

import click

from florin_cli.failure import Exit, Failure, Misused
from kubectl_merchant.explain import target_of
from kubectl_merchant.kubectl import Kubectl, KubectlFailed
from kubectl_merchant.options import Desk, command
from merchant_operator.names import API_VERSION, FINALIZER, RELEASED


class NothingToRelease(Failure):
    """The resource does not wait for Florin."""

    exit = Exit.REFUSED
    code = "nothing_to_release"


@click.command("release")
@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@command
def release_resource(desk: Desk, name: str, yes: bool) -> int:
    """Take Florin's finalizer off a MerchantConfig under deletion, because its operator is gone for good.

    Its merchant's keys stay valid until an operator runs again.
    """
    target = target_of(name)
    body = desk.kubectl.read(*target)
    metadata = body["metadata"]
    others = [finalizer for finalizer in metadata.get("finalizers", ()) if finalizer != FINALIZER]
    _check(metadata)
    _confirm(f"Release {name}? Its merchant's keys stay valid until an operator sweeps again.", yes=yes)
    person = _who(desk.kubectl)
    trace = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} by {person}"
    patch = {
        "metadata": {
            "resourceVersion": metadata["resourceVersion"],
            "annotations": {RELEASED: trace},
            "finalizers": others or None,
        }
    }
    namespace = f"--namespace={metadata['namespace']}"
    desk.kubectl.run("patch", *target, namespace, "--type=merge", "-p", json.dumps(patch))
    if problem := _post_event(desk.kubectl, body, f"The finalizer {FINALIZER} was taken away by {person}."):
        desk.screen.note(f"The Event could not be written: {problem.sentence}")
    document = {"name": metadata["name"], "namespace": metadata["namespace"], "released": trace, "heldBy": others}

    def paint() -> None:
        held = f" It is still held by {', '.join(others)}." if others else " It is gone."
        desk.screen.line(f"Released {metadata['name']}.{held}")
        desk.screen.note("merchants hears of it at the next sweep of an operator that serves this namespace.")

    desk.screen.show(document, paint)
    return Exit.OK


def _check(metadata: dict[str, Any]) -> None:
    name = metadata["name"]
    if FINALIZER not in metadata.get("finalizers", ()):
        raise NothingToRelease(f"{name} is not held by Florin: it has no finalizer {FINALIZER}.")
    if "deletionTimestamp" not in metadata:
        raise NothingToRelease(
            f"{name} is not under deletion.",
            advice=f"kubectl delete merchantconfig {name} asks the operator; release is for when none is there.",
        )


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Misused(f"{question} Nobody is here to say so.", advice="Add --yes to do it without asking.")
    click.confirm(question, abort=True, err=True)


def _who(kubectl: Kubectl) -> str:
    try:
        review = json.loads(kubectl.run("auth", "whoami", "-o", "json"))
        return str(review["status"]["userInfo"]["username"])
    except KubectlFailed:  # an API server that does not tell
        return "somebody"


def _post_event(kubectl: Kubectl, body: dict[str, Any], message: str) -> KubectlFailed | None:
    metadata, now = body["metadata"], datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    about = {name: metadata[name] for name in ("name", "namespace", "uid", "resourceVersion")}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name']}.{time.time_ns():x}", "namespace": metadata["namespace"]},
        "involvedObject": {"apiVersion": API_VERSION, "kind": body["kind"], **about},
        "reason": "Released",
        "message": message,
        "type": "Warning",
        "source": {"component": "kubectl-merchant"},
        "reportingComponent": "florin.dev/kubectl-merchant",
        "reportingInstance": "kubectl-merchant",
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
    try:
        kubectl.send(f"/api/v1/namespaces/{metadata['namespace']}/events", event)
    except KubectlFailed as failed:
        return failed
    return None
