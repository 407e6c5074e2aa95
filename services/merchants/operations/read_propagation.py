"""Has a merchant's configuration reached everyone who uses it?"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from florin.database import Database
from merchants.store.changes import read_head
from merchants.store.merchants import get_merchant
from merchants.store.replicas import Replica, list_replicas


class PropagationState(StrEnum):
    """``unknown``: a service of which no replica holds a lease may be running with anything."""

    PROPAGATED = "propagated"
    PENDING = "pending"
    UNKNOWN = "unknown"


class Propagation(Struct, frozen=True):
    """Where a version is in force: replicas whose lease holds, and how far each has come."""

    merchant_id: str
    config_version: int | None
    state: PropagationState
    replicas: list[Replica]
    missing_services: list[str]


class Floors(Struct, frozen=True):
    """How far each living replica has come, for whoever waits for many merchants at once."""

    epoch: str
    head: int
    replicas: list[Replica]
    missing_services: list[str]


async def read_floors(db: Database, services: Sequence[str]) -> Floors:
    """How far the replicas of ``services`` have come."""
    async with db.connection() as conn:
        head = await read_head(conn)
        live = [replica for replica in await list_replicas(conn) if replica.live]
    return Floors(head.epoch, head.version, live, _missing(services, live))


async def read_propagation(db: Database, merchant_id: str, services: Sequence[str]) -> Propagation:
    """How far the merchant's configuration has come among ``services``. Raises NotFound."""
    async with db.connection() as conn:
        merchant = await get_merchant(conn, merchant_id)
        head = await read_head(conn)
        live = [replica for replica in await list_replicas(conn) if replica.live]
    missing = _missing(services, live)
    version = merchant.config_version
    if version is None or missing or not live:
        state = PropagationState.UNKNOWN
    elif all(replica.epoch == head.epoch and replica.floor >= version for replica in live):
        state = PropagationState.PROPAGATED
    else:
        state = PropagationState.PENDING
    return Propagation(merchant.id, version, state, live, missing)


def _missing(services: Sequence[str], live: Sequence[Replica]) -> list[str]:
    return sorted(set(services) - {replica.service for replica in live})
