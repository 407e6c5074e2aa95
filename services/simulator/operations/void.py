"""Void an authorisation of which nothing was captured."""

from florin.ids import new_ulid
from simulator.domain.operations import Kind, Void
from simulator.domain.rules import voided
from simulator.operations.booking import Call, Result, earlier_result, movement, require_authorization
from simulator.store.operations import insert_operation, update_authorization


def void(call: Call, request: Void) -> Result:
    """Release the whole authorised amount. Raises AlreadyCaptured, AuthorizationClosed or UnknownOperation."""
    before = require_authorization(call, request.authorization)
    fingerprint = f"void:{before.id}"
    earlier = earlier_result(call, request.reference, fingerprint)
    if earlier is not None:
        return earlier
    after = voided(before, call.now.timestamp())
    number = call.book.take_number()
    operation = movement(
        call,
        after,
        kind=Kind.VOID,
        operation_id=f"voi_{new_ulid()}",
        number=number,
        reference=request.reference,
        amount_minor=after.authorized_minor,
    )
    booked = insert_operation(
        call.book, number, operation, direction=0, fingerprint=fingerprint, visible_at=call.visible_at
    )
    update_authorization(call.book, after)
    return Result(booked)
