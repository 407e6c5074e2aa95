"""What acquirers tell unasked: stored before they are answered, applied afterwards, in any order, however often.

The outcome in a callback goes through the same rule as the answer to our own call: which is first does not matter.
"""

import asyncio
import logging
from collections.abc import Mapping

import msgspec

from florin.clock import Clock
from florin.database import Database
from florin.errors import FlorinError, Unavailable
from payments.domain.decision import Decision
from payments.domain.dispute import RecordDispute, record_dispute
from payments.domain.payment import Payment
from payments.gateways.connectors import Connectors
from payments.gateways.port import Callback, DisputeNotice
from payments.operations.context import new_context
from payments.operations.perform import Performer
from payments.store.callbacks import claim_callbacks, close_callback, store_callback
from payments.store.committer import Proposal
from payments.store.operations import find_by_reference
from payments.store.payments import find_payment

_POLL_S = 1.0
_BATCH = 8
"""How many are applied at once; they share the database's connections with merchants' requests."""
_TRIES_MOST = 12
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Callback).decode
_log = logging.getLogger(__name__)


class Callbacks:
    """The inbox for acquirers' callbacks."""

    def __init__(self, database: Database, connectors: Connectors, performer: Performer, clock: Clock) -> None:
        self._database = database
        self._connectors = connectors
        self._performer = performer
        self._clock = clock
        self._arrived = asyncio.Event()

    async def receive(self, connector_name: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Verify and store; False for one that is here already. Raises CallbackRejected, NotFound, Unavailable."""
        connector = await self._connectors.get(connector_name)
        callback = connector.parse_callback(headers, body)
        new = await store_callback(
            self._database, connector_name, callback.callback_id, callback.reference, _encode(callback)
        )
        if new:
            self._arrived.set()
        return new

    async def run(self) -> None:
        """Apply what was stored, for ever. Replicas share the work."""
        while True:
            self._arrived.clear()
            try:
                due = await self._database.run(lambda conn: claim_callbacks(conn, _BATCH))
            except Unavailable as error:
                _log.warning("cannot look for callbacks: %s", error.detail)
                due = []
            await asyncio.gather(
                *(self._apply_stored(row["connector"], row["callback_id"], row["body"], row["tries"]) for row in due)
            )
            if len(due) < _BATCH:
                try:
                    async with asyncio.timeout(_POLL_S):
                        await self._arrived.wait()
                except TimeoutError:
                    continue

    async def _apply_stored(self, connector: str, callback_id: str, body: bytes, tries: int) -> None:
        """Apply one; where that fails it is tried again by its schedule, and the others go on."""
        try:
            result, payment_id = await self._apply(connector, _decode(body))
            if payment_id is None and tries < _TRIES_MOST:
                return  # our own commit may be under way: the acquirer can be faster than our database
            await close_callback(self._database, connector, callback_id, result, payment_id)
        except FlorinError as error:
            _log.warning("callback %s of %s could not be applied: %s", callback_id, connector, error.detail)
        except Exception:  # noqa: BLE001 - a fault met by one must not stop the work on the others
            _log.exception("callback %s of %s could not be applied", callback_id, connector)

    async def _apply(self, connector: str, callback: Callback) -> tuple[str, str | None]:
        """Returns what came of it, and the payment it was about."""
        async with self._database.connection() as conn:
            row = await find_by_reference(conn, connector, callback.reference)
        payment = await find_payment(self._database, row["payment_id"]) if row else None
        if row is None or payment is None:
            return "no operation has this reference", None
        actor = f"callback:{connector}"
        changed = False
        if callback.outcome is not None:
            committed = await self._performer.record(
                payment, row["id"], callback.outcome, actor=actor, traceparent=payment.traceparent or None
            )
            changed = committed.decision is not None and committed.decision.changed
        if callback.dispute is not None:
            changed = await self._dispute(payment, row["id"], callback.dispute, actor)
        return "applied" if changed else "already known", payment.id

    async def _dispute(self, payment: Payment, operation_id: str, notice: DisputeNotice, actor: str) -> bool:
        context = new_context(
            clock=self._clock, actor=actor, merchant_id=payment.merchant_id, livemode=payment.livemode
        )
        command = RecordDispute(
            context,
            operation_id,
            notice.dispute_id,
            notice.state,
            notice.amount_minor,
            notice.currency,
            notice.reason_code,
        )

        def decide(current: Payment | None) -> Decision:
            return record_dispute(current or payment, command)

        committed = await self._performer.committer.commit(
            Proposal(payment.id, context, decide, traceparent=payment.traceparent or None)
        )
        return committed.decision is not None and committed.decision.changed
