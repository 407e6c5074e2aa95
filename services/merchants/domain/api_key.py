"""Making and replacing API keys."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from florin.contracts.api_keys import ApiKeyState, Scope, hash_of
from florin.contracts.api_version import API_VERSION
from florin.ids import new_id, shard_of
from florin.settings import Secret
from merchants.domain.errors import KeyInvalid, KeyNotRotatable


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as stored: everything but the key."""

    id: str
    merchant_id: str
    livemode: bool
    name: str
    restricted: bool
    scopes: tuple[Scope, ...]
    hash: str
    hint: str
    rate_limit_per_second: int
    created_at: datetime
    idempotency_key: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    replaced_by: str | None = None
    api_version: str = API_VERSION

    def state(self) -> ApiKeyState:
        """What the other services are told."""
        return ApiKeyState(
            id=self.id,
            merchant_id=self.merchant_id,
            livemode=self.livemode,
            restricted=self.restricted,
            scopes=self.scopes,
            hash=self.hash,
            expires_at=self.expires_at,
            revoked_at=self.revoked_at,
            rate_limit_per_second=self.rate_limit_per_second,
            api_version=self.api_version,
        )


class KeyRequest(Struct, frozen=True, kw_only=True):
    """What kind of key is wanted."""

    livemode: bool
    name: str
    restricted: bool
    scopes: tuple[Scope, ...]
    rate_limit_per_second: int
    expires_at: datetime | None = None


def make_key(
    merchant_id: str, request: KeyRequest, secret: Secret, now: datetime, *, idempotency_key: str | None = None
) -> ApiKey:
    """The record of a new key. Raises KeyInvalid."""
    check_scopes(restricted=request.restricted, scopes=request.scopes)
    if request.expires_at is not None and request.expires_at <= now:
        raise KeyInvalid("A key cannot expire before it is made.", param="expires_at")
    text = secret.reveal()
    return ApiKey(
        id=new_id("key", livemode=request.livemode, shard=shard_of(merchant_id)),
        merchant_id=merchant_id,
        livemode=request.livemode,
        name=request.name,
        restricted=request.restricted,
        scopes=request.scopes,
        hash=hash_of(text),
        hint=f"{text[:8]}...{text[-4:]}",
        rate_limit_per_second=request.rate_limit_per_second,
        created_at=now,
        idempotency_key=idempotency_key,
        expires_at=request.expires_at,
    )


def check_scopes(*, restricted: bool, scopes: Sequence[Scope]) -> None:
    """Raises KeyInvalid where scopes and kind of key do not fit."""
    if restricted and not scopes:
        raise KeyInvalid("A restricted key needs at least one scope.", param="scopes")
    if scopes and not restricted:
        raise KeyInvalid("A full key has every scope; say `restricted` to name some.", param="scopes")
    if len(set(scopes)) != len(scopes):
        raise KeyInvalid("A scope is there twice.", param="scopes")


def check_rotatable(key: ApiKey, now: datetime) -> None:
    """Raises KeyNotRotatable."""
    if key.replaced_by is not None:
        raise KeyNotRotatable("This key was rotated before.", replaced_by=key.replaced_by)
    if key.revoked_at is not None:
        raise KeyNotRotatable("This key was revoked; create a new one.")
    if key.expires_at is not None and key.expires_at <= now:
        raise KeyNotRotatable("This key has expired; create a new one.")


def end_of_overlap(key: ApiKey, overlap_s: int, now: datetime) -> datetime:
    """Until when a rotated key is good: the overlap, and never beyond its own end."""
    end = now + timedelta(seconds=overlap_s)
    return end if key.expires_at is None else min(end, key.expires_at)
