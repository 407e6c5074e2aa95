"""Payments as merchants see them: the same objects in replies of the API, in events and in webhooks."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

AmountMinor = Annotated[int, Meta(description="An amount in minor units of the currency.", examples=[1999])]


class CardView(Struct, frozen=True):
    """A card by its token, with what may be shown of it (PCI DSS 3.4.1)."""

    token: str
    type: Literal["card"] = "card"
    scheme: str = ""
    bin: str = ""
    last4: str = ""
    exp_month: int = 0
    exp_year: int = 0
    funding: str = ""
    country: str = ""


class DeclineView(Struct, frozen=True):
    """Why it was refused: a normalised reason, what to do about it, and the network's own codes."""

    reason: str
    action: str
    raw_code: str = ""
    advice_code: str = ""
    message: str = ""


class AttemptView(Struct, frozen=True):
    """One try at one acquirer."""

    id: str
    connector: str
    status: str
    amount_minor: AmountMinor
    created_at: datetime
    acquirer_reference: str = ""
    acquirer_id: str = ""
    auth_code: str = ""
    rrn: str = ""
    network_transaction_id: str = ""
    avs_result: str = ""
    cvc_result: str = ""
    decline: DeclineView | None = None


class RefundView(Struct, frozen=True):
    """A refund. ``status`` is pending, outcome_unknown, succeeded, declined or failed."""

    id: str
    payment_id: str
    amount_minor: AmountMinor
    currency: str
    status: str
    created_at: datetime
    livemode: bool
    reason: str = ""
    metadata: dict[str, str] = {}
    decline: DeclineView | None = None
    object: Literal["refund"] = "refund"


class DisputeView(Struct, frozen=True):
    """A cardholder's dispute. ``status`` is opened, won or lost."""

    id: str
    status: str
    amount_minor: AmountMinor
    currency: str
    reason_code: str
    opened_at: datetime


class PaymentView(Struct, frozen=True):
    """A payment with everything that hangs on it. ``sequence`` grows with each change."""

    id: str
    livemode: bool
    merchant_id: str
    status: str
    amount_minor: AmountMinor
    currency: Annotated[str, Meta(description="ISO 4217.", examples=["EUR"])]
    exponent: Annotated[int, Meta(description="Decimals of the currency.", examples=[2])]
    authorized_minor: AmountMinor
    captured_minor: AmountMinor
    capturable_minor: AmountMinor
    refunded_minor: AmountMinor
    refund_pending_minor: AmountMinor
    capture_method: str
    initiator: str
    channel: str
    payment_method: CardView | None
    description: str
    merchant_reference: str
    metadata: dict[str, str]
    created_at: datetime
    config_version: int
    sequence: int
    expires_at: datetime | None = None
    canceled_at: datetime | None = None
    cancellation_reason: str = ""
    last_decline: DeclineView | None = None
    conflict: str = ""
    attempts: list[AttemptView] = []
    refunds: list[RefundView] = []
    disputes: list[DisputeView] = []
    object: Literal["payment"] = "payment"


class RefundEventData(Struct, frozen=True):
    """The data of ``refund.*`` events: the refund, and its payment after it."""

    refund: RefundView
    payment: PaymentView
