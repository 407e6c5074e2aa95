"""`/admin/v1`: what operators look at."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from florin.contracts.payments import PaymentView
from florin.errors import NotFound
from florin.ids import parse_id
from florin.service import ADMIN_TOKEN, PAGE, WORD, Page, ServiceSettings, UsePage, admin_guard, page_of
from payments.api.access import window
from payments.domain.payment import Payment
from payments.domain.snapshot import view_payment
from payments.domain.states import Status
from payments.operations.audit import prove_ledger
from payments.operations.timeline import Timeline, tell_timeline
from payments.store.ledger import list_entries
from payments.store.payments import find_payment, list_payments


class LedgerFault(Struct, frozen=True):
    """A row that breaks a rule of the ledger."""

    rule: str
    row: dict[str, Any]


class LedgerReport(Struct, frozen=True):
    """What a check of the whole ledger found."""

    entries: int
    transactions: int
    faults: list[LedgerFault]


class LedgerEntry(Struct, frozen=True):
    """One posting; debits are positive."""

    decision_id: str
    line: int
    connector: str
    currency: str
    purpose: str
    amount_minor: int
    operation_id: str
    recorded_at: datetime


@get("/ledger/check", summary="Check the whole ledger", operation_id="checkLedger")
async def check_ledger(state: State) -> LedgerReport:
    """Prove that every transaction sums to zero and that ledger and operations agree."""
    proof = await prove_ledger(state.runtime.database)
    faults = [LedgerFault(rule, {name: str(value) for name, value in row.items()}) for rule, row in proof.faults]
    return LedgerReport(proof.entries, proof.transactions, faults)


@get("/payments", dependencies={"page": PAGE}, summary="List a merchant's payments", operation_id="adminListPayments")
async def list_of_merchant(
    state: State,
    page: UsePage,
    merchant_id: Annotated[str, QueryParameter(pattern=WORD, max_length=64)],
    livemode: FromQuery[bool] = False,
    status: FromQuery[Status | None] = None,
) -> Page[PaymentView]:
    """A merchant's payments in one mode, newest first."""
    found = await list_payments(
        state.runtime.database,
        window(page, "pay", livemode=livemode, merchant_id=merchant_id),
        status=status,
    )
    return page_of([view_payment(payment) for payment in found], page, lambda view: view.id)


@get("/payments/{payment_id:str}", summary="Read any payment", operation_id="adminGetPayment")
async def read_any(payment_id: FromPath[str], state: State) -> PaymentView:
    """A payment of whatever merchant."""
    return view_payment(await _find(state, payment_id))


@get("/payments/{payment_id:str}/timeline", summary="Any payment's timeline", operation_id="adminGetTimeline")
async def read_any_timeline(payment_id: FromPath[str], state: State) -> Timeline:
    """Every decision, operation, callback and delivery, with its time."""
    payment = await _find(state, payment_id)
    return await tell_timeline(state.runtime.database, state.runtime.deliveries, payment.id)


@get("/payments/{payment_id:str}/entries", summary="A payment's ledger entries", operation_id="adminListEntries")
async def read_entries(payment_id: FromPath[str], state: State) -> list[LedgerEntry]:
    """What a payment posted."""
    payment = await _find(state, payment_id)
    return [LedgerEntry(**row) for row in await list_entries(state.runtime.database, payment.id)]


@post("/payments/{payment_id:str}/ask", status_code=200, summary="Ask the acquirer now", operation_id="adminAsk")
async def ask_now(payment_id: FromPath[str], state: State) -> PaymentView:
    """Ask the acquirer about whatever is unknown of a payment, without waiting for the schedule."""
    payment = await _find(state, payment_id)
    for operation in payment.operations():
        if operation.open:
            await state.runtime.repair.ask(payment.id, operation.id)
    return view_payment(await _find(state, payment_id))


async def _find(state: State, payment_id: str) -> Payment:
    parse_id(payment_id, "pay")
    payment: Payment | None = await find_payment(state.runtime.database, payment_id)
    if payment is None:
        raise NotFound(f"No payment has the id {payment_id[:80]!r}.")
    return payment


def admin_router(settings: ServiceSettings) -> Router:
    """The operators' routes, behind their token."""
    return Router(
        "/admin/v1",
        route_handlers=[check_ledger, list_of_merchant, read_any, read_any_timeline, read_entries, ask_now],
        guards=[admin_guard(settings)],
        security=ADMIN_TOKEN,
        tags=["Operators"],
    )
