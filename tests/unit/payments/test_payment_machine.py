"""A payment under everything that merchants, acquirers and time can do to it, against an independent account."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.payment_rules import CARD, DO_NOT_HONOR, ISSUER_UNAVAILABLE, NEVER_AGAIN, NOT_SENT, Contexts
from tests.support.told_book import Asked, Book

from florin.errors import FlorinError
from payments.domain.answer_pending import AnswerPending, answer_pending
from payments.domain.approve import AUTHORIZATION_LIFE
from payments.domain.cancel import Cancel, cancel
from payments.domain.capture import Capture, capture
from payments.domain.confirm import Confirm, confirm
from payments.domain.create import Create, create
from payments.domain.decision import Context, Decision, unchanged
from payments.domain.dispute import RecordDispute, record_dispute
from payments.domain.expire import Expire, expire
from payments.domain.outcome import Approved, NotFound, Outcome, Pending, Unknown
from payments.domain.payment import CaptureMethod, Operation, OperationState, Payment, Route
from payments.domain.record_outcome import RecordOutcome, record_outcome
from payments.domain.refund import Refund, refund
from payments.domain.snapshot import view_payment, view_refund_event
from payments.domain.states import TRANSITIONS, Status, status_of
from payments.store.encoding import decode_payment, encode_payment

AMOUNTS = st.integers(1, 9)
PARTS = st.sampled_from([None, 1, 2, 3, 5])
CONFIRMABLE = (Status.REQUIRES_PAYMENT_METHOD, Status.REQUIRES_CONFIRMATION)
ROUTES = st.lists(
    st.builds(Route, st.sampled_from(["first", "second"]), captures_with_authorization=st.booleans()),
    min_size=1,
    max_size=3,
).map(tuple)
SILENCE = st.sampled_from([Unknown("no answer"), NotFound(), Pending()])


class PaymentMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.contexts = Contexts()
        self.book = Book()
        self.balances: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        self.owed_keys: set[str] = set()
        self.keys = 0

    # What merchants do

    @initialize(
        amount=st.integers(1, 9).map(lambda amount: 10 - amount),
        method=st.sampled_from([CaptureMethod.MANUAL, CaptureMethod.MANUAL, CaptureMethod.AUTOMATIC]),
        routes=ROUTES | st.none(),
        currency=st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3)]),
        wild=st.sampled_from([False, False, False, True]),
        approved=st.sampled_from([True, True, False]),
    )
    def create(
        self,
        amount: int,
        method: CaptureMethod,
        routes: tuple[Route, ...] | None,
        currency: tuple[str, int],
        wild: bool,
        approved: bool,
    ) -> None:
        self.wild = wild  # whether the acquirer also tells what cannot be squared
        code, exponent = currency
        context = self._with_key()
        command = Create(context, "pay", False, "shop", 1, amount, code, exponent, method, card=CARD, routes=routes)
        decision = create(command)
        assert create(command) == decision
        assert decision.payment.version == 1
        self._keep(None, decision, context)
        if approved and routes:
            self._succeed(self.book.asked["op1"], amount, fee=0)

    @precondition(lambda self: self.status in CONFIRMABLE)
    @rule(card=st.just(CARD) | st.none(), routes=ROUTES)
    def confirm(self, card: Any, routes: tuple[Route, ...]) -> None:
        context = self._with_key()
        accepted = self._ask(context, lambda p: confirm(p, Confirm(context, routes, card)))
        assert accepted == (self.status_before in CONFIRMABLE and bool(card or self.before.card))

    @precondition(lambda self: self.book.room())
    @rule(amount=PARTS, final=st.sampled_from([False, False, True]))
    def capture(self, amount: int | None, final: bool) -> None:
        context = self._with_key()
        room = self.book.room()
        final_open = any(a.verb == "capture" and a.final and a.state == "open" for a in self.book.asked.values())
        accepted = self._ask(context, lambda p: capture(p, Capture(context, amount, final)))
        wanted = room if amount is None else amount
        assert accepted == (0 < wanted <= room and not final_open and not self.before.conflict)

    @precondition(lambda self: self.status is Status.REQUIRES_CAPTURE)
    @rule()
    def cancel(self) -> None:
        context = self._with_key()
        nothing_sent = self.status in CONFIRMABLE
        accepted = self._ask(context, lambda p: cancel(p, Cancel(context, "changed my mind")))
        assert accepted == (nothing_sent or self.status_before is Status.REQUIRES_CAPTURE)
        self.book.canceled = self.book.canceled or nothing_sent

    @precondition(lambda self: self.book.refundable())
    @rule(amount=PARTS)
    def refund(self, amount: int | None) -> None:
        context = self._with_key()
        refundable = self.book.refundable()
        accepted = self._ask(context, lambda p: refund(p, Refund(context, amount, "too small")))
        wanted = refundable if amount is None else amount
        assert accepted == (0 < wanted <= refundable)

    @rule(request=st.sampled_from(["confirm", "capture", "cancel", "refund"]), amount=st.integers(-1, 10))
    def overstep(self, request: str, amount: int) -> None:
        """Ask for anything at any time."""
        match request:
            case "confirm":
                self.confirm(CARD, (Route("first"),))
            case "capture":
                self.capture(amount, final=amount % 2 == 0)
            case "cancel" if self.payment.attempts:
                self.cancel()
            case "refund":
                self.refund(amount)

    @precondition(lambda self: self.owed_keys)
    @rule(data=st.data())
    def run_out_of_patience(self, data: st.DataObject) -> None:
        key_id = data.draw(st.sampled_from(sorted(self.owed_keys)))
        context = self.contexts.new(key_id)
        self._apply(context, lambda p: answer_pending(p, AnswerPending(context)))
        assert key_id not in self.owed_keys

    # What the acquirer tells

    @precondition(lambda self: self._any("open", "dead"))
    @rule(data=st.data(), fee=st.integers(0, 1), part=st.sampled_from([0, 0, 1, 2]))
    def succeed(self, data: st.DataObject, fee: int, part: int) -> None:
        asked = self._draw(data, "open", "open", "dead")
        self._succeed(asked, max(1, asked.amount - part), fee)

    @precondition(lambda self: self._any("open"))
    @rule(data=st.data(), outcome=st.sampled_from([DO_NOT_HONOR, ISSUER_UNAVAILABLE, NEVER_AGAIN]))
    def refuse(self, data: st.DataObject, outcome: Outcome) -> None:
        asked = self._draw(data, "open")
        asked.state, asked.died = "dead", self.book.step
        cascades = asked.verb == "authorize" and outcome is ISSUER_UNAVAILABLE and bool(self.payment.routes_left)
        decision = self._tell(asked, outcome)
        assert (decision.kind == "cascade") == (cascades and not self.before.conflict)

    @precondition(lambda self: self._any("open"))
    @rule(data=st.data(), outcome=st.sampled_from([NOT_SENT, NotFound()]))
    def prove_nothing_happened(self, data: st.DataObject, outcome: Outcome) -> None:
        asked = self._draw(data, "open")
        certain = outcome is not NOT_SENT or self._operation(asked.id).state is OperationState.SENDING
        if not asked.owed and certain:
            asked.state, asked.died = "dead", self.book.step
        self._tell(asked, outcome, final=True)
        assert self._operation(asked.id).open == (asked.state == "open")

    @precondition(lambda self: any(o.state is OperationState.SENDING for o in self.payment.operations()))
    @rule(data=st.data(), outcome=SILENCE)
    def say_nothing(self, data: st.DataObject, outcome: Outcome) -> None:
        asked = self._draw(data, "open")
        self._tell(asked, outcome)
        assert self._operation(asked.id).state is OperationState.UNKNOWN

    @precondition(lambda self: self._any("dead", "done"))
    @rule(data=st.data(), outcome=SILENCE | st.sampled_from([NOT_SENT, DO_NOT_HONOR]), final=st.booleans())
    def tell_old_news(self, data: st.DataObject, outcome: Outcome, final: bool) -> None:
        """Nothing that comes after the end is news but a success, and a decline of what succeeded."""
        asked = self._draw(data, "dead", "done")
        if asked.state == "done" and outcome is DO_NOT_HONOR:
            outcome = Approved("acq", asked.got, self.payment.currency)
        assert not self._tell(asked, outcome, final=final).changed

    @precondition(lambda self: self.wild and self.book.step > 6)
    @rule(data=st.data(), how=st.sampled_from(["too much", "other currency", "declined", "other amount"]))
    def contradict(self, data: st.DataObject, how: str) -> None:
        asked = self._draw(data, "open", "dead", "done")
        outcome: Outcome = Approved("acq", asked.amount + 1, self.payment.currency)
        if how == "other currency":
            outcome = Approved("acq", asked.amount, "XPF")
        if asked.verb == "void" and asked.state == "done":
            outcome = DO_NOT_HONOR  # how much a void was of tells nothing
        elif asked.state == "done" and how != "other currency":
            outcome = DO_NOT_HONOR if how == "declined" else Approved("acq", asked.got + 1, self.payment.currency)
        self._tell(asked, outcome)
        assert self.payment.conflict

    @precondition(lambda self: any(a.verb == "capture" and a.state == "done" for a in self.book.asked.values()))
    @rule(
        data=st.data(),
        name=st.sampled_from(["d1", "d2"]),
        state=st.sampled_from(["opened", "won", "lost"]),
        amount=AMOUNTS,
    )
    def dispute(self, data: st.DataObject, name: str, state: str, amount: int) -> None:
        charges = [a.id for a in self.book.asked.values() if a.verb == "capture" and a.state == "done"]
        about = data.draw(st.sampled_from(charges))
        known = self.book.disputes.get(name)
        news = known is None or (known[0] == "opened" and state != "opened")
        if news:
            self.book.disputes[name] = (state, amount)
        context = self.contexts.new()
        command = RecordDispute(context, about, name, state, amount, self.payment.currency, "10.4")
        assert self._apply(context, lambda p: record_dispute(p, command)).changed == news

    # What time does

    @precondition(lambda self: self.book.live())
    @rule(days=st.sampled_from([0, 8]))
    def pass_time(self, days: int) -> None:
        self.contexts.now += timedelta(days=days)
        context = self.contexts.new()
        attempt = self.book.live()
        under_way = any(a.state == "open" for a in self.book.asked.values() if a.attempt == attempt)
        due = attempt not in (None, *self.book.ended) and not under_way and context.at >= self.expires_at
        if due and attempt:
            self.book.ended.add(attempt)
            self.book.expired = not self.book.kept(attempt)
        assert self._apply(context, lambda p: expire(p, Expire(context))).changed == due

    # What must hold after each step

    @invariant()
    def accounts_agree_with_the_acquirer(self) -> None:
        expected = {purpose: amount for purpose, amount in self.book.balances().items() if amount}
        assert {purpose: amount for purpose, amount in self.balances.items() if amount} == expected
        for attempt in self.payment.attempts:
            assert self.held[attempt.id] == self.book.held(attempt.id)
            if attempt.closed_at is not None:
                assert self.held[attempt.id] == 0

    @invariant()
    def amounts_stay_within_bounds(self) -> None:
        attempt = self.book.live()
        view = view_payment(self.payment)
        assert view.authorized_minor == (self.book.authorized(attempt) if attempt else 0)
        assert view.captured_minor == (self.book.kept(attempt) if attempt else 0)
        assert view.capturable_minor == self.book.room()
        assert view.refunded_minor == self.book.refunded()
        assert view.refund_pending_minor == self.book.refund_pending()
        if attempt:
            assert view.captured_minor + self.book.capture_pending(attempt) <= view.authorized_minor
        assert view.captured_minor <= view.authorized_minor <= view.amount_minor
        assert view.refunded_minor <= view.captured_minor or self.payment.conflict

    @invariant()
    def status_agrees_with_the_story(self) -> None:
        attempt = self.book.live()
        kept = self.book.kept(attempt) if attempt else 0
        awaited = [o for o in self.payment.operations() if o.open and not o.repairing and o.verb != "refund"]
        expected = Status.REQUIRES_CONFIRMATION if self.payment.card else Status.REQUIRES_PAYMENT_METHOD
        if self.payment.conflict:
            expected = Status.CONFLICTED
        elif self.book.canceled or self.book.expired:
            expected = Status.CANCELED if self.book.canceled else Status.EXPIRED
        elif awaited:
            unknown = any(o.state is OperationState.UNKNOWN for o in awaited)
            expected = Status.OUTCOME_UNKNOWN if unknown else Status.PROCESSING
        elif attempt and kept == self.payment.amount_minor:
            expected = Status.SUCCEEDED
        elif attempt and attempt in self.book.ended:
            expected = Status.PARTIALLY_CAPTURED if kept else Status.CANCELED
        elif attempt:
            expected = Status.PARTIALLY_CAPTURED_AND_CAPTURABLE if kept else Status.REQUIRES_CAPTURE
        assert self.status is expected

    @invariant()
    def nothing_taken_late_is_kept_in_silence(self) -> None:
        for attempt in self.payment.attempts:
            late = [o for o in attempt.operations if self.book.asked[o.id].undone]
            if attempt.abandoned:
                late.append(attempt.authorization)
            mending = [o for o in attempt.operations if o.repairing]
            for operation in late:
                about = [o for o in mending if o.capture_id in (operation.id, "") or attempt.abandoned]
                assert any(o.open or o.state is OperationState.SUCCEEDED for o in about) or self.payment.conflict

    @invariant()
    def keys_are_owed_exactly_while_operations_are_open(self) -> None:
        waiting = [o.key_id for o in self.payment.operations() if o.key_id]
        assert sorted(waiting) == sorted(self.owed_keys)
        assert all(o.open for o in self.payment.operations() if o.key_id)

    # How a step is made

    @property
    def status(self) -> Status:
        return status_of(self.payment)

    def _with_key(self) -> Context:
        self.keys += 1
        return self.contexts.new(f"key{self.keys}")

    def _any(self, *states: str) -> bool:
        return any(asked.state in states for asked in self.book.asked.values())

    def _draw(self, data: st.DataObject, *states: str) -> Asked:
        """Something that was asked of the acquirer; a state that is named twice is drawn more often."""
        found = [a.id for state in states for a in self.book.asked.values() if a.state == state]
        return self.book.asked[data.draw(st.sampled_from(found))]

    def _succeed(self, asked: Asked, amount: int, fee: int) -> None:
        expected = self.book.succeeds(asked, amount, fee)
        decision = self._tell(asked, Approved(f"acq_{asked.id}", amount, self.payment.currency, fee_minor=fee))
        if expected == "conflict":
            assert self.payment.conflict
            assert not decision.lines
            return
        if asked.verb == "authorize" and expected == "recorded":
            self.expires_at = self.contexts.now + AUTHORIZATION_LIFE
        mending = [o for o in map(self._operation, decision.perform) if o.repairing]
        assert len(mending) == (1 if expected == "reversed" else 0)
        if mending:
            assert mending[0].amount_minor == amount
            assert mending[0].verb == ("refund" if asked.charges or asked.verb == "capture" else "void")

    def _operation(self, operation_id: str) -> Operation:
        found = self.payment.find_operation(operation_id)
        assert found is not None
        return found[1]

    def _ask(self, context: Context, decide: Callable[[Payment], Decision]) -> bool:
        """A merchant's request: whether it was accepted. A refusal changes nothing and says why."""
        self.before, self.status_before = self.payment, self.status
        try:
            self._apply(context, decide)
        except FlorinError as refusal:
            self.refusal = refusal.detail
            return False
        return True

    def _tell(self, asked: Asked, outcome: Outcome, *, final: bool = False) -> Decision:
        """The acquirer's word, told twice: the second time it is no news."""
        again, context = self.contexts.new(), self.contexts.new()
        self.before = self.payment
        decision = self._apply(context, lambda p: record_outcome(p, RecordOutcome(context, asked.id, outcome, final)))
        assert not record_outcome(self.payment, RecordOutcome(again, asked.id, outcome, final)).changed
        return decision

    def _apply(self, context: Context, decide: Callable[[Payment], Decision]) -> Decision:
        before = self.payment
        decision = decide(before)
        assert decide(before) == decision
        if decision.changed:
            assert decision.payment.version == before.version + 1
            self._keep(before, decision, context)
        else:
            assert decision.payment == before
            assert decision == unchanged(before)
        return decision

    def _keep(self, before: Payment | None, decision: Decision, context: Context) -> None:
        self.payment = decode_payment(encode_payment(decision.payment))
        assert self.payment == decision.payment
        if before is not None and status_of(before) is not self.status:
            assert self.status in TRANSITIONS[status_of(before)], (status_of(before), self.status)
        self._post(decision)
        self._answer(decision, context, before)
        self._watch(decision)
        for event in decision.events:
            if event.operation_id:
                view_refund_event(self.payment, event.operation_id)

    def _post(self, decision: Decision) -> None:
        assert sum(line.amount_minor for line in decision.lines) == 0
        for line in decision.lines:
            found = self.payment.find_operation(line.operation_id)
            assert found is not None
            assert line.currency == self.payment.currency
            assert line.connector == found[0].route.connector
            self.balances[line.purpose] += line.amount_minor
            if line.purpose == "authorized":
                self.held[found[0].id] += line.amount_minor

    def _answer(self, decision: Decision, context: Context, before: Payment | None) -> None:
        known = {o.key_id for o in before.operations()} if before else set()
        if context.key_id and context.key_id not in known:
            self.owed_keys.add(context.key_id)
        for answer in decision.answers:
            assert answer.key_id in self.owed_keys, "answered twice, or never asked"
            self.owed_keys.remove(answer.key_id)

    def _watch(self, decision: Decision) -> None:
        """Note what was asked of the acquirer just now."""
        self.book.step += 1
        for attempt in self.payment.attempts:
            for o in attempt.operations:
                if o.id in self.book.asked:
                    continue
                asked = Asked(
                    o.id, o.verb.value, attempt.id, o.amount_minor, self.book.step, o.final, o.with_capture, o.repairing
                )
                self.book.asked[o.id] = asked
                if o.open:
                    assert o.id in decision.perform
                else:  # the charge that came with an authorisation
                    authorization = self.book.asked[attempt.authorization.id]
                    asked.state, asked.got, asked.fee = "done", authorization.got, authorization.fee
                    asked.undone, authorization.fee = attempt.abandoned, 0
        assert set(decision.perform) <= {a.id for a in self.book.asked.values() if a.state == "open"}


TestPaymentMachine = pytest.mark.timeout(300)(PaymentMachine.TestCase)
TestPaymentMachine.settings = settings(max_examples=500, stateful_step_count=40, deadline=None)
