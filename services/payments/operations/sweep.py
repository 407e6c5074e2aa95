"""What happens by itself when time passes: authorisations expire, answered idempotency keys are forgotten."""

import asyncio
import logging
from datetime import timedelta

from florin.clock import Clock
from florin.database import Database
from florin.errors import Unavailable
from payments.domain.decision import Decision
from payments.domain.expire import Expire, expire
from payments.domain.payment import Payment
from payments.operations.context import new_context
from payments.store.committer import Committer, Proposal
from payments.store.idempotency import purge_keys
from payments.store.payments import list_expired

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
        """Expire what is past its time; the number of payments that it was tried for."""
        payments = await list_expired(self._database, _BATCH)
        await asyncio.gather(*(self._expire(payment) for payment in payments))
        return len(payments)

    async def purge_keys(self) -> int:
        """Forget a batch of keys that were answered long enough ago."""
        before = self._clock.now() - self._keep_keys
        return await self._database.run(lambda conn: purge_keys(conn, before))

    async def _expire(self, payment: Payment) -> None:
        context = new_context(
            clock=self._clock, actor="florin", merchant_id=payment.merchant_id, livemode=payment.livemode
        )

        def decide(current: Payment | None) -> Decision:
            return expire(current or payment, Expire(context))

        await self._committer.commit(Proposal(payment.id, context, decide, traceparent=payment.traceparent or None))
