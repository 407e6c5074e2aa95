"""What a resource's status says. The schemas of the custom resources are made from these types."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]
Digest = Annotated[str, Meta(max_length=64)]
LONGEST_ADOPTED = 256
Time = Annotated[str, Meta(description="RFC 3339, UTC.")]


class ConditionType(StrEnum):
    """The links of the chain, in their order, and what sums them up."""

    ACCEPTED = "Accepted"
    SYNCED = "Synced"
    PROPAGATED = "Propagated"
    DRIFTED = "Drifted"
    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class ConditionStatus(StrEnum):
    """Whether it is so."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Struct, frozen=True, rename="camel"):
    """One statement about the resource and whether it holds."""

    type: Annotated[
        str,
        Meta(
            max_length=32,
            description="`Accepted`: everything that it refers to is there, and no rule refuses it. `Synced`: "
            "merchants holds it. `Propagated`: every replica works with it. `Drifted`: what merchants holds differs. "
            "`Ready`: all is well. `Reconciling` and `Stalled`: at work, or waiting for a person.",
        ),
    ]
    status: Annotated[ConditionStatus, Meta(description="Whether it holds.")]
    reason: Annotated[str, Meta(max_length=64, description="Why, as one word for programs.")]
    message: Annotated[str, Meta(max_length=2048, description="Why, for people, with the way out.")]
    last_transition_time: Annotated[Time, Meta(description="When the status changed last. RFC 3339, UTC.")]
    observed_generation: Annotated[int, Meta(ge=0, description="The generation that this is said of.")] = 0


class HandedSecret(Struct, frozen=True, rename="camel"):
    """A Secret whose value merchants has. Its value is nowhere in here."""

    name: Annotated[str, Meta(max_length=253, description="The Secret's name.")]
    version: Annotated[str, Meta(max_length=64, description="The Secret's resourceVersion when it was handed on.")]


class Status(Struct, frozen=True, rename="camel", omit_defaults=True):
    """How far the resource has come."""

    conditions: Annotated[
        tuple[Condition, ...], Meta(max_length=16, description="What holds, each with its reason.")
    ] = ()
    observed_generation: Annotated[int, Meta(ge=0, description="The generation that this status is about.")] = 0
    applied_generation: Annotated[Count | None, Meta(description="The newest generation that merchants has taken.")] = (
        None
    )
    spec_hash: Annotated[Digest | None, Meta(description="SHA-256 of the content as merchants stored it, in hex.")] = (
        None
    )
    last_sync_time: Annotated[
        Time | None, Meta(description="When merchants took something from this resource last. RFC 3339, UTC.")
    ] = None
    next_retry_time: Annotated[
        Time | None, Meta(description="When the operator tries again, where it waits for a time. RFC 3339, UTC.")
    ] = None
    drift: Annotated[
        tuple[Annotated[str, Meta(max_length=256, description="A field's path.")], ...],
        Meta(max_length=20, description="Fields that differ from what merchants holds, without their values."),
    ] = ()
    secrets: Annotated[
        tuple[HandedSecret, ...], Meta(max_length=16, description="Secrets that were handed on, and their versions.")
    ] = ()
    adopted: Annotated[
        Annotated[str, Meta(max_length=LONGEST_ADOPTED)] | None,
        Meta(
            description="The value of the annotation `florin.dev/adopt` that was heeded, or the digest of a long one."
        ),
    ] = None


class MerchantConfigStatus(Status, frozen=True, rename="camel", omit_defaults=True):
    """How far a MerchantConfig has come."""

    config_version: Annotated[
        Count | None, Meta(description="The number of the version at merchants; payments remember it.")
    ] = None


MERCHANT_CONFIG_CONDITIONS = tuple(ConditionType)
CONNECTOR_CONDITIONS = tuple(kind for kind in ConditionType if kind is not ConditionType.PROPAGATED)
"""A connector has no version of its own: it is Ready as soon as merchants holds it."""
