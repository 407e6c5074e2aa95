"""Asks acquirers about operations whose outcome is not known, until it is.

It finds what is owed in the table `operations` (``ask_at``), so it does not matter which process sent it or died.
Asking is harmless to do twice. An operation is sent again only with the same reference, and only where that cannot
charge twice: to an acquirer that performs a reference once, or after its "not found" has become final. Each acquirer
has a lane of its own, so that one which does not answer keeps nobody else's questions waiting.
"""

import asyncio
import logging
from collections import Counter
from datetime import datetime, timedelta

from florin.clock import Clock
from florin.database import Database, Row
from florin.errors import FlorinError, Unavailable
from florin.telemetry import span
from payments.domain.answer_pending import AnswerPending, answer_pending
from payments.domain.decision import Decision
from payments.domain.outcome import NotFound, NotSent, Outcome, Unknown
from payments.domain.payment import Attempt, Operation, OperationState, Payment
from payments.domain.send_again import SendAgain, send_again
from payments.gateways.connectors import Connectors
from payments.operations.context import new_context
from payments.operations.perform import Performer, request_for
from payments.store.committer import Proposal
from payments.store.operations import claim_due, clear_question
from payments.store.payments import find_payment

SCHEDULE_S = (1, 2, 3, 5, 10, 30, 60, 300, 900, 3600, 21_600)
"""Seconds between questions about one operation; the last one repeats until the acquirer has answered."""
SEND_AGAIN_WITHIN = timedelta(hours=1)
"""Later than this after it was asked for, an operation that the acquirer does not know is given up, not sent."""
ANSWER_WITHIN = timedelta(seconds=60)
"""Later than this, a key that still waits is told that the outcome is not known."""
_POLL_S = 0.5
_BATCH = 32
_LANE = 32
_log = logging.getLogger(__name__)


class Repair:
    """The repair loop, and the same question on the fly."""

    def __init__(self, database: Database, connectors: Connectors, performer: Performer, clock: Clock) -> None:
        self._database = database
        self._connectors = connectors
        self._performer = performer
        self._clock = clock
        self._asking: Counter[str] = Counter()

    async def run(self) -> None:
        """Ask about whatever is due, for ever. Replicas share the work: claiming moves an operation's next question."""
        async with asyncio.TaskGroup() as questions:
            while True:
                due = await self._claim()
                for row in due:
                    self._asking[row["connector"]] += 1
                    questions.create_task(self._ask_due(row["payment_id"], row["id"], row["connector"]))
                if len(due) < _BATCH:
                    await asyncio.sleep(_POLL_S)

    def owed_answers(self, payment: Payment) -> list[Operation]:
        """The operations of a payment whose outcome is unknown, or late."""
        now = self._clock.now()
        return [
            o
            for o in payment.operations()
            if o.state is OperationState.UNKNOWN or (o.state is OperationState.SENDING and o.deadline_at < now)
        ]

    async def ask_first(self, payment: Payment) -> None:
        """Before a further operation on a payment: ask about whatever is unknown, or late, now."""
        owed = self.owed_answers(payment)
        await asyncio.gather(*(self._ask_calmly(payment.id, operation.id) for operation in owed))

    async def ask(self, payment_id: str, operation_id: str) -> None:
        """Find out about one operation and record what the acquirer says."""
        payment = await find_payment(self._database, payment_id)
        found = payment.find_operation(operation_id) if payment else None
        if payment is None or found is None or not found[1].open:
            await clear_question(self._database, operation_id)
            return
        attempt, operation = found
        now = self._clock.now()
        with span("ask the acquirer", payment.traceparent or None, operation_id=operation_id):
            outcome, final = await self._find(payment, attempt, operation, now)
            await self._performer.record(
                payment,
                operation_id,
                outcome,
                actor="repair",
                not_found_final=final,
                traceparent=payment.traceparent or None,
            )
            if operation.key_id and now - operation.created_at > ANSWER_WITHIN:
                await self.answer_pending(payment, operation.key_id)

    async def answer_pending(self, payment: Payment, key_id: str) -> None:
        """Tell a key that waits that the outcome is not known yet. It stays told so."""
        context = new_context(
            clock=self._clock,
            actor="florin",
            merchant_id=payment.merchant_id,
            livemode=payment.livemode,
            key_id=key_id,
        )
        command = AnswerPending(context)

        def decide(current: Payment | None) -> Decision:
            return answer_pending(current or payment, command)

        await self._performer.committer.commit(Proposal(payment.id, context, decide))

    async def _claim(self) -> list[Row]:
        busy = [connector for connector, asking in self._asking.items() if asking >= _LANE]
        try:
            return await self._database.run(lambda conn: claim_due(conn, SCHEDULE_S, _BATCH, passing=busy))
        except Unavailable as error:
            _log.warning("cannot look for what is owed: %s", error.detail)
            return []

    async def _ask_due(self, payment_id: str, operation_id: str, connector: str) -> None:
        try:
            await self._ask_calmly(payment_id, operation_id)
        finally:
            self._asking[connector] -= 1

    async def _ask_calmly(self, payment_id: str, operation_id: str) -> None:
        """Ask; what goes wrong with one operation is that one's alone, and it is asked about again by its schedule."""
        try:
            await self.ask(payment_id, operation_id)
        except FlorinError as error:
            _log.warning("asking about %s failed: %s", operation_id, error.detail)
        except Exception:  # noqa: BLE001 - a fault met by one must not stop the work on the others
            _log.exception("asking about %s failed", operation_id)

    async def _find(
        self, payment: Payment, attempt: Attempt, operation: Operation, now: datetime
    ) -> tuple[Outcome, bool]:
        """What the acquirer says, and whether its "not found" is final. Where it is safe, send once more instead."""
        outcome = await self._connectors.find(operation.connector, operation.reference)
        if not isinstance(outcome, NotFound):
            return outcome, False
        connector = await self._connectors.get(operation.connector)
        if connector.deduplicates_by_reference:
            if not operation.repairing and now - operation.created_at >= SEND_AGAIN_WITHIN:
                return outcome, True
        elif now <= operation.deadline_at + timedelta(seconds=connector.not_found_final_after_s):
            return outcome, False  # until the deadline it may still be on its way
        elif not operation.repairing:
            return outcome, True
        elif not await self._begin_again(payment, operation):
            return outcome, False
        again = await self._connectors.perform(operation.connector, request_for(payment, attempt, operation))
        # What is certain of this repetition is not certain of the first one.
        return (Unknown(again.reason) if isinstance(again, NotSent) else again), False

    async def _begin_again(self, payment: Payment, operation: Operation) -> bool:
        """Store that an operation is sent once more before it is. False where another replica was faster."""
        context = new_context(
            clock=self._clock, actor="repair", merchant_id=payment.merchant_id, livemode=payment.livemode
        )
        command = SendAgain(context, operation.id, operation.deadline_at)

        def decide(current: Payment | None) -> Decision:
            return send_again(current or payment, command)

        committed = await self._performer.committer.commit(
            Proposal(payment.id, context, decide, traceparent=payment.traceparent or None)
        )
        return committed.decision is not None and committed.decision.changed
