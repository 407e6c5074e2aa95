"""The merchant's word to have the payment authorised."""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from payments.domain.changes import advanced, put_attempt
from payments.domain.decision import Context, Decision
from payments.domain.errors import NoRoute, PaymentMethodMissing, PaymentStateConflict
from payments.domain.payment import Attempt, CaptureMethod, Card, Operation, OperationState, Payment, Route, Verb
from payments.domain.states import Status, status_of

_CONFIRMABLE = frozenset({Status.REQUIRES_PAYMENT_METHOD, Status.REQUIRES_CONFIRMATION})


class Confirm(Struct, frozen=True):
    """Authorise with ``card``, or with the card that the payment has, at the first of ``routes`` that will."""

    context: Context
    routes: tuple[Route, ...]
    card: Card | None = None
    creating: bool = False
    limit_day: date | None = None


def confirm(payment: Payment, command: Confirm) -> Decision:
    """Begin an attempt. Raises PaymentStateConflict, PaymentMethodMissing, NoRoute."""
    status = status_of(payment)
    if status not in _CONFIRMABLE:
        raise PaymentStateConflict(
            f"A payment that is {status} cannot be confirmed; only one that waits for a card or confirmation can.",
            payment_status=status,
        )
    card = command.card or payment.card
    if card is None:
        raise PaymentMethodMissing(
            "Send payment_method: the payment has no card, or its last card was declined.", param="payment_method"
        )
    if not command.routes:
        raise NoRoute(
            f"The merchant's configuration routes no {payment.currency} payment of this amount and card to a connector."
        )
    payment = replace(payment, card=card, last_decline=None, limit_day=command.limit_day)
    if not command.creating:
        payment = advanced(payment)
    return begin_attempt(
        payment,
        command.context,
        command.routes,
        key_id=command.context.key_id,
        kind="confirm",
        creating=command.creating,
    )


def begin_attempt(
    payment: Payment, context: Context, routes: tuple[Route, ...], *, key_id: str, kind: str, creating: bool
) -> Decision:
    """Send an authorisation to the first route and remember the others for a cascade."""
    route, *others = routes
    if payment.card is None:
        raise AssertionError("an attempt needs a card")
    operation = Operation(
        id=context.ids.operation_id,
        verb=Verb.AUTHORIZE,
        state=OperationState.SENDING,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        connector=route.connector,
        reference=context.ids.reference,
        created_at=context.at,
        deadline_at=context.deadline(route.timeout_s),
        with_capture=payment.capture_method is CaptureMethod.AUTOMATIC and route.captures_with_authorization,
        key_id=key_id,
    )
    attempt = Attempt(
        id=context.ids.attempt_id,
        route=route,
        card=payment.card,
        operations=(operation,),
        created_at=context.at,
        creating=creating,
    )
    payment = put_attempt(replace(payment, routes_left=tuple(others)), attempt)
    return Decision(
        kind=kind,
        payment=payment,
        perform=(operation.id,),
        detail={"operation_id": operation.id, "connector": route.connector, "reference": operation.reference},
    )
