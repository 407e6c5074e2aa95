"""`/v1/events` and `/v1/balances`: what happened, and what it adds up to."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Router, get
from litestar.datastructures import State
from litestar.params import FromPath
from msgspec import Meta, Struct

from florin.contracts.api_keys import Scope
from florin.contracts.events import Event
from florin.errors import NotFound
from florin.ids import parse_id
from florin.money import exponent_of
from florin.service import API_KEY, PAGE, FilterText, Page, UsePage, page_of
from payments.api.access import HttpRequest, admit, window
from payments.domain.ledger import Purpose
from payments.store.events import find_event, list_events
from payments.store.ledger import balances


class EventView(Struct, frozen=True):
    """An event, with the object that it is about as it was then. ``sequence`` orders the events of one payment."""

    id: str
    type: Annotated[str, Meta(examples=["payment.captured"])]
    livemode: bool
    occurred_at: datetime
    payment_id: str
    sequence: int
    data: dict[str, Any]
    object: Literal["event"] = "event"


class Balance(Struct, frozen=True):
    """A merchant's money in one currency, in minor units; each is a sum of ledger entries.

    ``available`` is captured and not given back, less the acquirer's fees; ``held`` is authorised and not captured;
    ``refund_pending`` and ``disputed`` are set aside until their outcome is known.
    """

    currency: str
    exponent: int
    available_minor: int
    captured_minor: int
    fees_minor: int
    held_minor: int
    refund_pending_minor: int
    disputed_minor: int


class Balances(Struct, frozen=True):
    """All balances of a merchant in one mode."""

    livemode: bool
    data: list[Balance]
    object: Literal["balances"] = "balances"


@get("/events", dependencies={"page": PAGE}, summary="List events", operation_id="listEvents", tags=["Events"])
async def list_all_events(
    request: HttpRequest,
    state: State,
    page: UsePage,
    type: FilterText = None,
    payment_id: FilterText = None,
) -> Page[EventView]:
    """The merchant's events, newest first."""
    principal = state.access.principal(request, Scope.EVENTS_READ)
    found = await list_events(
        state.runtime.database,
        window(page, "evt", livemode=principal.livemode, merchant_id=principal.merchant_id),
        type=type,
        payment_id=payment_id,
    )
    return page_of([_view(event) for event in found], page, lambda view: view.id)


@get("/events/{event_id:str}", summary="Read an event", operation_id="getEvent", tags=["Events"])
async def read_event(event_id: FromPath[str], request: HttpRequest, state: State) -> EventView:
    """One event."""
    principal = state.access.principal(request, Scope.EVENTS_READ)
    parse_id(event_id, "evt")
    event = await find_event(
        state.runtime.database,
        merchant_id=principal.merchant_id,
        livemode=principal.livemode,
        event_id=event_id,
    )
    if event is None:
        raise NotFound(f"No event has the id {event_id[:80]!r}.")
    return _view(event)


@get("/balances", summary="Read balances", operation_id="getBalances", tags=["Balances"])
async def read_balances(request: HttpRequest, state: State) -> Balances:
    """What the merchant's ledger adds up to, by currency."""
    principal = state.access.principal(request, Scope.BALANCES_READ)
    rows = await balances(state.runtime.database, merchant_id=principal.merchant_id, livemode=principal.livemode)
    sums: dict[str, dict[str, int]] = {}
    for row in rows:
        sums.setdefault(row["currency"], {})[row["purpose"]] = row["amount_minor"]
    return Balances(principal.livemode, [_balance(currency, of) for currency, of in sums.items()])


def _view(event: Event) -> EventView:
    return EventView(
        id=event.id,
        type=event.type,
        livemode=bool(event.livemode),
        occurred_at=event.occurred_at,
        payment_id=event.aggregate_id,
        sequence=event.sequence,
        data=msgspec.json.decode(event.data),
    )


def _balance(currency: str, sums: dict[str, int]) -> Balance:
    payable_minor = -sums.get(Purpose.MERCHANT_PAYABLE, 0)
    fees_minor = sums.get(Purpose.ACQUIRER_FEES, 0)
    return Balance(
        currency=currency,
        exponent=exponent_of(currency),
        available_minor=payable_minor - fees_minor,
        captured_minor=payable_minor,
        fees_minor=fees_minor,
        held_minor=sums.get(Purpose.AUTHORIZED, 0),
        refund_pending_minor=-sums.get(Purpose.REFUND_RESERVE, 0),
        disputed_minor=-sums.get(Purpose.DISPUTE_RESERVE, 0),
    )


records_router = Router(
    "/v1", route_handlers=[list_all_events, read_event, read_balances], before_request=admit, security=API_KEY
)
