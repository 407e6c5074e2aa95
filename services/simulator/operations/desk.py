"""The acquirer's desk: one request from its faults through the book to its answer and callbacks."""

import asyncio
from datetime import UTC, datetime

from msgspec import Struct

from simulator.domain.faults import Effect, Fault
from simulator.domain.operations import Authorize, Capture, Kind, Refund, Void
from simulator.domain.terminals import Terminal
from simulator.operations.authorize import authorize
from simulator.operations.booking import Call, Result
from simulator.operations.capture import capture
from simulator.operations.deliver import CallbackSender
from simulator.operations.look_up import look_up
from simulator.operations.owe_callback import owe_operation_callbacks
from simulator.operations.refund import refund
from simulator.operations.strike import Disturbance, draw_disturbance
from simulator.operations.void import void
from simulator.store.book import Book
from simulator.store.faults import FaultRules
from simulator.store.operations import find_authorization, find_by_id
from simulator.store.terminals import Register

Request = Authorize | Capture | Void | Refund


class Answered(Struct, frozen=True):
    """The answer as bytes; ``replayed`` where the reference had it before."""

    body: bytes
    replayed: bool = False


class Disturbed(Struct, frozen=True):
    """No proper answer: the fault says what happens to the connection instead."""

    fault: Fault


class Desk:
    """Serves terminals. Between two awaits nothing else touches the book, so an operation is whole or not there."""

    def __init__(self, book: Book, register: Register, rules: FaultRules, sender: CallbackSender) -> None:
        self._book = book
        self._register = register
        self._rules = rules
        self._sender = sender

    async def perform(self, terminal: Terminal, request: Request) -> Answered | Disturbed:
        """Carry out one operation. Raises what the rules of the acquirer refuse."""
        kind = _KINDS[type(request)]
        card, callback_url = self._charge_of(terminal, request)
        disturbance = draw_disturbance(
            self._book, self._rules, kind=kind, terminal=terminal.id, reference=request.reference, card=card
        )
        refused = await self._disturb(disturbance.before)
        if refused is not None:
            return refused
        now = datetime.now(UTC)
        call = Call(self._book, terminal, self._register.conduct, now, disturbance.hidden_ms)
        held: list[int] = []
        try:
            result = _carry_out(call, request)
            if not result.replayed:
                held = owe_operation_callbacks(
                    self._book, terminal, result.booked, url=callback_url, disturbance=disturbance, now=now
                )
        finally:
            await self._book.durable()  # a refusal, too, may rest on what was not committed yet
        return await self._answer(result, disturbance, held)

    async def look_up(self, terminal: Terminal, reference: str) -> Answered | Disturbed:
        """What became of a reference. Raises UnknownOperation."""
        disturbance = draw_disturbance(
            self._book, self._rules, kind=Kind.LOOKUP, terminal=terminal.id, reference=reference, card=None
        )
        disturbed = await self._disturb(disturbance.before)
        if disturbed is not None:
            return disturbed
        call = Call(self._book, terminal, self._register.conduct, datetime.now(UTC))
        try:
            booked = look_up(call, reference)
        finally:
            await self._book.durable()
        return await self._disturb(disturbance.after) or Answered(booked.body)

    async def _answer(self, result: Result, disturbance: Disturbance, held: list[int]) -> Answered | Disturbed:
        self._sender.wake()
        for number in held:
            await self._sender.deliver_held(number)
        return await self._disturb(disturbance.after) or Answered(result.booked.body, result.replayed)

    async def _disturb(self, faults: list[Fault]) -> Disturbed | None:
        if faults:
            await self._book.durable()  # that they have struck
        for fault in faults:
            if fault.effect is Effect.DELAY:
                await asyncio.sleep(fault.delay_ms / 1000)
            else:
                return Disturbed(fault)
        return None

    def _charge_of(self, terminal: Terminal, request: Request) -> tuple[str | None, str | None]:
        """The card that an operation is about and where its callbacks go, as far as that is known."""
        if isinstance(request, Authorize):
            return request.card, request.callback_url
        name = request.authorization
        if name is None and isinstance(request, Refund) and request.capture is not None:
            found = find_by_id(self._book, terminal.id, request.capture)
            name = found.authorization_id if found else None
        authorization = find_authorization(self._book, terminal.id, name) if name else None
        return (authorization.card, authorization.callback_url) if authorization else (None, None)


_KINDS: dict[type[Request], Kind] = {
    Authorize: Kind.AUTHORIZE,
    Capture: Kind.CAPTURE,
    Void: Kind.VOID,
    Refund: Kind.REFUND,
}


def _carry_out(call: Call, request: Request) -> Result:
    match request:
        case Authorize():
            return authorize(call, request)
        case Capture():
            return capture(call, request)
        case Void():
            return void(call, request)
        case Refund():
            return refund(call, request)
