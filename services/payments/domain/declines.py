"""Declines, normalised: from the network's code and the scheme's advice to one reason and what may follow.

Raw codes are ISO 8583 field 39 with the schemes' additions: Visa's N7, R0-R3, 1A, 5C, 9G, Z3; Mastercard's 65 in its
newer sense ("authenticate"). Advice codes are Mastercard's merchant advice codes (two digits: 01-04, 21, 24-30, 40-43)
and Visa's decline categories (one digit: 1 never, 2 cannot approve now, 3 data, 4 generic). Advice makes a code's
action stricter: a plain 05 with advice 03 must never be retried.
"""

from enum import StrEnum

from msgspec import Struct

from payments.domain.outcome import Decline


class NormalizedReason(StrEnum):
    """Why a payment was declined, the same for every acquirer."""

    AUTHENTICATION_REQUIRED = "authentication_required"
    CARD_LIMIT_EXCEEDED = "card_limit_exceeded"
    CARD_NOT_SUPPORTED = "card_not_supported"
    CLOSED_ACCOUNT = "closed_account"
    DO_NOT_HONOR = "do_not_honor"
    DUPLICATE_TRANSACTION = "duplicate_transaction"
    EXPIRED_CARD = "expired_card"
    GENERIC_DECLINE = "generic_decline"
    INCORRECT_CVC = "incorrect_cvc"
    INCORRECT_PIN = "incorrect_pin"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    INVALID_AMOUNT = "invalid_amount"
    INVALID_MERCHANT = "invalid_merchant"
    INVALID_NUMBER = "invalid_number"
    INVALID_REQUEST = "invalid_request"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    LOST_CARD = "lost_card"
    PICKUP_CARD = "pickup_card"
    PROCESSING_ERROR = "processing_error"
    RESTRICTED_CARD = "restricted_card"
    STOLEN_CARD = "stolen_card"
    STOP_PAYMENT_ORDER = "stop_payment_order"
    SUSPECTED_FRAUD = "suspected_fraud"
    TRANSACTION_NOT_PERMITTED = "transaction_not_permitted"


class Action(StrEnum):
    """What the merchant may do next."""

    NEVER_RETRY = "never_retry"
    RETRY_LATER = "retry_later"
    FIX_DATA = "fix_data"
    AUTHENTICATE = "authenticate"


class _Row(Struct, frozen=True):
    reason: NormalizedReason
    action: Action


_R, _A = NormalizedReason, Action
_UNKNOWN = _Row(_R.GENERIC_DECLINE, _A.RETRY_LATER)
_BY_CODE: dict[str, _Row] = {
    "01": _Row(_R.DO_NOT_HONOR, _A.RETRY_LATER),  # refer to the card's issuer
    "02": _Row(_R.DO_NOT_HONOR, _A.RETRY_LATER),
    "03": _Row(_R.INVALID_MERCHANT, _A.FIX_DATA),
    "04": _Row(_R.PICKUP_CARD, _A.NEVER_RETRY),
    "05": _Row(_R.DO_NOT_HONOR, _A.RETRY_LATER),
    "06": _Row(_R.PROCESSING_ERROR, _A.RETRY_LATER),
    "07": _Row(_R.PICKUP_CARD, _A.NEVER_RETRY),
    "12": _Row(_R.TRANSACTION_NOT_PERMITTED, _A.NEVER_RETRY),
    "13": _Row(_R.INVALID_AMOUNT, _A.FIX_DATA),
    "14": _Row(_R.INVALID_NUMBER, _A.NEVER_RETRY),
    "15": _Row(_R.INVALID_NUMBER, _A.NEVER_RETRY),  # no such issuer
    "19": _Row(_R.PROCESSING_ERROR, _A.RETRY_LATER),
    "30": _Row(_R.INVALID_REQUEST, _A.FIX_DATA),
    "34": _Row(_R.SUSPECTED_FRAUD, _A.NEVER_RETRY),
    "41": _Row(_R.LOST_CARD, _A.NEVER_RETRY),
    "43": _Row(_R.STOLEN_CARD, _A.NEVER_RETRY),
    "46": _Row(_R.CLOSED_ACCOUNT, _A.NEVER_RETRY),
    "51": _Row(_R.INSUFFICIENT_FUNDS, _A.RETRY_LATER),
    "54": _Row(_R.EXPIRED_CARD, _A.FIX_DATA),
    "55": _Row(_R.INCORRECT_PIN, _A.FIX_DATA),
    "57": _Row(_R.TRANSACTION_NOT_PERMITTED, _A.NEVER_RETRY),
    "58": _Row(_R.INVALID_MERCHANT, _A.FIX_DATA),  # not permitted to this terminal
    "59": _Row(_R.SUSPECTED_FRAUD, _A.NEVER_RETRY),
    "61": _Row(_R.CARD_LIMIT_EXCEEDED, _A.RETRY_LATER),
    "62": _Row(_R.RESTRICTED_CARD, _A.NEVER_RETRY),
    "63": _Row(_R.SUSPECTED_FRAUD, _A.NEVER_RETRY),  # security violation
    "65": _Row(_R.CARD_LIMIT_EXCEEDED, _A.RETRY_LATER),
    "75": _Row(_R.INCORRECT_PIN, _A.RETRY_LATER),
    "78": _Row(_R.CLOSED_ACCOUNT, _A.NEVER_RETRY),
    "82": _Row(_R.INCORRECT_CVC, _A.FIX_DATA),
    "91": _Row(_R.ISSUER_UNAVAILABLE, _A.RETRY_LATER),
    "92": _Row(_R.PROCESSING_ERROR, _A.RETRY_LATER),  # cannot be routed
    "93": _Row(_R.TRANSACTION_NOT_PERMITTED, _A.NEVER_RETRY),
    "94": _Row(_R.DUPLICATE_TRANSACTION, _A.NEVER_RETRY),
    "96": _Row(_R.PROCESSING_ERROR, _A.RETRY_LATER),
    "1A": _Row(_R.AUTHENTICATION_REQUIRED, _A.AUTHENTICATE),
    "5C": _Row(_R.CARD_NOT_SUPPORTED, _A.NEVER_RETRY),
    "6P": _Row(_R.INVALID_REQUEST, _A.FIX_DATA),
    "9G": _Row(_R.TRANSACTION_NOT_PERMITTED, _A.NEVER_RETRY),
    "N7": _Row(_R.INCORRECT_CVC, _A.FIX_DATA),
    "R0": _Row(_R.STOP_PAYMENT_ORDER, _A.NEVER_RETRY),
    "R1": _Row(_R.STOP_PAYMENT_ORDER, _A.NEVER_RETRY),
    "R3": _Row(_R.STOP_PAYMENT_ORDER, _A.NEVER_RETRY),
    "Z3": _Row(_R.ISSUER_UNAVAILABLE, _A.RETRY_LATER),
}
_MASTERCARD_AUTHENTICATE = _Row(_R.AUTHENTICATION_REQUIRED, _A.AUTHENTICATE)

_ACTION_BY_ADVICE: dict[str, Action] = {
    "1": Action.NEVER_RETRY,
    "3": Action.FIX_DATA,
    "01": Action.FIX_DATA,  # new account information is available
    "03": Action.NEVER_RETRY,
    "04": Action.FIX_DATA,  # token requirements not met
    "21": Action.NEVER_RETRY,  # the cardholder ended the agreement
    "40": Action.NEVER_RETRY,  # non-reloadable prepaid card
    "41": Action.NEVER_RETRY,  # single-use virtual number
    "43": Action.NEVER_RETRY,  # multi-use virtual number
    "02": Action.RETRY_LATER,
    **dict.fromkeys(("24", "25", "26", "27", "28", "29", "30"), Action.RETRY_LATER),
}
RETRY_AFTER_H: dict[str, int] = {"24": 1, "25": 24, "26": 48, "27": 96, "28": 144, "29": 192, "30": 240}
"""Hours that Mastercard's advice asks to wait before the next try."""


def normalize(raw_code: str, *, advice_code: str = "", scheme: str = "", message: str = "") -> Decline:
    """The decline of a network code. A code that no table knows is a generic one that may be retried."""
    row = _row(raw_code, scheme)
    advised = _ACTION_BY_ADVICE.get(advice_code)
    action = row.action
    if advised is Action.NEVER_RETRY or (advised is not None and action is Action.RETRY_LATER):
        action = advised  # advice makes it stricter; it never permits what the code forbids
    return Decline(
        reason=row.reason.value,
        action=action.value,
        raw_code=raw_code,
        advice_code=advice_code,
        message=message,
    )


def refused_request(code: str, message: str) -> Decline:
    """The decline of a request that the acquirer itself refused: nothing was tried, and the request must change."""
    return Decline(
        reason=NormalizedReason.INVALID_REQUEST.value,
        action=Action.FIX_DATA.value,
        raw_code=code,
        message=message,
    )


def _row(raw_code: str, scheme: str) -> _Row:
    if raw_code == "65" and scheme == "mastercard":
        return _MASTERCARD_AUTHENTICATE
    return _BY_CODE.get(raw_code, _UNKNOWN)
