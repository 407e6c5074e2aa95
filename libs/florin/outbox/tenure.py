"""Being the writer of one partition: taking it over, noticing what was lost, publishing that again."""

import logging
import math
from collections.abc import Mapping

from florin.database import Connection, Database
from florin.leases import Lease, LeaseShare, confirm, raise_fence
from florin.outbox.metrics import REPUBLISHED
from florin.outbox.table import find_last_entry, owe_again
from florin.streams.port import ORIGIN, EntryId, Partition, RefusalKind, Refused, StreamWriter

_log = logging.getLogger(__name__)
_ROWS_OWED_AT_ONCE = 2000
_ATTEMPTS = 5


class PartitionStuck(Exception):
    """The transport answers, and does not take this partition's writer."""


class Tenure:
    """One partition under one lease.

    ``after`` is the last id known to be in the stream, ``trimmed`` the floor below which it was trimmed. Until the
    partition is *settled* nothing is published; a stuck one rests until ``resume_at`` (monotonic).
    """

    def __init__(self, partition: Partition, lease: Lease) -> None:
        self.partition = partition
        self.lease = lease
        self.after = ORIGIN
        self.trimmed = ORIGIN
        self.settled = False
        self.resume_at = -math.inf

    def renounce(self, refused: Refused) -> None:
        """Publish nothing more until the partition is settled again."""
        _log.warning("%s/%d refused the writer with fence %d: %s", *self.partition, self.lease.fence, refused.kind)
        self.settled = False


async def settle(
    tenure: Tenure, db: Database, writer: StreamWriter, leases: LeaseShare, floors: Mapping[str, EntryId]
) -> None:
    """Become the partition's writer. Raises LeaseLost for a zombie, StreamUnavailable, PartitionStuck.

    Who owns the partition, the database knows: a higher fence in the stream stops only those whose lease is gone. An
    owner goes above it (the database may have been restored from a backup, and the fences with it).
    """
    tenure.after = await db.run(lambda conn: find_last_entry(conn, tenure.partition))
    for _ in range(_ATTEMPTS):
        refused = await writer.take(tenure.partition, tenure.lease.fence, tenure.after)
        if refused is not None and refused.kind is RefusalKind.FORGOTTEN:
            refused = await _publish_again(tenure, db, writer, leases, floors, refused.seen_fence)
        if refused is None:
            tenure.settled = True
            return
        if refused.kind is RefusalKind.FAILED:
            break
        await go_above(refused.seen_fence, tenure, db, leases)
    raise PartitionStuck(f"{tenure.partition.stream}/{tenure.partition.number} takes no writer")


async def go_above(fence: int, tenure: Tenure, db: Database, leases: LeaseShare) -> None:
    """Make the tenure's fence higher than this one, and than its own. Raises LeaseLost."""
    tenure.lease = await db.run(lambda conn: raise_fence(conn, tenure.lease, fence))
    leases.replace(tenure.lease)


async def _publish_again(
    tenure: Tenure, db: Database, writer: StreamWriter, leases: LeaseShare, floors: Mapping[str, EntryId], seen: int
) -> Refused | None:
    """Owe everything past the lowest floor again, then drop what is left of the stream.

    A new fence comes first, so that no id is used twice. A crash in between is harmless: the mark is missing, or the
    highest rows (which are reset last) are past the end of the stream, so that the next owner begins here again.
    """
    await go_above(seen, tenure, db, leases)
    lowest = min(floors.values(), default=ORIGIN)

    async def owe(conn: Connection) -> int:
        await confirm(conn, [tenure.lease])
        return await owe_again(conn, tenure.partition, lowest, limit=_ROWS_OWED_AT_ONCE)

    owed = 0
    while rows := await db.run(owe):
        owed += rows
    REPUBLISHED.labels(tenure.partition.stream).inc(owed)
    if owed:
        _log.warning("%s/%d lost entries: %d rows past %s are published again", *tenure.partition, owed, lowest)
    refused = await writer.restart(tenure.partition, tenure.lease.fence)
    tenure.after = ORIGIN
    return refused
