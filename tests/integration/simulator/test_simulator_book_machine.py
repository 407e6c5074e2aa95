"""The rules of the book, driven by Hypothesis against a model of a few integers."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from florin.errors import FlorinError
from simulator.domain.errors import (
    AlreadyCaptured,
    AuthorizationClosed,
    CaptureExceedsAuthorized,
    ReferenceReused,
    RefundExceedsCaptured,
)
from simulator.domain.operations import Authorize, Capture, Operation, Refund, Void
from simulator.domain.terminals import Conduct, Terminal
from simulator.operations.authorize import authorize
from simulator.operations.booking import Call, Result
from simulator.operations.capture import capture
from simulator.operations.expire import expire
from simulator.operations.refund import refund
from simulator.operations.void import void
from simulator.store.book import Book
from simulator.store.operations import BookedFilter, find_authorization, list_operations, sum_by_currency

TERMINAL = Terminal(id="default")
AMOUNTS = st.integers(1, 60)


@dataclass
class ModelCapture:
    amount: int
    refunded: int = 0


@dataclass
class ModelCharge:
    currency: str
    authorized: int
    captured: int = 0
    refunded: int = 0
    closed: bool = False
    captures: dict[str, ModelCapture] = field(default_factory=dict)


class BookMachine(RuleBasedStateMachine):
    authorizations = Bundle("authorizations")
    captures = Bundle("captures")
    requests = Bundle("requests")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="florin-book-"))
        self.book = Book.open(self.folder / "book.sqlite3")
        self.charges: dict[str, ModelCharge] = {}
        self.answers: dict[str, bytes] = {}
        self.declined = 0
        self.references = 0

    def teardown(self) -> None:
        self.book.close()
        self.loop.close()
        shutil.rmtree(self.folder)

    def next_reference(self) -> str:
        self.references += 1
        return f"R{self.references}"

    def run(self, request: Authorize | Capture | Void | Refund) -> Result:
        async def perform() -> Result:
            call = Call(self.book, TERMINAL, Conduct(), datetime.now(UTC))
            verbs = {Authorize: authorize, Capture: capture, Void: void, Refund: refund}
            try:
                return verbs[type(request)](call, request)  # type: ignore[operator]
            finally:
                await self.book.durable()

        return self.loop.run_until_complete(perform())

    def succeed(self, request: Authorize | Capture | Void | Refund) -> Operation:
        result = self.run(request)
        assert not result.replayed
        self.answers[request.reference] = result.booked.body
        return msgspec.json.decode(result.booked.body, type=Operation)

    def refused(self, request: Authorize | Capture | Void | Refund, error: type[FlorinError]) -> None:
        with pytest.raises(error):
            self.run(request)

    @rule(
        target=authorizations,
        amount=AMOUNTS,
        currency=st.sampled_from(["EUR", "JPY", "KWD"]),
        sale=st.booleans(),
        card=st.sampled_from(["tok_visa", "tok_partial_approval", "tok_mastercard:b", "tok_declined"]),
    )
    def authorize_card(self, amount: int, currency: str, *, sale: bool, card: str) -> object:
        request = Authorize(
            reference=self.next_reference(), amount_minor=amount, currency=currency, card=card, capture=sale
        )
        operation = self.succeed(request)
        if card == "tok_declined":
            assert (operation.status, operation.amount_minor) == ("declined", 0)
            self.declined += 1
            return multiple()
        approved = max(1, amount // 2) if card == "tok_partial_approval" else amount
        assert operation.amount_minor == approved
        charge = ModelCharge(currency, approved)
        if sale:
            charge.captured, charge.closed = approved, True
            charge.captures[operation.id] = ModelCapture(approved)
        self.charges[operation.id] = charge
        return operation.id

    @rule(target=captures, authorization=authorizations, amount=AMOUNTS, final=st.booleans())
    def capture_some(self, authorization: str, amount: int, *, final: bool) -> object:
        charge = self.charges[authorization]
        request = Capture(
            authorization=authorization, reference=self.next_reference(), amount_minor=amount, final=final
        )
        if charge.closed:
            self.refused(request, AuthorizationClosed)
        elif charge.captured + amount > charge.authorized:
            self.refused(request, CaptureExceedsAuthorized)
        else:
            operation = self.succeed(request)
            charge.captured += amount
            charge.closed = final or charge.captured == charge.authorized
            charge.captures[operation.id] = ModelCapture(amount)
            return authorization, operation.id
        return multiple()

    @rule(authorization=authorizations)
    def void_it(self, authorization: str) -> None:
        charge = self.charges[authorization]
        request = Void(authorization=authorization, reference=self.next_reference())
        if charge.captured:
            self.refused(request, AlreadyCaptured)
        elif charge.closed:
            self.refused(request, AuthorizationClosed)
        else:
            self.succeed(request)
            charge.closed = True

    @rule(authorization=authorizations, amount=AMOUNTS)
    def refund_authorization(self, authorization: str, amount: int) -> None:
        charge = self.charges[authorization]
        request = Refund(reference=self.next_reference(), amount_minor=amount, authorization=authorization)
        if charge.refunded + amount > charge.captured:
            self.refused(request, RefundExceedsCaptured)
        else:
            self.succeed(request)
            charge.refunded += amount

    @rule(of=captures, amount=AMOUNTS)
    def refund_capture(self, of: tuple[str, str], amount: int) -> None:
        charge, captured = self.charges[of[0]], self.charges[of[0]].captures[of[1]]
        request = Refund(reference=self.next_reference(), amount_minor=amount, capture=of[1])
        if captured.refunded + amount > captured.amount or charge.refunded + amount > charge.captured:
            self.refused(request, RefundExceedsCaptured)
        else:
            self.succeed(request)
            captured.refunded += amount
            charge.refunded += amount

    @rule(authorization=authorizations)
    def let_expire(self, authorization: str) -> None:
        async def end() -> None:
            found = find_authorization(self.book, "default", authorization)
            assert found is not None
            expire(self.book, found, datetime.now(UTC).timestamp())
            await self.book.durable()

        self.loop.run_until_complete(end())
        self.charges[authorization].closed = True

    @rule(data=st.data())
    def repeat_a_reference(self, data: st.DataObject) -> None:
        if not self.answers:
            return
        reference = data.draw(st.sampled_from(sorted(self.answers)))
        told = msgspec.json.decode(self.answers[reference], type=Operation)
        if told.kind == "capture":
            # Only `final` is not told by the answer: one of the two repeats what was asked.
            results = []
            for final in (False, True):
                request = Capture(
                    authorization=told.authorization, reference=reference, amount_minor=told.amount_minor, final=final
                )
                try:
                    results.append(self.run(request))
                except ReferenceReused:
                    continue
            (result,) = results
        elif told.kind == "void":
            result = self.run(Void(authorization=told.authorization, reference=reference))
        else:
            return
        assert result.replayed
        assert result.booked.body == self.answers[reference]

    @rule(data=st.data(), amount=AMOUNTS)
    def reuse_a_reference(self, data: st.DataObject, amount: int) -> None:
        if not self.answers:
            return
        reference = data.draw(st.sampled_from(sorted(self.answers)))
        # No other rule uses this currency, so the content always differs.
        request = Authorize(reference=reference, amount_minor=amount, currency="USD", card="tok_visa")
        self.refused(request, ReferenceReused)

    @rule()
    def reopen(self) -> None:
        self.book.close()
        self.book = Book.open(self.folder / "book.sqlite3")

    @invariant()
    def book_equals_the_model(self) -> None:
        for authorization, charge in self.charges.items():
            found = find_authorization(self.book, None, authorization)
            assert found is not None
            told = (found.authorized_minor, found.captured_minor, found.refunded_minor)
            assert told == (charge.authorized, charge.captured, charge.refunded)

    @invariant()
    def sums_equal_the_model(self) -> None:
        for summed in sum_by_currency(self.book):
            charges = [charge for charge in self.charges.values() if charge.currency == summed.currency]
            assert summed.authorized_minor == sum(charge.authorized for charge in charges)
            assert summed.captured_minor == sum(charge.captured for charge in charges)
            assert summed.refunded_minor == sum(charge.refunded for charge in charges)

    @invariant()
    def every_answer_is_booked_once(self) -> None:
        booked = [body for _, body in list_operations(self.book, BookedFilter(limit=10_000))]
        assert sorted(booked) == sorted(self.answers.values())


BookMachine.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestBookMachine = BookMachine.TestCase
