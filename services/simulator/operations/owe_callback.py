"""Which callbacks an operation or a dispute owes, put into the book in the same commit."""

from datetime import datetime

import msgspec
from msgspec import Raw, Struct

from florin.ids import new_ulid
from simulator.domain.faults import Effect, Fault
from simulator.domain.operations import Authorization, Status
from simulator.domain.terminals import Callbacks, Terminal
from simulator.operations.strike import Disturbance
from simulator.store.book import Book
from simulator.store.callbacks import enqueue
from simulator.store.disputes import Dispute
from simulator.store.operations import Booked


class CallbackBody(Struct, frozen=True):
    """What is sent. ``sequence`` orders the callbacks of one operation: a higher one is the later truth."""

    id: str
    type: str
    created_at: datetime
    terminal: str
    sequence: int
    data: Raw


class DisputeData(Struct, frozen=True):
    """``data`` of ``dispute.opened``, ``dispute.won`` and ``dispute.lost``."""

    id: str
    authorization: str
    reference: str
    amount_minor: int
    currency: str
    reason_code: str
    state: str


class Planned(Struct, frozen=True):
    """One callback to come. A held one goes out before the answer."""

    type: str
    sequence: int
    delay_ms: int = 0
    times: int = 1
    held: bool = False


def plan_callbacks(terminal: Terminal, status: Status, disturbance: Disturbance) -> list[Planned]:
    """The callbacks of a booked operation."""
    wanted = terminal.callbacks is Callbacks.ALL or (
        terminal.callbacks is Callbacks.EXCEPTIONAL and disturbance.exceptional
    )
    by_effect: dict[Effect, Fault] = {fault.effect: fault for fault in disturbance.callbacks}
    if not wanted or Effect.CALLBACK_DROPPED in by_effect:
        return []
    late, reordered = by_effect.get(Effect.CALLBACK_LATE), by_effect.get(Effect.CALLBACK_REORDERED)
    done = Planned(
        "operation.succeeded" if status is Status.APPROVED else "operation.failed",
        sequence=2,
        delay_ms=(late.delay_ms if late else 0) + disturbance.hidden_ms,
        times=2 if Effect.CALLBACK_TWICE in by_effect else 1,
        held=Effect.CALLBACK_BEFORE_ANSWER in by_effect,
    )
    if reordered is None:
        return [done]
    return [done, Planned("operation.processing", sequence=1, delay_ms=done.delay_ms + reordered.delay_ms)]


def owe_operation_callbacks(
    book: Book, terminal: Terminal, booked: Booked, *, url: str | None, disturbance: Disturbance, now: datetime
) -> list[int]:
    """Queue the callbacks of an operation; returns the numbers of held ones."""
    target = url or terminal.callback_url
    held: list[int] = []
    if target is None:
        return held
    for planned in plan_callbacks(terminal, Status(booked.status), disturbance):
        body = CallbackBody(
            f"clb_{new_ulid()}", planned.type, now, terminal.id, planned.sequence, _data(booked, planned)
        )
        for _ in range(planned.times):
            number = _enqueue(book, body, target, now.timestamp() + planned.delay_ms / 1000, held=planned.held)
            if planned.held:
                held.append(number)
    return held


def owe_dispute_callback(
    book: Book, terminal: Terminal, dispute: Dispute, authorization: Authorization, now: datetime
) -> None:
    """Queue the news of a dispute."""
    target = authorization.callback_url or terminal.callback_url
    if target is None:
        return
    data = DisputeData(
        id=dispute.id,
        authorization=authorization.id,
        reference=authorization.reference,
        amount_minor=dispute.amount_minor,
        currency=dispute.currency,
        reason_code=dispute.reason_code,
        state=dispute.state,
    )
    sequence = 1 if dispute.state == "opened" else 2
    body = CallbackBody(
        f"clb_{new_ulid()}", f"dispute.{dispute.state}", now, terminal.id, sequence, Raw(msgspec.json.encode(data))
    )
    _enqueue(book, body, target, now.timestamp(), held=False)


def _enqueue(book: Book, body: CallbackBody, url: str, due_at: float, *, held: bool) -> int:
    encoded = msgspec.json.encode(body)
    return enqueue(book, callback_id=body.id, terminal=body.terminal, url=url, body=encoded, due_at=due_at, held=held)


def _data(booked: Booked, planned: Planned) -> Raw:
    if planned.type != "operation.processing":
        return Raw(booked.body)
    operation = msgspec.json.decode(booked.body)
    known = ("id", "kind", "reference", "terminal", "authorization", "requested_minor", "currency")
    return Raw(msgspec.json.encode({"status": "processing", **{name: operation[name] for name in known}}))
