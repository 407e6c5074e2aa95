"""The status of a payment: derived from its operations, with every legal transition written down."""

from enum import StrEnum

from payments.domain.amounts import Amounts, amounts_of, capturable_attempt
from payments.domain.payment import OperationState, Payment, Verb


class Status(StrEnum):
    """What a payment waits for, or how it ended. Each value's sentence is in `MEANING`."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REQUIRES_CAPTURE = "requires_capture"
    PARTIALLY_CAPTURED_AND_CAPTURABLE = "partially_captured_and_capturable"
    PARTIALLY_CAPTURED = "partially_captured"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    EXPIRED = "expired"
    CONFLICTED = "conflicted"


MEANING: dict[Status, str] = {
    Status.REQUIRES_PAYMENT_METHOD: "No card yet, or the last one was declined: confirm with a card.",
    Status.REQUIRES_CONFIRMATION: "Has a card and waits for the merchant's word.",
    Status.REQUIRES_ACTION: "The cardholder must do something first (3-D Secure).",
    Status.PROCESSING: "An operation is on its way at the acquirer.",
    Status.OUTCOME_UNKNOWN: "The acquirer did not answer; it is being asked. The money may have moved.",
    Status.REQUIRES_CAPTURE: "Authorised: capture it or cancel it before it expires.",
    Status.PARTIALLY_CAPTURED_AND_CAPTURABLE: "Part is captured, and more may be.",
    Status.PARTIALLY_CAPTURED: "Less than the amount was captured, and no more can be.",
    Status.SUCCEEDED: "The whole amount was captured.",
    Status.CANCELED: "Given up: nothing of it is held or stays captured.",
    Status.EXPIRED: "The authorisation ran out before anything was captured.",
    Status.CONFLICTED: "The acquirer's books and ours disagree: a person must look.",
}

_S = Status
_SETTLED = frozenset({_S.PARTIALLY_CAPTURED, _S.SUCCEEDED})
# From a status to those that one decision may lead to (staying the same is always legal).
TRANSITIONS: dict[Status, frozenset[Status]] = {
    _S.REQUIRES_PAYMENT_METHOD: frozenset({_S.PROCESSING, _S.CANCELED, _S.CONFLICTED}),
    _S.REQUIRES_CONFIRMATION: frozenset({_S.PROCESSING, _S.REQUIRES_ACTION, _S.CANCELED, _S.CONFLICTED}),
    _S.REQUIRES_ACTION: frozenset({_S.PROCESSING, _S.REQUIRES_PAYMENT_METHOD, _S.CANCELED}),
    # Nothing expires while the acquirer is at it.
    _S.PROCESSING: frozenset(_S) - {_S.PROCESSING, _S.REQUIRES_ACTION, _S.EXPIRED},
    _S.OUTCOME_UNKNOWN: frozenset(_S) - {_S.OUTCOME_UNKNOWN, _S.REQUIRES_ACTION, _S.EXPIRED},
    # A capture or a void that had been given up may come back approved.
    _S.REQUIRES_CAPTURE: frozenset(
        {_S.PROCESSING, _S.PARTIALLY_CAPTURED_AND_CAPTURABLE, _S.CANCELED, _S.EXPIRED, _S.CONFLICTED}
    )
    | _SETTLED,
    _S.PARTIALLY_CAPTURED_AND_CAPTURABLE: frozenset({_S.PROCESSING, _S.CONFLICTED}) | _SETTLED,
    _S.PARTIALLY_CAPTURED: frozenset({_S.CONFLICTED, _S.SUCCEEDED}),
    _S.SUCCEEDED: frozenset({_S.CONFLICTED}),
    _S.CANCELED: frozenset({_S.CONFLICTED}),
    _S.EXPIRED: frozenset({_S.CONFLICTED}),
    _S.CONFLICTED: frozenset(),
}


def status_of(payment: Payment, amounts: Amounts | None = None) -> Status:
    """Derive the status. Refunds do not change it: each has a state of its own. ``amounts`` spares adding up again."""
    if payment.conflict:
        return Status.CONFLICTED
    if payment.canceled_at is not None:
        return Status.CANCELED
    if payment.expired_at is not None:
        return Status.EXPIRED
    return _waiting_status(payment) or _settled_status(payment, amounts or amounts_of(payment))


def _waiting_status(payment: Payment) -> Status | None:
    """The status of a payment that waits for an acquirer; None where it does not."""
    status = None
    for attempt in payment.attempts:
        for operation in attempt.operations:
            if not operation.open or operation.repairing or operation.verb is Verb.REFUND:
                continue
            if operation.state is OperationState.UNKNOWN:
                return Status.OUTCOME_UNKNOWN
            status = Status.PROCESSING
    return status


def _settled_status(payment: Payment, amounts: Amounts) -> Status:
    """The status of a payment that waits for no acquirer."""
    open_authorization = capturable_attempt(payment) is not None
    if amounts.captured_minor >= payment.amount_minor:
        return Status.SUCCEEDED
    if amounts.captured_minor:
        return Status.PARTIALLY_CAPTURED_AND_CAPTURABLE if open_authorization else Status.PARTIALLY_CAPTURED
    if open_authorization:
        return Status.REQUIRES_CAPTURE
    if amounts.authorized_minor:
        return Status.CANCELED  # all that was taken came late and is given back
    return Status.REQUIRES_CONFIRMATION if payment.card else Status.REQUIRES_PAYMENT_METHOD
