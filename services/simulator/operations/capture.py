"""Capture all or a part of an authorisation, once or several times."""

from florin.ids import new_ulid
from simulator.domain.cards import find_card
from simulator.domain.operations import Capture, Kind
from simulator.domain.rules import captured
from simulator.operations.booking import Call, Result, earlier_result, movement, require_authorization
from simulator.operations.dispute import schedule_dispute
from simulator.store.disputes import has_dispute
from simulator.store.operations import insert_operation, update_authorization


def capture(call: Call, request: Capture) -> Result:
    """Take the money. Raises AuthorizationClosed, CaptureExceedsAuthorized or UnknownOperation."""
    before = require_authorization(call, request.authorization)
    fingerprint = f"capture:{before.id}:{request.amount_minor}:{request.final}"
    earlier = earlier_result(call, request.reference, fingerprint)
    if earlier is not None:
        return earlier
    after = captured(before, request.amount_minor, final=request.final, now=call.now.timestamp())
    number = call.book.take_number()
    operation = movement(
        call,
        after,
        kind=Kind.CAPTURE,
        operation_id=f"cap_{new_ulid()}",
        number=number,
        reference=request.reference,
        amount_minor=request.amount_minor,
    )
    booked = insert_operation(
        call.book, number, operation, direction=1, fingerprint=fingerprint, visible_at=call.visible_at
    )
    update_authorization(call.book, after)
    if find_card(after.card).disputed_later and not has_dispute(call.book, after.id):
        schedule_dispute(call, after)
    return Result(booked)
