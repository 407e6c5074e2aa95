"""`/v1/payments`: take payments, change them, look at them."""

from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter

from florin.contracts.api_keys import Scope
from florin.contracts.payments import PaymentView
from florin.directory import Principal
from florin.errors import NotFound
from florin.ids import parse_id
from florin.service import API_KEY, PAGE, FilterTime, Page, UsePage, page_of, parse_time
from payments.api.access import HttpRequest, admit, answer, window
from payments.api.requests import (
    CancelPaymentRequest,
    CapturePaymentRequest,
    ConfirmPaymentRequest,
    CreatePaymentRequest,
)
from payments.domain.payment import Payment
from payments.domain.snapshot import view_payment
from payments.domain.states import Status
from payments.operations.accept import NewPayment
from payments.operations.timeline import Timeline, tell_timeline
from payments.store.payments import find_payment, list_payments

_ACCEPTED = {202: ResponseSpec(PaymentView, description="The acquirer has not answered yet.", generate_examples=False)}
IdempotencyHeader = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        required=False,
        description="1 to 255 printable characters, unique to this request: sent again, it is replayed.",
        schema_extra={"minLength": 1, "maxLength": 255, "pattern": "^[!#-~]+$"},
    ),
]


@post("/", responses=_ACCEPTED, summary="Create a payment", operation_id="createPayment")
async def create_payment(
    data: JSONBody[CreatePaymentRequest], request: HttpRequest, state: State, idempotency_key: IdempotencyHeader = None
) -> Response[PaymentView]:
    """Create a payment; with `confirm` it is authorised in the same call."""
    submission = await state.access.submission(request, Scope.PAYMENTS_WRITE, "POST /v1/payments")
    new = NewPayment(
        amount_minor=data.amount_minor,
        currency=data.currency,
        token=data.payment_method.token if data.payment_method else "",
        confirm=data.confirm,
        capture_method=data.capture_method,
        initiator=data.initiator,
        channel=data.channel,
        description=data.description,
        merchant_reference=data.merchant_reference,
        metadata=data.metadata,
    )
    return answer(await state.runtime.acceptance.create(submission, new))


@post(
    "/{payment_id:str}/confirm", status_code=200, responses=_ACCEPTED, summary="Confirm", operation_id="confirmPayment"
)
async def confirm_payment(
    payment_id: FromPath[str],
    data: JSONBody[ConfirmPaymentRequest],
    request: HttpRequest,
    state: State,
    idempotency_key: IdempotencyHeader = None,
) -> Response[PaymentView]:
    """Have a payment authorised, with its card or another one."""
    route = f"POST /v1/payments/{payment_id}/confirm"
    submission = await state.access.submission(request, Scope.PAYMENTS_WRITE, route)
    token = data.payment_method.token if data.payment_method else ""
    return answer(await state.runtime.acceptance.confirm(submission, payment_id, token))


@post(
    "/{payment_id:str}/capture", status_code=200, responses=_ACCEPTED, summary="Capture", operation_id="capturePayment"
)
async def capture_payment(
    payment_id: FromPath[str],
    data: JSONBody[CapturePaymentRequest],
    request: HttpRequest,
    state: State,
    idempotency_key: IdempotencyHeader = None,
) -> Response[PaymentView]:
    """Take authorised money, all of it or in parts."""
    route = f"POST /v1/payments/{payment_id}/capture"
    submission = await state.access.submission(request, Scope.PAYMENTS_WRITE, route)
    return answer(await state.runtime.acceptance.capture(submission, payment_id, data.amount_minor, final=data.final))


@post("/{payment_id:str}/cancel", status_code=200, responses=_ACCEPTED, summary="Cancel", operation_id="cancelPayment")
async def cancel_payment(
    payment_id: FromPath[str],
    data: JSONBody[CancelPaymentRequest],
    request: HttpRequest,
    state: State,
    idempotency_key: IdempotencyHeader = None,
) -> Response[PaymentView]:
    """Give a payment up before anything of it was captured."""
    route = f"POST /v1/payments/{payment_id}/cancel"
    submission = await state.access.submission(request, Scope.PAYMENTS_WRITE, route)
    return answer(await state.runtime.acceptance.cancel(submission, payment_id, data.reason))


@get("/", dependencies={"page": PAGE}, summary="List payments", operation_id="listPayments")
async def list_all(
    request: HttpRequest,
    state: State,
    page: UsePage,
    status: FromQuery[Status | None] = None,
    currency: Annotated[str | None, QueryParameter(pattern="^[A-Z]{3}$")] = None,
    merchant_reference: Annotated[str | None, QueryParameter(max_length=255)] = None,
    created_from: FilterTime = None,
    created_before: FilterTime = None,
) -> Page[PaymentView]:
    """The merchant's payments, newest first."""
    principal = state.access.principal(request, Scope.PAYMENTS_READ)
    found = await list_payments(
        state.runtime.database,
        window(page, "pay", livemode=principal.livemode, merchant_id=principal.merchant_id),
        status=status,
        currency=currency,
        merchant_reference=merchant_reference,
        created_from=parse_time(created_from, "created_from"),
        created_before=parse_time(created_before, "created_before"),
    )
    return page_of([view_payment(payment) for payment in found], page, lambda view: view.id)


@get("/{payment_id:str}", summary="Read a payment", operation_id="getPayment")
async def read_payment(payment_id: FromPath[str], request: HttpRequest, state: State) -> PaymentView:
    """A payment with its attempts, refunds and disputes."""
    principal = state.access.principal(request, Scope.PAYMENTS_READ)
    return view_payment(await own_payment(state, principal, payment_id))


@get("/{payment_id:str}/timeline", summary="A payment's timeline", operation_id="getPaymentTimeline")
async def read_timeline(payment_id: FromPath[str], request: HttpRequest, state: State) -> Timeline:
    """Every decision, operation, callback and delivery, with its time."""
    principal = state.access.principal(request, Scope.PAYMENTS_READ)
    payment = await own_payment(state, principal, payment_id)
    return await tell_timeline(state.runtime.database, state.runtime.deliveries, payment.id)


async def own_payment(state: State, principal: Principal, payment_id: str) -> Payment:
    """The merchant's own payment in the key's mode. Raises NotFound for everything else."""
    parse_id(payment_id, "pay")
    payment: Payment | None = await find_payment(state.runtime.database, payment_id)
    if payment is None or (payment.merchant_id, payment.livemode) != (principal.merchant_id, principal.livemode):
        raise NotFound(f"No payment has the id {payment_id[:80]!r}.")
    return payment


handlers: list[Any] = [
    create_payment,
    confirm_payment,
    capture_payment,
    cancel_payment,
    list_all,
    read_payment,
    read_timeline,
]
payments_router = Router(
    "/v1/payments", route_handlers=handlers, before_request=admit, security=API_KEY, tags=["Payments"]
)
