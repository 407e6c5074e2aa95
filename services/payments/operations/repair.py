"""Asks acquirers about operations whose outcome is not known, until it is.

It finds what is owed in the table `operations` (``ask_at``), so it does not matter which process sent it or died.
Asking is harmless to do twice. An operation is sent again only with the same reference, and only where that cannot
charge twice: to an acquirer that performs a reference once, or after its "not found" has become final.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from florin.clock import Clock
from florin.database import Database
from florin.errors import FlorinError, Unavailable
from florin.telemetry import span
from payments.domain.answer_pending import AnswerPending, answer_pending
from payments.domain.decision import Decision
from payments.domain.outcome import NotFound, Outcome
from payments.domain.payment import Attempt, Operation, OperationState, Payment
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
_log = logging.getLogger(__name__)


class Repair:
    """The repair loop, and the same question on the fly."""

    def __init__(self, database: Database, connectors: Connectors, performer: Performer, clock: Clock) -> None:
        self._database = database
        self._connectors = connectors
        self._performer = performer
        self._clock = clock

    async def run(self) -> None:
        """Ask about whatever is due, for ever. Replicas share the work: claiming moves an operation's next question."""
        while True:
            try:
                due = await self._database.run(lambda conn: claim_due(conn, SCHEDULE_S, _BATCH))
                await asyncio.gather(*(self._ask_due(row["payment_id"], row["id"]) for row in due))
            except Unavailable as error:
                _log.warning("cannot look for what is owed: %s", error.detail)
                due = []
            if len(due) < _BATCH:
                await asyncio.sleep(_POLL_S)

    async def ask_first(self, payment: Payment) -> None:
        """Before a further operation on a payment: ask about whatever is unknown, or late, now."""
        now = self._clock.now()
        late = [
            o
            for o in payment.operations()
            if o.state is OperationState.UNKNOWN or (o.state is OperationState.SENDING and o.deadline_at < now)
        ]
        for operation in late:
            await self.ask(payment.id, operation.id)

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

    async def _ask_due(self, payment_id: str, operation_id: str) -> None:
        try:
            await self.ask(payment_id, operation_id)
        except FlorinError as error:
            _log.warning("asking about %s failed: %s", operation_id, error.detail)

    async def _find(
        self, payment: Payment, attempt: Attempt, operation: Operation, now: datetime
    ) -> tuple[Outcome, bool]:
        """What the acquirer says, and whether its "not found" is final. Where it is safe, send once more instead."""
        outcome = await self._connectors.find(operation.connector, operation.reference)
        if not isinstance(outcome, NotFound):
            return outcome, False
        connector = await self._connectors.get(operation.connector)
        age = now - operation.created_at
        if connector.deduplicates_by_reference:
            send_again, final = operation.repairing or age < SEND_AGAIN_WITHIN, True
        else:
            final = age.total_seconds() > connector.not_found_final_after_s
            send_again = operation.repairing and final
        if send_again:
            request = request_for(payment, attempt, operation)
            return await self._connectors.perform(operation.connector, request), False
        return outcome, final
