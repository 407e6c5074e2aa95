"""What a terminal may ask for, what the acquirer answers, and the running amounts of a card charge."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from florin.money import MAX_AMOUNT_MINOR

Reference = Annotated[str, Meta(pattern="^[A-Za-z0-9-]{1,20}$", description="The terminal's own reference.")]
Amount = Annotated[int, Meta(ge=1, le=MAX_AMOUNT_MINOR, description="Minor units of the currency.")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217, upper case.")]
Url = Annotated[str, Meta(pattern="^https?://", max_length=500)]


class Kind(StrEnum):
    """The operations of an acquirer, and the lookup of one."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    LOOKUP = "lookup"


class Status(StrEnum):
    """How an operation ended."""

    APPROVED = "approved"
    DECLINED = "declined"


class MerchantAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """For whom the card is charged: merchant id, merchant category code (ISO 18245), text on the statement."""

    mid: Annotated[str, Meta(min_length=1, max_length=15)]
    mcc: Annotated[str, Meta(pattern="^[0-9]{4}$")] = "5999"
    descriptor: Annotated[str, Meta(max_length=25)] = ""


class Authentication(Struct, frozen=True, forbid_unknown_fields=True):
    """The proof of a 3-D Secure authentication."""

    eci: Annotated[str, Meta(pattern="^0[0-7]$")]
    cavv: Annotated[str, Meta(min_length=1, max_length=64)]
    ds_transaction_id: Annotated[str, Meta(max_length=64)] = ""


class Authorize(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Reserve an amount on a card, and take it at once where ``capture`` is set (a sale)."""

    reference: Reference
    amount_minor: Amount
    currency: Currency
    card: Annotated[str, Meta(pattern="^tok_[a-z0-9_]{1,60}(:[A-Za-z0-9_-]{1,40})?$", description="A test token.")]
    capture: bool = False
    merchant_account: MerchantAccount | None = None
    initiator: Literal["cit", "mit"] = "cit"
    network_transaction_id: Annotated[str, Meta(max_length=32)] | None = None
    authentication: Authentication | None = None
    callback_url: Url | None = None


class Capture(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Take all or a part of what is authorised. ``authorization`` is the acquirer's id or the terminal's reference."""

    authorization: str
    reference: Reference
    amount_minor: Amount
    final: bool = False


class Void(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Release an authorisation of which nothing was captured."""

    authorization: str
    reference: Reference


class Refund(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Give back captured money. Names one capture, or the authorisation for what all its captures took."""

    reference: Reference
    amount_minor: Amount
    authorization: str | None = None
    capture: str | None = None


class Operation(Struct, frozen=True, kw_only=True):
    """An operation of the book, as the terminal is told of it.

    ``amount_minor`` is what was approved, which may be less than ``requested_minor`` and is 0 for a decline.
    ``network_code`` is the answer in ISO 8583 field 39; ``advice_code`` what the scheme adds to a decline (Mastercard:
    merchant advice code; Visa: decline category 1-4). ``fee_minor`` is what the acquirer will keep.
    """

    id: str
    kind: Kind
    reference: str
    terminal: str
    status: Status
    authorization: str
    amount_minor: int
    requested_minor: int
    currency: str
    captured: bool
    network_code: str
    message: str
    advice_code: str | None = None
    auth_code: str | None = None
    rrn: str
    arn: str | None = None
    network_transaction_id: str | None = None
    avs_result: str | None = None
    cvc_result: str | None = None
    fee_minor: int = 0
    scheme: str
    card_last4: str
    mid: str
    initiator: str
    authenticated: bool = False
    business_date: str
    occurred_at: datetime
    expires_at: datetime | None = None


class State(StrEnum):
    """Whether an authorisation can still be captured."""

    OPEN = "open"
    CLOSED = "closed"
    VOIDED = "voided"


class Authorization(Struct, frozen=True, kw_only=True):
    """The running amounts of one card charge: the only thing that later operations are checked against."""

    id: str
    terminal: str
    reference: str
    card: str
    mid: str
    initiator: str
    currency: str
    authorized_minor: int
    captured_minor: int
    refunded_minor: int
    state: State
    expires_at: float
    network_transaction_id: str
    callback_url: str | None
