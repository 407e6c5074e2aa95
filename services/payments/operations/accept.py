"""What a merchant asks for: each request becomes a command, with what it needs from the configuration."""

import random

from msgspec import Struct

from florin.clock import Clock
from florin.contracts.connector import ConnectorSpec
from florin.contracts.directory import ConfigState
from florin.contracts.merchant_config import MerchantConfig
from florin.directory import Directory, Principal
from florin.errors import FlorinError, NotFound
from florin.ids import new_id, shard_of
from florin.money import exponent_of
from florin.telemetry import current_traceparent
from payments.domain.cancel import Cancel, cancel
from payments.domain.capture import Capture, capture
from payments.domain.confirm import Confirm, confirm
from payments.domain.create import Create, create
from payments.domain.decision import Context, Decision
from payments.domain.limits import check_one_payment, limit_for
from payments.domain.payment import CaptureMethod, Card, Channel, Initiator, Payment, Route
from payments.domain.refund import Refund, refund
from payments.domain.routing import choose_routes
from payments.gateways.cards import Cards
from payments.operations.submit import Reply, Request, Submitter
from payments.store.spending import Allowance


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
        allowance = self._allowance(principal, new.currency) if new.confirm else None
        payment_id = new_id("pay", livemode=principal.livemode, shard=shard_of(principal.merchant_id))
        traceparent = current_traceparent() or ""

        def decide(_: Payment | None, context: Context) -> Decision:
            # Only once the key is ours: a replay is owed its reply, whatever the configuration has become since.
            config = self._directory.config(principal.merchant_id)
            exponent = exponent_of(new.currency)
            check_one_payment(limit_for(config.spec, new.currency), new.amount_minor)
            card = self._cards.describe(new.token, livemode=principal.livemode) if new.token else None
            routes = None
            if new.confirm:
                routes = self._routes(config, new.amount_minor, new.currency, card, livemode=principal.livemode)
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
                    limit_day=allowance.day if allowance else None,
                    api_version=principal.api_version,
                    traceparent=traceparent,
                )
            )

        return await self._submitter.submit(request, payment_id, decide, creates=True, allowance=allowance)

    async def confirm(self, request: Request, payment_id: str, token: str) -> Reply:
        """Have a payment authorised, with the card of ``token`` or the one that it has."""
        allowance: Allowance | None = None

        def allowance_of(payment: Payment) -> Allowance | None:
            nonlocal allowance
            allowance = self._allowance(request.principal, payment.currency, payment.config_version)
            return allowance

        def rule(payment: Payment, context: Context) -> Decision:
            card = self._cards.describe(token, livemode=payment.livemode) if token else None
            # The configuration that the payment began with decides, not the newest one.
            config = self._directory.config(payment.merchant_id, payment.config_version)
            routes = self._routes(
                config, payment.amount_minor, payment.currency, card or payment.card, livemode=payment.livemode
            )
            return confirm(payment, Confirm(context, routes, card, limit_day=allowance.day if allowance else None))

        return await self._submitter.change(request, payment_id, rule, allowance_of=allowance_of)

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

    def _allowance(self, principal: Principal, currency: str, version: int | None = None) -> Allowance | None:
        """Today's limit; None where the merchant has none in this currency, or its configuration is not to be had."""
        try:
            limit = limit_for(self._directory.config(principal.merchant_id, version).spec, currency)
        except FlorinError:
            return None  # the rule says so, once the key is ours
        if limit is None or limit.daily_minor is None:
            return None
        today = self._clock.now().date()
        return Allowance(principal.merchant_id, principal.livemode, currency, today, limit.daily_minor)

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
