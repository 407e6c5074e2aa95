"""Rows of ``replicas``: how far each replica of the other services has come."""

from datetime import datetime

from msgspec import Struct

from florin.contracts.directory import ReplicaReport
from florin.database import Connection


class Replica(Struct, frozen=True):
    """A replica as it described itself last; ``live``: its lease holds now."""

    service: str
    replica: str
    epoch: str
    floor: int
    lease_until: datetime
    live: bool


async def save_replica(conn: Connection, service: str, replica: str, report: ReplicaReport) -> None:
    """Write what a replica says of itself; replicas that are gone for a day are forgotten."""
    await conn.execute(
        "INSERT INTO replicas (service, replica, epoch, floor, lease_until) "
        "VALUES (%s, %s, %s, %s, UTC_TIMESTAMP(6) + INTERVAL %s SECOND) ON DUPLICATE KEY UPDATE "
        "epoch=VALUES(epoch), floor=VALUES(floor), lease_until=VALUES(lease_until)",
        (service, replica, report.epoch, report.floor, report.lease_seconds),
    )
    await conn.execute("DELETE FROM replicas WHERE lease_until < UTC_TIMESTAMP(6) - INTERVAL 1 DAY LIMIT 100")


async def list_replicas(conn: Connection) -> list[Replica]:
    """All replicas that are known."""
    rows = await conn.fetch_all(
        "SELECT service, replica, epoch, floor, lease_until, lease_until > UTC_TIMESTAMP(6) AS live "
        "FROM replicas ORDER BY service, replica"
    )
    return [Replica(**{**row, "live": bool(row["live"])}) for row in rows]
