"""The aggregate: a payment, its attempts, and the operations of each at an acquirer.

Everything here is data. The status of a payment and its amounts are derived (`payments.domain.states`,
`payments.domain.amounts`), so that they cannot disagree with the operations.
"""

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from payments.domain.outcome import Decline, NetworkData, Settlement


class CaptureMethod(StrEnum):
    """When the money is taken: with the authorisation, or later by the merchant's word."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class Initiator(StrEnum):
    """Who began the transaction, the cardholder or the merchant on a stored credential (CIT, MIT)."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"


class Channel(StrEnum):
    """How the card data came to the merchant."""

    ECOMMERCE = "ecommerce"
    MAIL_TELEPHONE = "mail_telephone"


class Card(Struct, frozen=True, tag="card", omit_defaults=True):
    """A card by its token, with what may be shown of it (PCI DSS 3.4.1: BIN and last four)."""

    token: str
    scheme: str = ""
    bin: str = ""
    last4: str = ""
    exp_month: int = 0
    exp_year: int = 0
    funding: str = ""
    country: str = ""


class Route(Struct, frozen=True, omit_defaults=True):
    """One connector that may be tried, with the merchant's account at its acquirer."""

    connector: str
    mid: str = ""
    mcc: str = ""
    descriptor: str = ""
    captures_with_authorization: bool = True
    timeout_s: int = 30


class Verb(StrEnum):
    """What an operation asks the acquirer to do."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class OperationState(StrEnum):
    """How far an operation is. The last three are final but for an outcome that contradicts them, which is recorded."""

    SENDING = "sending"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    FAILED = "failed"


class Operation(Struct, frozen=True, omit_defaults=True):
    """One thing asked of the acquirer, known there by ``reference``.

    ``approved_minor`` is what the acquirer did it for. ``with_capture`` marks an authorisation that charges at once.
    ``repairing`` marks a void or refund that Florin owes by itself for money that must not have been taken.
    ``capture_id`` is the capture that a refund gives back, empty where it is of all that the attempt captured.
    ``deadline_at`` is when silence becomes a reason to ask; ``key_id`` the idempotency key that waits for the reply,
    empty as soon as it was given. ``reason`` is the merchant's, ``failure`` why it failed or is not known.
    """

    id: str
    verb: Verb
    state: OperationState
    amount_minor: int
    currency: str
    connector: str
    reference: str
    created_at: datetime
    deadline_at: datetime
    approved_minor: int = 0
    fee_minor: int = 0
    with_capture: bool = False
    final: bool = False
    repairing: bool = False
    acquirer_id: str = ""
    key_id: str = ""
    decline: Decline | None = None
    network: NetworkData | None = None
    business_date: date | None = None
    settlement: Settlement | None = None
    finished_at: datetime | None = None
    asked: int = 0
    reason: str = ""
    failure: str = ""
    capture_id: str = ""
    metadata: dict[str, str] = {}

    @property
    def open(self) -> bool:
        """Sent, and its outcome is not known."""
        return self.state is OperationState.SENDING or self.state is OperationState.UNKNOWN


class Attempt(Struct, frozen=True, omit_defaults=True):
    """One try to have the payment authorised, at one acquirer with one card, and all that followed from it.

    ``closed_at`` is set when what remains of the authorisation is given up: voided, expired or captured for good.
    ``abandoned`` marks an attempt that was believed dead, came back approved, and is reversed: its money is in the
    ledger and is no part of the payment's amounts. ``creating`` marks an attempt of the request that made the payment.
    """

    id: str
    route: Route
    card: Card
    operations: tuple[Operation, ...]
    created_at: datetime
    closed_at: datetime | None = None
    expires_at: datetime | None = None
    abandoned: bool = False
    creating: bool = False

    @property
    def authorization(self) -> Operation:
        """The operation that the attempt began with."""
        return self.operations[0]


class Dispute(Struct, frozen=True):
    """A cardholder's dispute of a charge, as the acquirer told it."""

    id: str
    state: str
    amount_minor: int
    currency: str
    reason_code: str
    opened_at: datetime


class Payment(Struct, frozen=True, omit_defaults=True):
    """A payment. ``version`` counts its decisions, and is the ``sequence`` of its events.

    ``limit_day`` is the day (UTC) whose limit it counts against, where its merchant has a daily limit.
    """

    id: str
    livemode: bool
    merchant_id: str
    version: int
    config_version: int
    amount_minor: int
    currency: str
    exponent: int
    capture_method: CaptureMethod
    created_at: datetime
    initiator: Initiator = Initiator.CUSTOMER
    channel: Channel = Channel.ECOMMERCE
    description: str = ""
    merchant_reference: str = ""
    metadata: dict[str, str] = {}
    card: Card | None = None
    attempts: tuple[Attempt, ...] = ()
    routes_left: tuple[Route, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    canceled_at: datetime | None = None
    cancellation_reason: str = ""
    expired_at: datetime | None = None
    conflict: str = ""
    limit_day: date | None = None
    last_decline: Decline | None = None
    api_version: str = ""
    traceparent: str = ""

    def operations(self) -> list[Operation]:
        """Every operation of every attempt, in the order they were asked for within each attempt."""
        return [operation for attempt in self.attempts for operation in attempt.operations]

    def find_operation(self, operation_id: str) -> tuple[Attempt, Operation] | None:
        """An operation and its attempt, by the operation's id."""
        for attempt in self.attempts:
            for operation in attempt.operations:
                if operation.id == operation_id:
                    return attempt, operation
        return None
