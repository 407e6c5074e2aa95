"""`/v1/refunds`: give captured money back."""

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from florin.contracts.api_keys import Scope
from florin.contracts.payments import RefundView
from florin.errors import NotFound
from florin.ids import parse_id
from florin.service import API_KEY, PAGE, FilterText, Page, UsePage, page_of
from payments.api.access import HttpRequest, admit, answer, window
from payments.api.payments import IdempotencyHeader
from payments.api.requests import CreateRefundRequest
from payments.domain.payment import Payment
from payments.domain.snapshot import view_refund
from payments.store.refunds import find_refund, list_refunds

_ACCEPTED = {202: ResponseSpec(RefundView, description="The acquirer has not answered yet.", generate_examples=False)}


@post("/", responses=_ACCEPTED, summary="Create a refund", operation_id="createRefund")
async def create_refund(
    data: JSONBody[CreateRefundRequest], request: HttpRequest, state: State, idempotency_key: IdempotencyHeader = None
) -> Response[RefundView]:
    """Give back all that is left of a payment, or part of it."""
    submission = await state.access.submission(request, Scope.REFUNDS_WRITE, "POST /v1/refunds")
    return answer(
        await state.runtime.acceptance.refund(
            submission, data.payment_id, data.amount_minor, data.reason, data.metadata
        )
    )


@get("/", dependencies={"page": PAGE}, summary="List refunds", operation_id="listRefunds")
async def list_all(
    request: HttpRequest,
    state: State,
    page: UsePage,
    payment_id: FilterText = None,
) -> Page[RefundView]:
    """The merchant's refunds, newest first."""
    principal = state.access.principal(request, Scope.REFUNDS_READ)
    found = await list_refunds(
        state.runtime.database,
        window(page, "re", livemode=principal.livemode, merchant_id=principal.merchant_id),
        payment_id=payment_id,
    )
    return page_of([_view(*pair) for pair in found], page, lambda view: view.id)


@get("/{refund_id:str}", summary="Read a refund", operation_id="getRefund")
async def read_refund(refund_id: FromPath[str], request: HttpRequest, state: State) -> RefundView:
    """One refund."""
    principal = state.access.principal(request, Scope.REFUNDS_READ)
    parse_id(refund_id, "re")
    found = await find_refund(
        state.runtime.database,
        merchant_id=principal.merchant_id,
        livemode=principal.livemode,
        refund_id=refund_id,
    )
    if found is None:
        raise NotFound(f"No refund has the id {refund_id[:80]!r}.")
    return _view(*found)


def _view(refund_id: str, payment: Payment) -> RefundView:
    found = payment.find_operation(refund_id)
    if found is None:
        raise AssertionError(f"{payment.id} has no {refund_id}")
    return view_refund(payment, found[1])


refunds_router = Router(
    "/v1/refunds",
    route_handlers=[create_refund, list_all, read_refund],
    before_request=admit,
    security=API_KEY,
    tags=["Refunds"],
)
