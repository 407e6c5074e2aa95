"""Refusals of the rules of payments."""

from florin.errors import Conflict, InvalidRequest


class PaymentStateConflict(Conflict):
    """The payment's status does not allow the operation. The member ``payment_status`` names it."""

    code = "payment_state_conflict"
    title = "The payment's status does not allow this"


class OperationInFlight(Conflict):
    """Another operation of this payment is on its way and must end first. Try again shortly."""

    code = "operation_in_flight"
    title = "Another operation on this payment is in flight"
    retryable = True


class AmountNotPositive(InvalidRequest):
    """An amount must be at least one minor unit of its currency."""

    code = "amount_not_positive"
    title = "The amount must be positive"


class CaptureExceedsAuthorized(InvalidRequest):
    """More was asked to be captured than is authorised and not yet captured (``capturable_minor``)."""

    code = "capture_exceeds_authorized"
    title = "The capture exceeds what is authorised"


class RefundExceedsCaptured(InvalidRequest):
    """More was asked to be refunded than is captured and not yet refunded (``refundable_minor``)."""

    code = "refund_exceeds_captured"
    title = "The refund exceeds what was captured"


class PaymentMethodMissing(InvalidRequest):
    """The payment has no card, or its last card was declined: send ``payment_method`` with the confirmation."""

    code = "payment_method_missing"
    title = "A payment method is needed"


class NoRoute(Conflict):
    """The merchant's configuration has no connector for this payment (currency, scheme, BIN, amount)."""

    code = "no_route"
    title = "No connector can take this payment"


class DailyLimitExceeded(Conflict):
    """The merchant's daily limit for the currency leaves ``left_minor``. It begins anew at 00:00 UTC."""

    code = "daily_limit_exceeded"
    title = "The merchant's daily limit is reached"


class AmountLimitExceeded(InvalidRequest):
    """The amount is above the limit that the merchant's configuration sets for the currency."""

    code = "amount_limit_exceeded"
    title = "The amount is above the merchant's limit"
