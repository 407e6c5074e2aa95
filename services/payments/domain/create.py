"""A payment comes into being, confirmed in the same step or later."""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from payments.domain.confirm import Confirm, confirm
from payments.domain.decision import Announcement, Context, Decision, Result
from payments.domain.errors import AmountNotPositive
from payments.domain.events import EventType
from payments.domain.payment import CaptureMethod, Card, Channel, Initiator, Payment, Route


class Create(Struct, frozen=True):
    """Make a payment of ``amount_minor``. ``routes`` are set where it is to be confirmed at once, best first."""

    context: Context
    payment_id: str
    livemode: bool
    merchant_id: str
    config_version: int
    amount_minor: int
    currency: str
    exponent: int
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC
    initiator: Initiator = Initiator.CUSTOMER
    channel: Channel = Channel.ECOMMERCE
    card: Card | None = None
    description: str = ""
    merchant_reference: str = ""
    metadata: dict[str, str] = {}
    routes: tuple[Route, ...] | None = None
    limit_day: date | None = None
    api_version: str = ""
    traceparent: str = ""


def create(command: Create) -> Decision:
    """Decide a new payment. Raises AmountNotPositive, and what `confirm` raises where it is to be confirmed."""
    if command.amount_minor <= 0:
        raise AmountNotPositive("A payment needs an amount of at least 1.", param="amount_minor")
    payment = Payment(
        id=command.payment_id,
        livemode=command.livemode,
        merchant_id=command.merchant_id,
        version=1,
        config_version=command.config_version,
        amount_minor=command.amount_minor,
        currency=command.currency,
        exponent=command.exponent,
        capture_method=command.capture_method,
        created_at=command.context.at,
        initiator=command.initiator,
        channel=command.channel,
        description=command.description,
        merchant_reference=command.merchant_reference,
        metadata=command.metadata,
        card=command.card,
        api_version=command.api_version,
        traceparent=command.traceparent,
    )
    created = Announcement(EventType.PAYMENT_CREATED)
    if command.routes is None:
        answers = command.context.answers(Result.CREATED)
        return Decision(kind="create", payment=payment, events=(created,), answers=answers)
    confirmed = confirm(payment, Confirm(command.context, command.routes, creating=True, limit_day=command.limit_day))
    # One decision, one version: creating and confirming are stored as one.
    return replace(
        confirmed, kind="create", payment=replace(confirmed.payment, version=1), events=(created, *confirmed.events)
    )
