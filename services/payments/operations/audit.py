"""Proves the whole ledger now and then: one replica does it for all, and tells Prometheus what it found."""

import asyncio
import logging
import time
from datetime import timedelta

from msgspec import Struct

from florin.database import Database, Row
from florin.errors import Unavailable
from florin.leases import LeaseShare, new_holder
from payments.operations.measure import LEDGER_CHECKED_AT, LEDGER_FAULTS
from payments.store.ledger import check, count

_LEASE = "audit"
_LOOK_S = 10.0
_FIRST_S = 300.0
"""After a start, so that replicas which are replaced one by one do not each begin."""
_log = logging.getLogger(__name__)


class Proof(Struct, frozen=True):
    """How much there was, and each row that broke a rule, with the rule's sentence."""

    entries: int
    transactions: int
    faults: list[tuple[str, Row]]


async def prove_ledger(database: Database) -> Proof:
    """Check everything that was ever posted. It reads every entry."""
    size = await count(database)
    proof = Proof(size["entries"], size["transactions"], await check(database))
    LEDGER_FAULTS.set(len(proof.faults))
    LEDGER_CHECKED_AT.set_to_current_time()
    for rule, row in proof.faults:
        _log.error("the ledger does not hold: %s: %s", rule, row)
    return proof


class Audit:
    """The check by the clock. ``every`` of zero is never."""

    def __init__(self, database: Database, *, every: timedelta, first_s: float = _FIRST_S) -> None:
        self._database = database
        self._every_s = every.total_seconds()
        self._due_at = time.monotonic() + min(first_s, self._every_s)
        self._leases = LeaseShare(database, _LEASE, [_LEASE], new_holder())

    async def run(self) -> None:
        """Check for ever."""
        if not self._every_s:
            return
        try:
            while True:
                await self._look()
                await asyncio.sleep(min(_LOOK_S, self._every_s))
        finally:
            await self._leases.close()

    async def _look(self) -> None:
        try:
            await self._leases.rebalance()
            if self._leases.held and time.monotonic() >= self._due_at:
                await prove_ledger(self._database)
                self._due_at = time.monotonic() + self._every_s
        except Unavailable as error:
            _log.warning("the ledger cannot be checked yet: %s", error.detail)
