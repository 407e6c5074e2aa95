"""Double entry: what each thing that happens posts. Debits are positive, and each function's lines sum to zero.

An account is a merchant's, at one connector, in one currency and mode, for one purpose. Nothing is edited: a correction
is a further entry, and a balance is the sum of its entries.
"""

from enum import StrEnum

from msgspec import Struct

from payments.domain.payment import Operation


class Purpose(StrEnum):
    """What an account holds. ``*_offset`` accounts only mirror what is not yet money."""

    AUTHORIZED = "authorized"
    AUTHORIZED_OFFSET = "authorized_offset"
    ACQUIRER_RECEIVABLE = "acquirer_receivable"
    MERCHANT_PAYABLE = "merchant_payable"
    ACQUIRER_FEES = "acquirer_fees"
    REFUND_RESERVE = "refund_reserve"
    DISPUTE_RESERVE = "dispute_reserve"


class Line(Struct, frozen=True):
    """One entry: a debit (positive) or a credit (negative) in minor units of a currency."""

    purpose: Purpose
    connector: str
    currency: str
    amount_minor: int
    operation_id: str


def _move(operation: Operation, debit: Purpose, credit: Purpose, amount_minor: int) -> tuple[Line, ...]:
    if amount_minor == 0:
        return ()
    return (
        Line(debit, operation.connector, operation.currency, amount_minor, operation.id),
        Line(credit, operation.connector, operation.currency, -amount_minor, operation.id),
    )


def hold(operation: Operation, amount_minor: int) -> tuple[Line, ...]:
    """An authorisation: promised, not money yet."""
    return _move(operation, Purpose.AUTHORIZED, Purpose.AUTHORIZED_OFFSET, amount_minor)


def release(operation: Operation, amount_minor: int) -> tuple[Line, ...]:
    """A hold, or what remains of one, ends: captured, voided or expired."""
    return _move(operation, Purpose.AUTHORIZED_OFFSET, Purpose.AUTHORIZED, amount_minor)


def capture(operation: Operation, amount_minor: int) -> tuple[Line, ...]:
    """The acquirer owes us the amount, and we owe it to the merchant."""
    return _move(operation, Purpose.ACQUIRER_RECEIVABLE, Purpose.MERCHANT_PAYABLE, amount_minor)


def pay_fee(operation: Operation, fee_minor: int) -> tuple[Line, ...]:
    """The acquirer keeps its fee of what it owes us, or gives some back where it is negative (with a refund)."""
    return _move(operation, Purpose.ACQUIRER_FEES, Purpose.ACQUIRER_RECEIVABLE, fee_minor)


def reserve_refund(operation: Operation, amount_minor: int) -> tuple[Line, ...]:
    """A refund is asked for: the merchant cannot spend that money any more."""
    return _move(operation, Purpose.MERCHANT_PAYABLE, Purpose.REFUND_RESERVE, amount_minor)


def settle_refund(operation: Operation, amount_minor: int) -> tuple[Line, ...]:
    """The acquirer gave it back and takes it from us."""
    return _move(operation, Purpose.REFUND_RESERVE, Purpose.ACQUIRER_RECEIVABLE, amount_minor)


def return_refund(operation: Operation, amount_minor: int) -> tuple[Line, ...]:
    """That part of a refund did not happen: the money is the merchant's again."""
    return _move(operation, Purpose.REFUND_RESERVE, Purpose.MERCHANT_PAYABLE, amount_minor)


def reserve_dispute(operation: Operation, amount_minor: int) -> tuple[Line, ...]:
    """A dispute is opened: the money waits for its end."""
    return _move(operation, Purpose.MERCHANT_PAYABLE, Purpose.DISPUTE_RESERVE, amount_minor)


def lose_dispute(operation: Operation, amount_minor: int) -> tuple[Line, ...]:
    """The cardholder has it back, by way of the acquirer."""
    return _move(operation, Purpose.DISPUTE_RESERVE, Purpose.ACQUIRER_RECEIVABLE, amount_minor)


def win_dispute(operation: Operation, amount_minor: int) -> tuple[Line, ...]:
    """The money is the merchant's again."""
    return _move(operation, Purpose.DISPUTE_RESERVE, Purpose.MERCHANT_PAYABLE, amount_minor)
