"""Every event that payments publishes, with what it tells."""

from enum import StrEnum


class EventType(StrEnum):
    """What happened. Each value's sentence is in `MEANING`."""

    PAYMENT_CREATED = "payment.created"
    PAYMENT_AUTHORIZED = "payment.authorized"
    PAYMENT_DECLINED = "payment.declined"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_OUTCOME_UNKNOWN = "payment.outcome_unknown"
    PAYMENT_CAPTURED = "payment.captured"
    PAYMENT_CAPTURE_DECLINED = "payment.capture_declined"
    PAYMENT_CAPTURE_FAILED = "payment.capture_failed"
    PAYMENT_CAPTURE_OUTCOME_UNKNOWN = "payment.capture_outcome_unknown"
    PAYMENT_CANCELED = "payment.canceled"
    PAYMENT_CANCEL_DECLINED = "payment.cancel_declined"
    PAYMENT_CANCEL_FAILED = "payment.cancel_failed"
    PAYMENT_CANCEL_OUTCOME_UNKNOWN = "payment.cancel_outcome_unknown"
    PAYMENT_EXPIRED = "payment.expired"
    PAYMENT_LATE_APPROVAL_REVERSED = "payment.late_approval_reversed"
    PAYMENT_CONFLICTED = "payment.conflicted"
    REFUND_CREATED = "refund.created"
    REFUND_SUCCEEDED = "refund.succeeded"
    REFUND_DECLINED = "refund.declined"
    REFUND_FAILED = "refund.failed"
    REFUND_OUTCOME_UNKNOWN = "refund.outcome_unknown"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_WON = "dispute.won"
    DISPUTE_LOST = "dispute.lost"


_E = EventType
MEANING: dict[EventType, str] = {
    _E.PAYMENT_CREATED: "A payment was made.",
    _E.PAYMENT_AUTHORIZED: "The issuer approved it; the money is held and not taken yet.",
    _E.PAYMENT_DECLINED: "The issuer or the acquirer refused it; the payment waits for another card.",
    _E.PAYMENT_FAILED: "No acquirer took it, and it is certain that no money moved; it may be confirmed again.",
    _E.PAYMENT_OUTCOME_UNKNOWN: "The acquirer has not said whether it authorised; it is being asked.",
    _E.PAYMENT_CAPTURED: "Money was taken: all of it, or the part that `captured_minor` tells.",
    _E.PAYMENT_CAPTURE_DECLINED: "The acquirer refused a capture; the authorisation is as it was.",
    _E.PAYMENT_CAPTURE_FAILED: "A capture did not reach the acquirer; the authorisation is as it was.",
    _E.PAYMENT_CAPTURE_OUTCOME_UNKNOWN: "The acquirer has not said whether it captured; it is being asked.",
    _E.PAYMENT_CANCELED: "The payment was given up; what was held is released.",
    _E.PAYMENT_CANCEL_DECLINED: "The acquirer refused to give the authorisation up; the payment is as it was.",
    _E.PAYMENT_CANCEL_FAILED: "The cancellation did not reach the acquirer; the payment is as it was.",
    _E.PAYMENT_CANCEL_OUTCOME_UNKNOWN: "The acquirer has not said whether it canceled; it is being asked.",
    _E.PAYMENT_EXPIRED: "The authorisation ran out; what was not captured is released.",
    _E.PAYMENT_LATE_APPROVAL_REVERSED: "The acquirer did what had been given up; Florin is giving it back.",
    _E.PAYMENT_CONFLICTED: "The acquirer's books and ours disagree; a person must look.",
    _E.REFUND_CREATED: "A refund was asked for; its money is set aside.",
    _E.REFUND_SUCCEEDED: "The acquirer gave the money back.",
    _E.REFUND_DECLINED: "The acquirer refused the refund; nothing was given back.",
    _E.REFUND_FAILED: "The refund did not reach the acquirer; nothing was given back.",
    _E.REFUND_OUTCOME_UNKNOWN: "The acquirer has not said whether it refunded; it is being asked.",
    _E.DISPUTE_OPENED: "The cardholder disputes the charge; the amount waits for the end.",
    _E.DISPUTE_WON: "The dispute ended for the merchant; the amount is the merchant's again.",
    _E.DISPUTE_LOST: "The dispute ended for the cardholder, who has the amount back.",
}
