"""Who may write a configuration or a connector: a fence on (uid, generation), and a way to break the glass.

A resource (its uid) owns the configuration; its generations only rise. Hand edits are refused meanwhile, except for a
limited time and with a reason; when the time is over the owner's next attempt puts its own content back.
"""

from datetime import datetime, timedelta
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from merchants.domain.errors import BreakGlassActive, GenerationReused, NotAdopted, OwnedByOther, StaleGeneration

BREAK_GLASS_MAX_S = 7 * 86_400
Spec = TypeVar("Spec", bound=Struct)


class Owner(Struct, frozen=True, forbid_unknown_fields=True):
    """A resource at a generation."""

    uid: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}$", description="The resource's uid.", examples=["5d1c7f5e-8f5c"])
    ]
    generation: Annotated[int, Meta(ge=1, le=2**53, description="The resource's metadata.generation.")]
    resource: Annotated[
        str,
        Meta(
            pattern=r"^[!-~]*$",
            max_length=400,
            description="Which resource that is: cluster/namespace/name@home. For people, and to tell who succeeds.",
        ),
    ] = ""


class BreakGlass(Struct, frozen=True, forbid_unknown_fields=True):
    """A hand edit against the owner, for a while."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, description="Why; it is kept with the version.")]
    ttl_seconds: Annotated[
        int, Meta(ge=60, le=BREAK_GLASS_MAX_S, description="How long it holds against the owner, in seconds.")
    ] = 3600


class Stored(Struct, Generic[Spec], frozen=True):
    """What is stored. ``owner_spec`` is what the owner's generation held."""

    spec: Spec | None = None
    owner: Owner | None = None
    owner_spec: Spec | None = None
    break_glass_until: datetime | None = None


class Write(Struct, Generic[Spec], frozen=True):
    """What somebody wants to store; without an owner it is a hand edit. ``adopt`` lets an owner past the fence."""

    spec: Spec
    owner: Owner | None = None
    adopt: bool = False
    break_glass: BreakGlass | None = None


def replaced_by(stored: Stored[Spec], write: Write[Spec]) -> Spec | None:
    """What a write is a change of. To the owner that is what it said last: an edit by hand since then is put back."""
    is_owner = write.owner is not None and stored.owner is not None and write.owner.uid == stored.owner.uid
    return stored.owner_spec if is_owner and stored.owner_spec is not None else stored.spec


class Verdict(Struct, frozen=True):
    """What is to be stored. ``changed``: the content differs and becomes a new version."""

    changed: bool
    owner: Owner | None
    break_glass_until: datetime | None = None


def judge(stored: Stored[Spec], write: Write[Spec], now: datetime) -> Verdict:
    """Whether a write may happen and what it leaves.

    Raises OwnedByOther, NotAdopted, StaleGeneration, GenerationReused, BreakGlassActive.
    """
    changed = write.spec != stored.spec
    if write.owner is None:
        return _judge_hand_edit(stored, write, now, changed)
    if not write.adopt:
        _check_fence(stored, write, write.owner, changed)
    if changed and stored.break_glass_until is not None and stored.break_glass_until > now:
        raise BreakGlassActive(
            f"A hand edit holds until {stored.break_glass_until:%Y-%m-%dT%H:%M:%SZ}.",
            until=stored.break_glass_until,
        )
    # Where the owner says the same as the hand edit, the two agree and there is no glass left to mend.
    return Verdict(changed, write.owner)


def _check_fence(stored: Stored[Spec], write: Write[Spec], owner: Owner, changed: bool) -> None:
    if stored.owner is None:
        if stored.spec is not None and changed:
            raise NotAdopted("This was written by hand; say `adopt` to take it over.", param="adopt")
        return
    if stored.owner.uid != owner.uid:
        raise OwnedByOther(
            f"This belongs to {_named(stored.owner)}; say `adopt` to take it over.",
            param="owner.uid",
            **_told(stored.owner),
        )
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


def _judge_hand_edit(stored: Stored[Spec], write: Write[Spec], now: datetime, changed: bool) -> Verdict:
    if stored.owner is None:
        return Verdict(changed, None)
    if write.break_glass is not None:
        return Verdict(changed, stored.owner, now + timedelta(seconds=write.break_glass.ttl_seconds))
    if changed:
        raise OwnedByOther(
            f"This belongs to {_named(stored.owner)}; change that, or break the glass with `break_glass`.",
            param="break_glass",
            **_told(stored.owner),
        )
    return Verdict(changed=False, owner=stored.owner, break_glass_until=stored.break_glass_until)


def _named(owner: Owner) -> str:
    return f"the resource {owner.resource}" if owner.resource else "another resource"


def _told(owner: Owner) -> dict[str, str | int]:
    return {"owner_uid": owner.uid, "owner_generation": owner.generation, "owner_resource": owner.resource}
