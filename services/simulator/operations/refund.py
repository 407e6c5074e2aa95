"""Refund captured money, of one capture or of all that an authorisation took."""

from florin.errors import InvalidRequest
from florin.ids import new_ulid
from simulator.domain.errors import UnknownOperation
from simulator.domain.operations import Kind, Refund
from simulator.domain.rules import refunded
from simulator.operations.booking import Call, Result, earlier_result, movement, require_authorization
from simulator.store.operations import Booked, add_refunded, find_by_id, insert_operation, update_authorization


def refund(call: Call, request: Refund) -> Result:
    """Give the money back. Raises RefundExceedsCaptured, UnknownOperation or InvalidRequest."""
    of_capture = _find_capture(call, request)
    before = require_authorization(call, _authorization_name(request, of_capture))
    target = of_capture.id if of_capture else before.id
    fingerprint = f"refund:{target}:{request.amount_minor}"
    earlier = earlier_result(call, request.reference, fingerprint)
    if earlier is not None:
        return earlier
    amounts = (of_capture.amount_minor, of_capture.refunded_minor) if of_capture else None
    after = refunded(before, request.amount_minor, amounts)
    number = call.book.take_number()
    operation = movement(
        call,
        after,
        kind=Kind.REFUND,
        operation_id=f"ref_{new_ulid()}",
        number=number,
        reference=request.reference,
        amount_minor=request.amount_minor,
    )
    booked = insert_operation(
        call.book, number, operation, direction=-1, fingerprint=fingerprint, visible_at=call.visible_at
    )
    update_authorization(call.book, after)
    if of_capture is not None:
        add_refunded(call.book, of_capture.id, request.amount_minor)
    return Result(booked)


def _find_capture(call: Call, request: Refund) -> Booked | None:
    if request.capture is None:
        return None
    found = find_by_id(call.book, call.terminal.id, request.capture)
    if found is None or found.direction != 1:
        raise UnknownOperation(f"This terminal has no capture {request.capture[:64]!r}.", param="capture")
    return found


def _authorization_name(request: Refund, of_capture: Booked | None) -> str:
    if of_capture is None:
        if request.authorization is None:
            raise InvalidRequest("Name the capture to refund, or its authorisation.", param="capture")
        return request.authorization
    return of_capture.authorization_id
