"""A terminal: one client of the acquirer, with its key, its secret for callbacks, and how it is treated."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from simulator.domain.operations import Currency, Url

TerminalId = Annotated[str, Meta(pattern="^[a-z0-9_-]{1,40}$")]
Mid = Annotated[str, Meta(min_length=1, max_length=15, description="Merchant account at the acquirer.")]


class Callbacks(StrEnum):
    """Which operations a terminal is called back for. Disputes are always told."""

    NONE = "none"
    EXCEPTIONAL = "exceptional"
    ALL = "all"


class Terminal(Struct, frozen=True, kw_only=True):
    """``exceptional`` callbacks are those of operations that a fault has met. An empty list of merchant accounts allows
    any; without a settlement currency every transaction is settled in its own.
    """

    id: TerminalId
    callback_url: Url | None = None
    deduplicate: bool = True
    callbacks: Callbacks = Callbacks.EXCEPTIONAL
    settlement_currency: Currency | None = None
    merchant_accounts: tuple[Mid, ...] = ()


class Conduct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the acquirer as a whole behaves."""

    dispute_delay_ms: Annotated[int, Meta(ge=0, le=10**10)] = 5_000
    authorization_lifetime_s: Annotated[int, Meta(ge=0, le=10**8)] = 7 * 24 * 3600
