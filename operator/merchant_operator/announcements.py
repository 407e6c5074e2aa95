"""Events, for `kubectl describe` and whoever watches: one where Ready or Drifted changes, none where nothing does."""

import logging
import time
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from merchant_operator.conditions import FALSE, TRUE
from merchant_operator.kubernetes import ApiError, Kubernetes
from merchant_operator.names import API_VERSION
from merchant_operator.problems import WAITS_FOR_ITSELF, Reason
from merchant_operator.resources import Resource
from merchant_operator.status import Condition, ConditionType, Status

_log = logging.getLogger(__name__)
_QUIET = frozenset({Reason.PENDING, Reason.PROPAGATING})


class Announcement(Struct, frozen=True):
    """What happened."""

    reason: str
    message: str
    warning: bool = False


def transitions(resource: Resource, after: Status) -> list[Announcement]:
    """What changed between a resource's status and the next one, as far as people want to hear of it."""
    found = []
    old, new = resource.condition(ConditionType.READY), _find(after, ConditionType.READY)
    if new is not None and (old is None or (old.status, old.reason) != (new.status, new.reason)):
        if new.status is TRUE:
            found.append(Announcement("Ready", new.message))
        elif new.reason not in _QUIET:
            warning = new.status is FALSE and new.reason != Reason.REPORT_ONLY
            waits = " It is tried again." if new.reason in WAITS_FOR_ITSELF and warning else ""
            found.append(Announcement(new.reason, new.message + waits, warning=warning))
    was, drift = resource.condition(ConditionType.DRIFTED), _find(after, ConditionType.DRIFTED)
    if drift is not None and drift.status is TRUE and (was is None or was.status is not TRUE):
        found.append(Announcement("DriftFound", f"{drift.message} {', '.join(after.drift)}".strip(), warning=True))
    return found


async def announce(kubernetes: Kubernetes, resource: Resource, announcements: list[Announcement]) -> None:
    """Post events; one that cannot be posted is a line in the log and nothing more."""
    for announcement in announcements:
        try:
            await kubernetes.create_event(resource.key.namespace, _event(resource, announcement))
        except ApiError as error:
            _log.warning("An event could not be posted: %s", error, extra={"resource": str(resource.key)})


def _event(resource: Resource, announcement: Announcement) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{resource.key.name}.{time.time_ns():x}", "namespace": resource.key.namespace},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": resource.key.kind,
            "namespace": resource.key.namespace,
            "name": resource.key.name,
            "uid": resource.uid,
            "resourceVersion": resource.resource_version,
        },
        "reason": announcement.reason,
        "message": announcement.message[:1000],
        "type": "Warning" if announcement.warning else "Normal",
        "source": {"component": "florin-operator"},
        "reportingComponent": "florin.dev/operator",
        "reportingInstance": "florin-operator",
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }


def _find(status: Status, kind: ConditionType) -> Condition | None:
    return next((condition for condition in status.conditions if condition.type == kind), None)
