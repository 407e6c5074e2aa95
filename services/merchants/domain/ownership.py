"""Who may write a merchant's configuration: a fence on (uid, generation), and a way to break the glass.

A resource (its uid) owns the configuration; its generations only rise. Hand edits are refused meanwhile, except for a
limited time and with a reason; when the time is over the owner's next attempt puts its own content back.
"""

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from florin.contracts.merchant_config import MerchantConfig
from merchants.domain.errors import BreakGlassActive, GenerationReused, NotAdopted, OwnedByOther, StaleGeneration

BREAK_GLASS_MAX_S = 7 * 86_400


class Owner(Struct, frozen=True, forbid_unknown_fields=True):
    """A resource at a generation."""

    uid: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}$", description="The resource's uid.", examples=["5d1c7f5e-8f5c"])
    ]
    generation: Annotated[int, Meta(ge=1, le=2**53, description="The resource's metadata.generation.")]


class BreakGlass(Struct, frozen=True, forbid_unknown_fields=True):
    """A hand edit against the owner, for a while."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, description="Why; it is kept with the version.")]
    ttl_seconds: Annotated[
        int, Meta(ge=60, le=BREAK_GLASS_MAX_S, description="How long it holds against the owner, in seconds.")
    ] = 3600


class Stored(Struct, frozen=True):
    """What is stored of a merchant's configuration. ``owner_spec`` is what the owner's generation held."""

    spec: MerchantConfig | None = None
    owner: Owner | None = None
    owner_spec: MerchantConfig | None = None
    break_glass_until: datetime | None = None


class Write(Struct, frozen=True):
    """What somebody wants to store; without an owner it is a hand edit."""

    spec: MerchantConfig
    owner: Owner | None = None
    adopt: bool = False
    break_glass: BreakGlass | None = None


class Verdict(Struct, frozen=True):
    """What is to be stored. ``changed``: the content differs and becomes a new version."""

    changed: bool
    owner: Owner | None
    break_glass_until: datetime | None = None


def judge(stored: Stored, write: Write, now: datetime) -> Verdict:
    """Whether a write may happen and what it leaves.

    Raises OwnedByOther, NotAdopted, StaleGeneration, GenerationReused, BreakGlassActive.
    """
    changed = write.spec != stored.spec
    if write.owner is None:
        return _judge_hand_edit(stored, write, now, changed)
    _check_fence(stored, write, write.owner, changed)
    if changed and stored.break_glass_until is not None and stored.break_glass_until > now:
        raise BreakGlassActive(
            f"A hand edit holds until {stored.break_glass_until:%Y-%m-%dT%H:%M:%SZ}.",
            until=stored.break_glass_until,
        )
    # Where the owner says the same as the hand edit, the two agree and there is no glass left to mend.
    return Verdict(changed, write.owner)


def _check_fence(stored: Stored, write: Write, owner: Owner, changed: bool) -> None:
    if stored.owner is None:
        if stored.spec is not None and changed and not write.adopt:
            raise NotAdopted("This configuration was written by hand; say `adopt` to take it over.", param="adopt")
        return
    if stored.owner.uid != owner.uid:
        if not write.adopt:
            raise OwnedByOther(
                "This configuration belongs to another resource; say `adopt` to take it over.",
                param="owner.uid",
                owner_uid=stored.owner.uid,
                owner_generation=stored.owner.generation,
            )
        return
    if owner.generation < stored.owner.generation:
        raise StaleGeneration(
            f"Generation {owner.generation} is older than {stored.owner.generation}, which is stored.",
            param="owner.generation",
            owner_generation=stored.owner.generation,
        )
    if owner.generation == stored.owner.generation and write.spec != stored.owner_spec:
        raise GenerationReused(
            f"Generation {owner.generation} was applied with another content.", param="owner.generation"
        )


def _judge_hand_edit(stored: Stored, write: Write, now: datetime, changed: bool) -> Verdict:
    if stored.owner is None:
        return Verdict(changed, None)
    if write.break_glass is not None:
        return Verdict(changed, stored.owner, now + timedelta(seconds=write.break_glass.ttl_seconds))
    if changed:
        raise OwnedByOther(
            "This configuration belongs to a resource; change that, or break the glass with `break_glass`.",
            param="break_glass",
            owner_uid=stored.owner.uid,
            owner_generation=stored.owner.generation,
        )
    return Verdict(changed=False, owner=stored.owner, break_glass_until=stored.break_glass_until)
