"""What can stand between a resource and Ready: a reason for programs, and whether only a person can mend it.

`kubectl merchant explain` has a way out for each reason: `kubectl_merchant.ways_out`, held together by a test.
"""

from enum import StrEnum

from msgspec import Struct


class Reason(StrEnum):
    """The reasons of conditions."""

    PENDING = "Pending"
    PAUSED = "Paused"
    SECRET_MISSING = "SecretMissing"  # noqa: S105 - a reason, not a secret
    SECRET_INVALID = "SecretInvalid"  # noqa: S105
    CONNECTOR_MISSING = "ConnectorMissing"
    CONNECTOR_NOT_READY = "ConnectorNotReady"
    SCHEMA_CHANGED = "SchemaChanged"
    REJECTED = "Rejected"
    MERCHANTS_UNREACHABLE = "MerchantsUnreachable"
    OWNED_BY_OTHER = "OwnedByOther"
    NOT_ADOPTED = "NotAdopted"
    STALE_GENERATION = "StaleGeneration"
    GENERATION_REUSED = "GenerationReused"
    STALE_SECRET = "StaleSecret"  # noqa: S105
    BREAK_GLASS = "BreakGlass"
    KEY_OF_OTHER = "KeyOfOther"
    MODE_FIXED = "ModeFixed"
    REFUSED = "Refused"
    REPORT_ONLY = "ReportOnly"
    PROPAGATING = "Propagating"
    REPLICA_BEHIND = "ReplicaBehind"
    NO_REPLICA = "NoReplica"
    MERCHANT_DISABLED = "MerchantDisabled"
    DELETING = "Deleting"


WAITS_FOR_ITSELF = frozenset(
    {
        Reason.PENDING,
        Reason.PAUSED,
        # Often a part of the same `kubectl apply`, which lands a moment later.
        Reason.SECRET_MISSING,
        Reason.SECRET_INVALID,
        Reason.CONNECTOR_MISSING,
        Reason.MERCHANTS_UNREACHABLE,
        Reason.CONNECTOR_NOT_READY,
        Reason.BREAK_GLASS,
        Reason.REPORT_ONLY,
        Reason.PROPAGATING,
        Reason.REPLICA_BEHIND,
        Reason.NO_REPLICA,
        Reason.DELETING,
    }
)
"""These end without anybody changing the resource, and the operator looks again by itself. With every other the
resource is Stalled, which kstatus takes for a failure."""

BY_CODE = {
    "config_invalid": Reason.REJECTED,
    "connector_invalid": Reason.REJECTED,
    "invalid_request": Reason.REJECTED,
    "name_invalid": Reason.REJECTED,
    "owned_by_other": Reason.OWNED_BY_OTHER,
    "not_adopted": Reason.NOT_ADOPTED,
    "stale_generation": Reason.STALE_GENERATION,
    "generation_reused": Reason.GENERATION_REUSED,
    "stale_secret": Reason.STALE_SECRET,
    "break_glass_active": Reason.BREAK_GLASS,
    "key_of_other": Reason.KEY_OF_OTHER,
    "connector_mode_fixed": Reason.MODE_FIXED,
}
"""What merchants' refusals mean here; any other is `Refused`."""


class Problem(Struct, frozen=True):
    """Something that is in the way, as a sentence with the field at fault."""

    reason: Reason
    message: str
