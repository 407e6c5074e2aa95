"""Where a resource stands on its way, from what the API server holds of it: pure, and the same for people and programs.

    seen -> accepted -> synced -> propagated -> ready

A resource under deletion has one link, `let go`: Florin's finalizer holds it until its merchant is disabled.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct

from kubectl_merchant.ways_out import OPERATOR_SILENT, OTHER_FINALIZERS, next_try, way_out
from merchant_operator.names import FINALIZER
from merchant_operator.problems import Reason

SILENT_S = 15.0
"""An operator that runs has looked at a change long before."""
_CONDITIONS = ("Accepted", "Synced", "Propagated", "Ready")
_AT_WORK = {Reason.PENDING, Reason.PROPAGATING}


class State(StrEnum):
    """How a link is."""

    DONE = "done"
    AT_WORK = "at_work"
    FAILED = "failed"
    WAITING = "waiting"
    """For the link before it."""


class Link(Struct, frozen=True, rename="camel"):
    """One link of the chain."""

    name: str
    state: State
    reason: str
    message: str
    since: str | None = None


class Explanation(Struct, frozen=True, kw_only=True, rename="camel"):
    """The whole answer. ``failing_link``: the first that is not done; null where all are."""

    kind: str
    namespace: str
    name: str
    merchant_id: str | None
    generation: int
    config_version: int | None
    ready: bool
    links: tuple[Link, ...]
    failing_link: str | None = None
    reason: str | None = None
    message: str | None = None
    next_try: str | None = None
    next_retry_time: str | None = None
    way_out: str | None = None
    drift: tuple[str, ...] = ()


def explain(body: dict[str, Any], now: datetime) -> Explanation:
    """What the API server's document of a MerchantConfig or Connector says."""
    metadata, status = body["metadata"], body.get("status", {})
    links = _deletion(body, now) if metadata.get("deletionTimestamp") else _chain(body, now)
    failing = next((link for link in links if link.state is not State.DONE), None)
    named = {
        "kind": body["kind"],
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "merchant_id": body.get("spec", {}).get("merchantId"),
        "generation": metadata["generation"],
        "config_version": status.get("configVersion"),
        "drift": tuple(status.get("drift", ())),
    }
    if failing is None:
        return Explanation(ready=True, links=tuple(links), **named)
    retry = status.get("nextRetryTime")
    return Explanation(
        ready=False,
        links=tuple(links),
        failing_link=failing.name,
        reason=failing.reason,
        message=failing.message,
        next_try=f"at {retry}" if retry else next_try(failing.reason),
        next_retry_time=retry,
        way_out=way_out(failing.reason, body),
        **named,
    )


def _chain(body: dict[str, Any], now: datetime) -> list[Link]:
    seen = _seen(body, now)
    links = [seen]
    said = {item["type"]: item for item in body.get("status", {}).get("conditions", ())}
    for kind in _CONDITIONS:
        if kind == "Propagated" and body["kind"] != "MerchantConfig":
            continue
        broken = links[-1].state is not State.DONE
        links.append(Link(kind.lower(), State.WAITING, "", "") if broken else _link(kind, said.get(kind, {})))
    return links


def _seen(body: dict[str, Any], now: datetime) -> Link:
    generation = body["metadata"]["generation"]
    if body.get("status", {}).get("observedGeneration", 0) == generation:
        return Link("seen", State.DONE, "Seen", f"The operator has looked at generation {generation}.")
    since = _stored_at(body)
    if now - since < timedelta(seconds=SILENT_S):
        return Link("seen", State.AT_WORK, Reason.PENDING, f"Generation {generation} was stored a moment ago.")
    message = f"No operator has looked at generation {generation}."
    return Link("seen", State.FAILED, OPERATOR_SILENT, message, _text(since))


def _link(kind: str, condition: dict[str, Any]) -> Link:
    name, reason = kind.lower(), condition.get("reason", Reason.PENDING)
    state = State.AT_WORK if reason in _AT_WORK else State.FAILED
    if condition.get("status") == "True":
        state = State.DONE
    return Link(name, state, reason, condition.get("message", ""), condition.get("lastTransitionTime"))


def _deletion(body: dict[str, Any], now: datetime) -> list[Link]:
    metadata = body["metadata"]
    asked, finalizers = metadata["deletionTimestamp"], metadata.get("finalizers", [])
    if FINALIZER not in finalizers:
        message = f"Deleted, and held by {', '.join(finalizers)}: none of Florin's."
        return [Link("let go", State.FAILED, OTHER_FINALIZERS, message, asked)]
    ready = {item["type"]: item for item in body.get("status", {}).get("conditions", ())}.get("Ready", {})
    if ready.get("reason") == Reason.DELETING:
        return [Link("let go", State.FAILED, Reason.DELETING, ready["message"], asked)]
    if now - datetime.fromisoformat(asked) < timedelta(seconds=SILENT_S):
        return [Link("let go", State.AT_WORK, Reason.PENDING, "It was deleted a moment ago.", asked)]
    message = f"Deleted, and no operator takes its finalizer {FINALIZER} away."
    return [Link("let go", State.FAILED, OPERATOR_SILENT, message, asked)]


def _stored_at(body: dict[str, Any]) -> datetime:
    """When somebody other than the operator wrote the resource last."""
    metadata = body["metadata"]
    written = [
        entry["time"]
        for entry in metadata.get("managedFields", ())
        if entry.get("subresource") != "status" and "time" in entry
    ]
    return datetime.fromisoformat(max(written, default=metadata["creationTimestamp"]))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
