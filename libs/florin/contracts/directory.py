"""What merchants tells the other services, by stream and by feed alike: the full state of a thing at a version.

Versions are numbered across all things in the order in which the changes were committed. ``epoch`` names the
database that the numbers count in: with another epoch a projection starts from nothing.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from florin.contracts.api_keys import ApiKeyState
from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config import MerchantConfig

STREAM = "merchants"
"""The stream that carries a `Change` as each event's data."""


class MerchantState(Struct, frozen=True):
    """A merchant."""

    id: str
    display_name: str
    disabled: bool = False


class ConfigState(Struct, frozen=True):
    """One version of a merchant's configuration; versions grow across all merchants and never change."""

    merchant_id: str
    config_version: int
    spec: MerchantConfig


class ConnectorState(Struct, frozen=True):
    """A connector as configured."""

    name: str
    spec: ConnectorSpec


class SecretState(Struct, frozen=True):
    """That a secret exists and which version is current; its value is leased from merchants."""

    scope: str
    name: str
    secret_version: int


State = MerchantState | ConfigState | ApiKeyState | ConnectorState | SecretState


class Kind(StrEnum):
    """What a change is about."""

    MERCHANT = "merchant"
    CONFIG = "merchant_config"
    API_KEY = "api_key"
    CONNECTOR = "connector"
    SECRET = "secret"  # noqa: S105 - a kind of thing, not a secret

    @property
    def event_type(self) -> str:
        """The type of its events."""
        return f"{self}.updated"


STATE_TYPES: dict[Kind, type[State]] = {
    Kind.MERCHANT: MerchantState,
    Kind.CONFIG: ConfigState,
    Kind.API_KEY: ApiKeyState,
    Kind.CONNECTOR: ConnectorState,
    Kind.SECRET: SecretState,
}


class Change(Struct, frozen=True):
    """The state of one thing as of ``version``. ``subject`` is its key among things of its kind."""

    epoch: str
    version: int
    kind: str
    subject: str
    state: msgspec.Raw


class FeedPage(Struct, frozen=True):
    """Changes after a version, in order. ``head`` is the newest version that exists."""

    epoch: str
    head: int
    data: list[Change]
    has_more: bool


class KeyAnswer(Struct, frozen=True):
    """What belongs to a key that was looked up: nothing, or the key, its merchant and what its payments need."""

    found: bool
    data: list[Change] = []


class ReplicaReport(Struct, frozen=True, forbid_unknown_fields=True):
    """What a replica has applied: every change up to ``floor``; believed for ``lease_seconds``."""

    epoch: Annotated[str, Meta(pattern="^[0-9a-z]{1,32}$")]
    floor: Annotated[int, Meta(ge=0, le=2**53)]
    lease_seconds: Annotated[int, Meta(ge=0, le=3600, description="How long this is believed, in seconds.")] = 15


class SecretValue(Struct, frozen=True):
    """A version of a secret in the clear. It exists on the internal API and in memory only.

    ``expires_at``: until when an earlier version is still good, while its successor is being rolled out.
    """

    version: int
    value: str
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"SecretValue(version={self.version}, value=***)"


class SecretLease(Struct, frozen=True):
    """The current version of a secret, and earlier ones that still hold."""

    scope: str
    name: str
    current: SecretValue
    previous: list[SecretValue] = []
