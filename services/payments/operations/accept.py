"""What a merchant asks for: each request becomes a command, with what it needs from the configuration."""

import random

from msgspec import Struct

from florin.clock import Clock
from florin.contracts.connector import ConnectorSpec
from florin.contracts.directory import ConfigState
from florin.contracts.merchant_config import MerchantConfig
from florin.directory import Directory
from florin.errors import InvalidRequest, NotFound
from florin.ids import new_id, shard_of
from florin.money import exponent_of
from florin.telemetry import current_traceparent
from payments.domain.cancel import Cancel, cancel
from payments.domain.capture import Capture, capture
from payments.domain.confirm import Confirm, confirm
from payments.domain.create import Create, create
from payments.domain.decision import Context, Decision
from payments.domain.errors import AmountLimitExceeded
from payments.domain.payment import CaptureMethod, Card, Channel, Initiator, Payment, Route
from payments.domain.refund import Refund, refund
from payments.domain.routing import choose_routes
from payments.gateways.cards import Cards
from payments.operations.submit import Reply, Request, Submitter


class NewPayment(Struct, frozen=True):
    """What a merchant says of a payment that is to be made. ``token`` is empty where no card is known yet."""

    amount_minor: int
    currency: str
    token: str = ""
    confirm: bool = False
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC
    initiator: Initiator = Initiator.CUSTOMER
    channel: Channel = Channel.ECOMMERCE
    description: str = ""
    merchant_reference: str = ""
    metadata: dict[str, str] = {}


class Acceptance:
    """Takes merchants' requests."""

    def __init__(self, submitter: Submitter, directory: Directory, cards: Cards, clock: Clock) -> None:
        self._submitter = submitter
        self._directory = directory
        self._cards = cards
        self._clock = clock

    async def create(self, request: Request, new: NewPayment) -> Reply:
        """Make a payment, and confirm it where that is asked for."""
        principal = request.principal
        config = self._directory.config(principal.merchant_id)
        exponent = exponent_of(new.currency)
        _check_accepted(config.spec, new)
        card = self._cards.describe(new.token, livemode=principal.livemode) if new.token else None
        routes = None
        if new.confirm:
            routes = self._routes(config, new.amount_minor, new.currency, card, livemode=principal.livemode)
        payment_id = new_id("pay", livemode=principal.livemode, shard=shard_of(principal.merchant_id))
        traceparent = current_traceparent() or ""

        def decide(_: Payment | None, context: Context) -> Decision:
            return create(
                Create(
                    context=context,
                    payment_id=payment_id,
                    livemode=principal.livemode,
                    merchant_id=principal.merchant_id,
                    config_version=config.config_version,
                    amount_minor=new.amount_minor,
                    currency=new.currency,
                    exponent=exponent,
                    capture_method=new.capture_method,
                    initiator=new.initiator,
                    channel=new.channel,
                    card=card,
                    description=new.description,
                    merchant_reference=new.merchant_reference,
                    metadata=new.metadata,
                    routes=routes,
                    traceparent=traceparent,
                )
            )

        return await self._submitter.submit(request, payment_id, decide, creates=True)

    async def confirm(self, request: Request, payment_id: str, token: str) -> Reply:
        """Have a payment authorised, with the card of ``token`` or the one that it has."""
        card = self._cards.describe(token, livemode=request.principal.livemode) if token else None

        def rule(payment: Payment, context: Context) -> Decision:
            # The configuration that the payment began with decides, not the newest one.
            config = self._directory.config(payment.merchant_id, payment.config_version)
            routes = self._routes(
                config, payment.amount_minor, payment.currency, card or payment.card, livemode=payment.livemode
            )
            return confirm(payment, Confirm(context, routes, card))

        return await self._submitter.change(request, payment_id, rule)

    async def capture(self, request: Request, payment_id: str, amount_minor: int | None, *, final: bool) -> Reply:
        """Take authorised money."""
        return await self._submitter.change(
            request, payment_id, lambda payment, context: capture(payment, Capture(context, amount_minor, final))
        )

    async def cancel(self, request: Request, payment_id: str, reason: str) -> Reply:
        """Give a payment up."""
        return await self._submitter.change(
            request, payment_id, lambda payment, context: cancel(payment, Cancel(context, reason))
        )

    async def refund(
        self, request: Request, payment_id: str, amount_minor: int | None, reason: str, metadata: dict[str, str]
    ) -> Reply:
        """Give captured money back."""
        return await self._submitter.change(
            request,
            payment_id,
            lambda payment, context: refund(payment, Refund(context, amount_minor, reason, metadata)),
            operation_kind="re",
        )

    def _routes(
        self, config: ConfigState, amount_minor: int, currency: str, card: Card | None, *, livemode: bool
    ) -> tuple[Route, ...]:
        if card is None:
            return ()
        return choose_routes(
            config.spec,
            self._connectors_of(config.spec),
            amount_minor=amount_minor,
            currency=currency,
            card=card,
            livemode=livemode,
            dice=random.random(),
        )

    def _connectors_of(self, config: MerchantConfig) -> dict[str, ConnectorSpec]:
        known = {}
        for binding in config.connectors:
            try:
                known[binding.connector_ref.name] = self._directory.connector(binding.connector_ref.name)
            except NotFound:
                continue  # configured and not there (yet): the others may do
        return known


def _check_accepted(config: MerchantConfig, new: NewPayment) -> None:
    """Raises InvalidRequest, AmountLimitExceeded where the merchant's configuration does not take this payment."""
    if new.currency not in config.currencies:
        accepted = ", ".join(config.currencies)
        raise InvalidRequest(
            f"{new.currency} is not configured for this merchant; it takes {accepted}.", param="currency"
        )
    for limit in config.limits:
        most_minor = limit.per_transaction_minor if limit.currency == new.currency else None
        if most_minor is not None and new.amount_minor > most_minor:
            raise AmountLimitExceeded(
                f"At most {most_minor} may be charged in {new.currency} by one payment.",
                param="amount_minor",
                limit_minor=most_minor,
            )
