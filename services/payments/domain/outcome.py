"""What an acquirer's answer, or its silence, tells about one operation.

The kinds differ in what may follow: after ``Approved`` and ``Declined`` the operation is decided; after ``NotSent`` and
a final ``NotFound`` nothing happened at the acquirer; after ``Unknown`` and ``Pending`` it must be asked again.
"""

from datetime import date, datetime

from msgspec import Struct


class Decline(Struct, frozen=True, omit_defaults=True):
    """Why the issuer or the acquirer refused.

    ``raw_code`` is the network's own code (ISO 8583 field 39 or the acquirer's), ``advice_code`` the scheme's advice to
    the merchant, ``reason`` and ``action`` are normalised (`payments.domain.declines`).
    """

    reason: str
    action: str
    raw_code: str = ""
    advice_code: str = ""
    message: str = ""


class NetworkData(Struct, frozen=True, omit_defaults=True):
    """What the networks said beside yes or no; each is empty where it was not told."""

    auth_code: str = ""
    rrn: str = ""
    arn: str = ""
    network_transaction_id: str = ""
    avs_result: str = ""
    cvc_result: str = ""


class Settlement(Struct, frozen=True):
    """What the acquirer will settle: minor units of its settlement currency, and its rate as a decimal text."""

    amount_minor: int
    currency: str
    rate: str = "1"


class Approved(Struct, frozen=True, tag="approved"):
    """The acquirer did it. ``amount_minor`` is what it did it for: less than asked is a partial approval.

    ``business_date`` is the acquirer's own day, by which it settles; it need not be the day of the request.
    """

    acquirer_id: str
    amount_minor: int
    currency: str
    network: NetworkData = NetworkData()
    fee_minor: int = 0
    expires_at: datetime | None = None
    business_date: date | None = None
    settlement: Settlement | None = None


class Declined(Struct, frozen=True, tag="declined"):
    """The acquirer or the issuer refused it: nothing was moved."""

    decline: Decline
    acquirer_id: str = ""


class NotSent(Struct, frozen=True, tag="not_sent"):
    """It is certain that the acquirer did not take the request (no connection, throttled, breaker open)."""

    reason: str
    retry_after_s: int | None = None


class Unknown(Struct, frozen=True, tag="unknown"):
    """The request may have arrived, and no answer came or none that could be read."""

    reason: str


class NotFound(Struct, frozen=True, tag="not_found"):
    """The acquirer does not know our reference (yet)."""


class Pending(Struct, frozen=True, tag="pending"):
    """The acquirer knows our reference and has not decided: ask again, or a callback tells."""

    acquirer_id: str = ""


Outcome = Approved | Declined | NotSent | Unknown | NotFound | Pending
