"""Carries out what was committed as sending, and turns each outcome into a command.

The performer owns the task of an operation: a caller that goes away cancels nothing. It sends an operation once; what
is not known to be done afterwards is asked about by `payments.operations.repair`.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from florin.clock import Clock
from florin.errors import Unavailable
from florin.telemetry import span
from payments.domain.decision import Decision
from payments.domain.events import EventType
from payments.domain.outcome import Outcome
from payments.domain.payment import Attempt, Initiator, Operation, Payment, Verb
from payments.domain.record_outcome import RecordOutcome, record_outcome
from payments.gateways.connectors import Connectors
from payments.gateways.port import (
    AuthorizeRequest,
    CaptureRequest,
    MerchantAccount,
    RefundRequest,
    Request,
    VoidRequest,
)
from payments.operations.context import new_context
from payments.operations.measure import CONFLICTS
from payments.store.committer import Committed, Committer, Proposal

_log = logging.getLogger(__name__)
_RECORD_TRIES = 5


class Performer:
    """Performs operations at connectors. ``committer`` is set by the composition root: each needs the other."""

    committer: Committer

    def __init__(self, connectors: Connectors, clock: Clock) -> None:
        self._connectors = connectors
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, payment: Payment, operation_ids: Sequence[str], traceparent: str | None) -> None:
        """Start performing operations of a payment, as it was just committed."""
        for operation_id in operation_ids:
            task = asyncio.create_task(self._perform(payment, operation_id, traceparent))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def drain(self, timeout_s: float) -> None:
        """Wait for what is under way; what is not done by then is asked about after the next start."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout_s)

    async def record(
        self,
        payment: Payment,
        operation_id: str,
        outcome: Outcome,
        *,
        actor: str,
        not_found_final: bool = False,
        traceparent: str | None = None,
    ) -> Committed:
        """Commit an outcome. Raises Unavailable when the database does not take it: repair will ask again."""
        context = new_context(
            clock=self._clock, actor=actor, merchant_id=payment.merchant_id, livemode=payment.livemode
        )
        command = RecordOutcome(context, operation_id, outcome, not_found_final)
        committed = await self.committer.commit(
            Proposal(payment.id, context, partial(_decide, command), traceparent=traceparent)
        )
        if committed.decision and any(e.type is EventType.PAYMENT_CONFLICTED for e in committed.decision.events):
            CONFLICTS.inc()
        return committed

    async def _perform(self, payment: Payment, operation_id: str, traceparent: str | None) -> None:
        found = payment.find_operation(operation_id)
        if found is None:
            raise AssertionError(f"{operation_id} is not of {payment.id}")
        attempt, operation = found
        with span(f"perform {operation.verb}", traceparent, payment_id=payment.id, operation_id=operation_id):
            outcome = await self._connectors.perform(operation.connector, request_for(payment, attempt, operation))
            for attempt_no in range(1, _RECORD_TRIES + 1):
                try:
                    await self.record(
                        payment,
                        operation_id,
                        outcome,
                        actor=f"connector:{operation.connector}",
                        traceparent=traceparent,
                    )
                    return
                except Unavailable as error:
                    _log.warning("the outcome of %s could not be stored (%s)", operation_id, error.detail)
                    await asyncio.sleep(0.2 * 2**attempt_no)


def _decide(command: RecordOutcome, payment: Payment | None) -> Decision:
    if payment is None:
        raise AssertionError("the committer finds the payment before it decides")
    return record_outcome(payment, command)


def request_for(payment: Payment, attempt: Attempt, operation: Operation) -> Request:
    """What the acquirer is asked for. The same operation always gives the same request."""
    authorization = attempt.authorization
    match operation.verb:
        case Verb.AUTHORIZE:
            route = attempt.route
            return AuthorizeRequest(
                reference=operation.reference,
                amount_minor=operation.amount_minor,
                currency=operation.currency,
                token=attempt.card.token,
                capture=operation.with_capture,
                merchant_account=MerchantAccount(route.mid, route.mcc, route.descriptor),
                initiator="mit" if payment.initiator is Initiator.MERCHANT else "cit",
            )
        case Verb.CAPTURE:
            return CaptureRequest(
                operation.reference,
                authorization.acquirer_id,
                operation.amount_minor,
                operation.currency,
                final=operation.final,
            )
        case Verb.VOID:
            return VoidRequest(
                operation.reference, authorization.acquirer_id, operation.amount_minor, operation.currency
            )
        case Verb.REFUND:
            return RefundRequest(
                operation.reference,
                authorization.acquirer_id,
                next((o.acquirer_id for o in attempt.operations if o.id == operation.capture_id), ""),
                operation.amount_minor,
                operation.currency,
            )
