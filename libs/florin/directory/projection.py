"""The directory in the service's own schema: one table of things, one row that says how far it has come.

Every writer locks that row first. So writes are in one order here, numbered by ``seq``, and a replica that has read up
to a ``seq`` has missed nothing below it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from florin.contracts.directory import Change
from florin.database import Connection, Row

_COLUMNS = ("kind", "subject", "version", "seq", "state")
_NEWER = (
    # Assigned from left to right: `version` last, because the others compare with the old one.
    "seq=IF(VALUES(version)>version,VALUES(seq),seq),"
    "state=IF(VALUES(version)>version,VALUES(state),state),"
    "version=GREATEST(version,VALUES(version))"
)
_ROWS_A_STATEMENT = 500


class ProjectionState(NamedTuple):
    """How far the projection has come."""

    epoch: str
    floor: int
    seq: int
    rebuilds: int


NOTHING = ProjectionState("", 0, 0, 0)


async def read_state(conn: Connection) -> ProjectionState:
    """How far the projection has come, as committed."""
    return _state(await conn.fetch_one("SELECT epoch, floor, seq, rebuilds FROM directory_state WHERE id=1"))


async def read_changes(conn: Connection, epoch: str, after_seq: int) -> list[Change]:
    """What was written here after ``after_seq``."""
    rows = await conn.fetch_all(
        "SELECT kind, subject, version, state FROM directory_entries WHERE seq > %s ORDER BY version", (after_seq,)
    )
    return [Change(epoch, row["version"], row["kind"], row["subject"], msgspec.Raw(row["state"])) for row in rows]


async def write_changes(conn: Connection, epoch: str, changes: Sequence[Change], floor: int = 0) -> bool:
    """Take changes in, in the caller's transaction; ``floor``: all changes up to it are in now.

    False where the projection counts in another epoch: then nothing was written, and a rebuild is due.
    """
    state = await _lock(conn)
    if state.epoch != epoch:
        return False
    await _write(conn, changes, state.seq + 1)
    await conn.execute(
        "UPDATE directory_state SET seq=%s, floor=GREATEST(floor, %s) WHERE id=1", (state.seq + 1, floor)
    )
    return True


async def replace_all(
    conn: Connection, epoch: str, changes: Sequence[Change], floor: int, *, seen: ProjectionState
) -> None:
    """Forget everything and take ``changes`` instead, unless another replica did so since ``seen``."""
    state = await _lock(conn)
    if state.rebuilds != seen.rebuilds:
        return
    await conn.execute("DELETE FROM directory_entries")
    await _write(conn, changes, state.seq + 1)
    await conn.execute(
        "UPDATE directory_state SET epoch=%s, floor=%s, seq=%s, rebuilds=rebuilds+1 WHERE id=1",
        (epoch, floor, state.seq + 1),
    )


async def _lock(conn: Connection) -> ProjectionState:
    locking = "SELECT epoch, floor, seq, rebuilds FROM directory_state WHERE id=1 FOR UPDATE"
    row = await conn.fetch_one(locking)
    if row is None:  # an operator emptied the tables, to have the projection built anew
        await conn.execute("INSERT IGNORE INTO directory_state (id) VALUES (1)")
        row = await conn.fetch_one(locking)
    return _state(row)


async def _write(conn: Connection, changes: Sequence[Change], seq: int) -> None:
    for start in range(0, len(changes), _ROWS_A_STATEMENT):
        rows = [
            (change.kind, change.subject, change.version, seq, bytes(change.state))
            for change in changes[start : start + _ROWS_A_STATEMENT]
        ]
        await conn.insert_rows("directory_entries", _COLUMNS, rows, on_duplicate=_NEWER)


def _state(row: Row | None) -> ProjectionState:
    if row is None:
        return NOTHING
    return ProjectionState(row["epoch"], row["floor"], row["seq"], row["rebuilds"])
