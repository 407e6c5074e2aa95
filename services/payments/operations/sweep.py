"""What happens by itself when time passes: authorisations expire, answered idempotency keys are forgotten."""

import asyncio
import logging
from datetime import timedelta

from florin.clock import Clock
from florin.database import Database
from florin.errors import FlorinError, Unavailable
from payments.domain.decision import Decision
from payments.domain.expire import Expire, expire
from payments.domain.payment import Payment
from payments.operations.context import new_context
from payments.store.committer import Committer, Proposal
from payments.store.idempotency import purge_keys
from payments.store.payments import find_payment, list_expired

_EVERY_S = 15.0
_BATCH = 100
_log = logging.getLogger(__name__)


class Sweep:
    """Expires authorisations and purges keys. Replicas may do both at once: the rules find nothing left to do."""

    def __init__(self, database: Database, committer: Committer, clock: Clock, *, keep_keys: timedelta) -> None:
        self._database = database
        self._committer = committer
        self._clock = clock
        self._keep_keys = keep_keys

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            try:
                await self.expire_authorizations()
                await self.purge_keys()
            except Unavailable as error:
                _log.warning("the sweep must wait: %s", error.detail)
            await asyncio.sleep(_EVERY_S)

    async def expire_authorizations(self) -> int:
        """Expire what is past its time; the number of payments that it was tried for.

        It goes past those that cannot expire yet (something is on its way), or they would keep all others waiting.
        """
        tried, after = 0, ""
        while ids := await list_expired(self._database, _BATCH, after=after):
            await asyncio.gather(*(self._expire_calmly(payment_id) for payment_id in ids))
            tried, after = tried + len(ids), ids[-1]
        return tried

    async def purge_keys(self) -> int:
        """Forget all keys that were answered long enough ago, batch by batch; how many there were."""
        before = self._clock.now() - self._keep_keys
        purged = 0
        while batch := await self._database.run(lambda conn: purge_keys(conn, before)):
            purged += batch
        return purged

    async def _expire_calmly(self, payment_id: str) -> None:
        """What goes wrong with one payment is that one's alone."""
        try:
            payment = await find_payment(self._database, payment_id)
            if payment is not None:
                await self._expire(payment)
        except FlorinError as error:
            _log.warning("%s could not be expired: %s", payment_id, error.detail)
        except Exception:  # noqa: BLE001 - a fault met by one must not stop the work on the others
            _log.exception("%s could not be expired", payment_id)

    async def _expire(self, payment: Payment) -> None:
        context = new_context(
            clock=self._clock, actor="florin", merchant_id=payment.merchant_id, livemode=payment.livemode
        )

        def decide(current: Payment | None) -> Decision:
            return expire(current or payment, Expire(context))

        await self._committer.commit(Proposal(payment.id, context, decide, traceparent=payment.traceparent or None))
