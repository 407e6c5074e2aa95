"""What an owner hands over with its content: values of Secrets, and API keys that it made itself, by their hash."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from florin.contracts.api_keys import KeyHash
from florin.contracts.merchant_config import Name
from florin.ids import new_id, shard_of
from merchants.domain.api_key import ApiKey


class HandedSecret(Struct, frozen=True, forbid_unknown_fields=True):
    """The value of a Kubernetes Secret. ``version`` fences it: an older value never takes the place of a newer one."""

    name: Name
    value: Annotated[str, Meta(min_length=1, max_length=16_384, description="The secret; it is sealed at once.")]
    version: Annotated[int, Meta(ge=0, le=2**63 - 1, description="The Secret's resourceVersion.")]

    def __repr__(self) -> str:
        return f"HandedSecret({self.name}, ***, {self.version})"


class HandedKey(Struct, frozen=True, forbid_unknown_fields=True):
    """An API key that its owner made and keeps; merchants never sees it."""

    hash: KeyHash
    hint: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.]*$", max_length=32, description="Its beginning and end.")]
    livemode: Annotated[bool, Meta(description="Whether it moves real money.")] = False


def record_of(handed: HandedKey, merchant_id: str, name: str, now: datetime) -> ApiKey:
    """The record of a handed key: a full key, like one that is made here."""
    return ApiKey(
        id=new_id("key", livemode=handed.livemode, shard=shard_of(merchant_id)),
        merchant_id=merchant_id,
        livemode=handed.livemode,
        name=name,
        restricted=False,
        scopes=(),
        hash=handed.hash,
        hint=handed.hint,
        rate_limit_per_second=500,
        created_at=now,
    )
