"""For each reason: when it is tried again, and what a person can do. Held to `merchant_operator.problems` by a test."""

from typing import Any

from merchant_operator.names import ADOPT
from merchant_operator.problems import WAITS_FOR_ITSELF, Reason

OPERATOR_SILENT = "OperatorSilent"
"""No operator looks at the resource: only who looks from outside can say that."""
OTHER_FINALIZERS = "OtherFinalizers"
"""Florin is done with it; something else holds it."""

_OPERATOR = (
    "Is the operator running, and does it serve this namespace? kubectl get pods -A -l app.kubernetes.io/name=operator."
)
_ADOPT = f"kubectl annotate {{kind}} {{name}} -n {{namespace}} {ADOPT}=$(date +%s) --overwrite"
_WAYS_OUT: dict[str, str] = {
    OPERATOR_SILENT: _OPERATOR,
    OTHER_FINALIZERS: "Whoever put these finalizers there takes them away.",
    Reason.PENDING: "Wait a moment.",
    Reason.PAUSED: "Set spec.reconcilePolicy to Enforce, or to Report to see what differs.",
    Reason.SECRET_MISSING: "Make the Secret in this namespace, or name another one.",
    Reason.SECRET_INVALID: "Put right what the Secret holds.",
    Reason.CONNECTOR_MISSING: "Apply the Connector in this namespace: kubectl get connectors -n {namespace}.",
    Reason.CONNECTOR_NOT_READY: "See what the Connector waits for: kubectl merchant explain connector/NAME.",
    Reason.SCHEMA_CHANGED: "Apply the resource again with what the new schema asks for.",
    Reason.REJECTED: "Put the named fields right; `kubectl merchant plan -f FILE` tells beforehand.",
    Reason.MERCHANTS_UNREACHABLE: "Look at the merchants service: kubectl get pods -A -l "
    "app.kubernetes.io/name=merchants. Nothing is lost meanwhile, and payments go on with what is in force.",
    Reason.OWNED_BY_OTHER: "Delete one of the two resources. To take over what another one of this namespace owns: "
    f"{_ADOPT}; what another namespace owns is first let go by `florin merchants config release {{merchant}}`.",
    Reason.NOT_ADOPTED: f"It was configured by hand. To take it over, and lose that: {_ADOPT}",
    Reason.STALE_GENERATION: "merchants knows a later generation of this resource, as after a restore of the cluster. "
    f"If what stands here is what you want: {_ADOPT}",
    Reason.GENERATION_REUSED: "merchants knows other content of this very generation, as after a restore of the "
    f"cluster. If what stands here is what you want: {_ADOPT}",
    Reason.STALE_SECRET: "merchants knows a later value of the Secret, as after a restore of the cluster. Versions "
    "count on from the backup's then, so writing it anew does not help; see that it holds what is valid, then: "
    f"{_ADOPT}",
    Reason.BREAK_GLASS: "A person edited it by hand for a while: see `florin merchants config history {merchant}`. "
    "When the time is over, what stands here is put back; to keep the edit, write it into the resource.",
    Reason.KEY_OF_OTHER: "The API keys in the Secret belong to another merchant: name another Secret in "
    "spec.apiKeySecretName, or delete this one for new keys.",
    Reason.MODE_FIXED: "A connector never turns from test to live: make another one with another name.",
    Reason.REFUSED: "The message says what merchants did not take.",
    Reason.REPORT_ONLY: "Set spec.reconcilePolicy to Enforce to have the difference put right.",
    Reason.PROPAGATING: "Wait a moment.",
    Reason.REPLICA_BEHIND: "Look at the pods that are named: their logs, and whether they reach merchants and Redis.",
    Reason.NO_REPLICA: "Start the service that is named, or see why its pods do not report to merchants.",
    Reason.MERCHANT_DISABLED: "If it should take payments again: florin merchants enable {merchant}.",
    Reason.DELETING: "Bring the merchants service back. If it must go at once and its keys may stay valid until then: "
    "kubectl merchant release {name} -n {namespace}.",
}
_RELEASE = (
    " If the operator is gone for good: kubectl merchant release {name} -n {namespace}; the merchant is disabled at "
    "the next sweep of an operator."
)
_BY_ITSELF = "by itself, within a minute or so"


def way_out(reason: str, body: dict[str, Any]) -> str:
    """What a person can do about a reason, with the names of the resource put in."""
    metadata = body["metadata"]
    text = _WAYS_OUT.get(reason, _WAYS_OUT[Reason.REFUSED])
    if reason == OPERATOR_SILENT and metadata.get("deletionTimestamp"):
        text += _RELEASE
    return text.format(
        kind=body["kind"].lower(),
        name=metadata["name"],
        namespace=metadata["namespace"],
        merchant=body.get("spec", {}).get("merchantId", ""),
    )


def next_try(reason: str) -> str:
    """When the operator tries again."""
    if reason in (OPERATOR_SILENT, OTHER_FINALIZERS):
        return "not until somebody acts"
    if reason in (Reason.SECRET_MISSING, Reason.SECRET_INVALID, Reason.CONNECTOR_MISSING):
        return "by itself, soon after it is there"
    if reason in (Reason.PAUSED, Reason.REPORT_ONLY):
        return "when the policy changes"
    if reason == Reason.STALE_SECRET:
        return f"at each sweep, in vain until {ADOPT} is set"
    return _BY_ITSELF if reason in WAITS_FOR_ITSELF else "when the resource changes"
