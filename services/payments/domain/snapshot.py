"""A payment as others may see it (`florin.contracts.payments`), derived from the aggregate."""

from florin.contracts.payments import (
    AttemptView,
    CardView,
    DeclineView,
    DisputeView,
    PaymentView,
    RefundEventData,
    RefundView,
)
from payments.domain.amounts import amounts_of, capturable_attempt
from payments.domain.outcome import Decline, NetworkData
from payments.domain.payment import Attempt, Card, Operation, OperationState, Payment, Verb
from payments.domain.states import status_of

_REFUND_STATUS = {OperationState.SENDING: "pending", OperationState.UNKNOWN: "outcome_unknown"}
_NO_DATA = NetworkData()


def view_payment(payment: Payment) -> PaymentView:
    """The payment with its amounts, attempts, refunds and disputes."""
    amounts = amounts_of(payment)
    held = capturable_attempt(payment)
    return PaymentView(
        id=payment.id,
        livemode=payment.livemode,
        merchant_id=payment.merchant_id,
        status=status_of(payment, amounts),
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        exponent=payment.exponent,
        authorized_minor=amounts.authorized_minor,
        captured_minor=amounts.captured_minor,
        capturable_minor=amounts.capturable_minor,
        refunded_minor=amounts.refunded_minor,
        refund_pending_minor=amounts.refund_pending_minor,
        capture_method=payment.capture_method,
        initiator=payment.initiator,
        channel=payment.channel,
        payment_method=_view_card(payment.card) if payment.card else None,
        description=payment.description,
        merchant_reference=payment.merchant_reference,
        metadata=payment.metadata,
        created_at=payment.created_at,
        config_version=payment.config_version,
        sequence=payment.version,
        expires_at=held.expires_at if held else None,
        canceled_at=payment.canceled_at,
        cancellation_reason=payment.cancellation_reason,
        last_decline=_view_decline(payment.last_decline),
        conflict=payment.conflict,
        attempts=[_view_attempt(attempt) for attempt in payment.attempts],
        refunds=[view_refund(payment, operation) for operation in refunds_of(payment)],
        disputes=[
            DisputeView(d.id, d.state, d.amount_minor, d.currency, d.reason_code, d.opened_at) for d in payment.disputes
        ],
    )


def view_refund(payment: Payment, operation: Operation) -> RefundView:
    """One refund."""
    return RefundView(
        id=operation.id,
        payment_id=payment.id,
        amount_minor=operation.amount_minor,
        currency=operation.currency,
        status=_REFUND_STATUS.get(operation.state, str(operation.state)),
        created_at=operation.created_at,
        livemode=payment.livemode,
        reason=operation.reason,
        metadata=operation.metadata,
        decline=_view_decline(operation.decline),
    )


def view_refund_event(payment: Payment, operation_id: str) -> RefundEventData:
    """The data of an event about a refund. Raises KeyError where the payment has no such operation."""
    found = payment.find_operation(operation_id)
    if found is None:
        raise KeyError(operation_id)
    return RefundEventData(view_refund(payment, found[1]), view_payment(payment))


def refunds_of(payment: Payment) -> list[Operation]:
    """The refunds that the merchant asked for."""
    return [o for o in payment.operations() if o.verb is Verb.REFUND and not o.repairing]


def _view_card(card: Card) -> CardView:
    return CardView(
        token=card.token,
        scheme=card.scheme,
        bin=card.bin,
        last4=card.last4,
        exp_month=card.exp_month,
        exp_year=card.exp_year,
        funding=card.funding,
        country=card.country,
    )


def _view_decline(decline: Decline | None) -> DeclineView | None:
    if decline is None:
        return None
    return DeclineView(decline.reason, decline.action, decline.raw_code, decline.advice_code, decline.message)


def _view_attempt(attempt: Attempt) -> AttemptView:
    authorization = attempt.authorization
    network = authorization.network or _NO_DATA
    return AttemptView(
        id=attempt.id,
        connector=attempt.route.connector,
        status="reversed" if attempt.abandoned else authorization.state,
        amount_minor=authorization.amount_minor,
        created_at=attempt.created_at,
        acquirer_reference=authorization.reference,
        acquirer_id=authorization.acquirer_id,
        auth_code=network.auth_code,
        rrn=network.rrn,
        network_transaction_id=network.network_transaction_id,
        avs_result=network.avs_result,
        cvc_result=network.cvc_result,
        decline=_view_decline(authorization.decline),
    )
