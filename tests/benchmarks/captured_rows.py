"""The rows that the platform writes for a payment, learnt by watching it take one.

The acquirer is told to hold its answer; what is in the database then is what the first phase wrote, and what has
changed once the payment is answered is the second phase's. Names that differ from payment to payment become places to
fill in.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from florin.ids import new_ulid

# The tables of libraries: what is in them belongs to no payment.
_OF_LIBRARIES = frozenset(
    (
        "consumer_floors",
        "dead_letters",
        "directory_entries",
        "directory_state",
        "inbox",
        "leases",
        "schema_migrations",
        "stream_floors",
    )
)
# The relay writes these later, in transactions of its own.
_OF_THE_RELAY = frozenset(("entry_fence", "entry_seq"))
_TOLD_BY_ACQUIRER = ("id", "auth_code", "rrn", "arn", "network_transaction_id")
_ID = r"[a-z]{2,5}_test_[0-9a-f]{2}[0-9a-hjkmnp-tv-z]{26}"

Row = dict[str, Any]
Snapshot = dict[str, dict[tuple[Any, ...], Row]]
Piece = str | bytes | int | None
Value = Any
"""A value that is the same for every payment, or a list of its pieces with a place (its number) between each two."""


class Statement(Struct):
    """One statement with its rows of values. ``inserts`` names the table where they are new."""

    sql: str
    inserts: str
    rows: list[list[Value]]

    def filled(self, names: Sequence[str]) -> list[list[Any]]:
        """The rows of one payment."""
        return [[_fill(value, names) if isinstance(value, list) else value for value in row] for row in self.rows]


class Rows(Struct):
    """What both phases write. ``names`` are those of the payment that was watched, by place."""

    names: list[str]
    payment_id: int
    reference: int
    told: dict[int, str]
    amount_minor: int
    claim: list[Statement]
    outcome: list[Statement]

    @property
    def count(self) -> dict[str, int]:
        """How many rows each phase writes."""
        return {"claim": _count(self.claim), "outcome": _count(self.outcome)}

    @property
    def inserted(self) -> Counter[str]:
        """How many rows a payment has in each table."""
        counted: Counter[str] = Counter()
        for statement in (*self.claim, *self.outcome):
            if statement.inserts:
                counted[statement.inserts] += len(statement.rows)
        return counted


class Columns(Struct):
    """A table: the key that tells its rows apart, and the columns that a writer fills in."""

    key: list[str]
    written: list[str]


def new_names(rows: Rows) -> list[str]:
    """Names for another payment, of the same form as those that were watched."""
    return [_like(name) for name in rows.names]


def _like(name: str) -> str:
    if re.fullmatch(_ID, name):
        kind, _, rest = name.split("_", 2)
        return f"{kind}_test_{rest[:2]}{new_ulid()}"
    fresh = new_ulid() + new_ulid()
    return (fresh.upper() if name.isupper() else fresh)[: len(name)]


def _fill(pieces: list[Piece], names: Sequence[str]) -> str | bytes:
    if isinstance(pieces[0], bytes):
        return b"".join([names[p].encode() if isinstance(p, int) else p for p in pieces])  # type: ignore[misc]
    return "".join([names[p] if isinstance(p, int) else p for p in pieces])  # type: ignore[misc]


def _count(statements: list[Statement]) -> int:
    return sum(len(statement.rows) for statement in statements)


def read_columns(execute: Any, schema: str) -> dict[str, Columns]:
    """The tables of a schema that a payment is written to."""
    tables: dict[str, Columns] = {}
    for table, column, default, extra, key in execute(
        "SELECT c.table_name, c.column_name, COALESCE(c.column_default, ''), c.extra, k.ordinal_position IS NOT NULL "
        "FROM information_schema.columns c LEFT JOIN information_schema.key_column_usage k "
        "ON k.table_schema=c.table_schema AND k.table_name=c.table_name AND k.column_name=c.column_name "
        f"AND k.constraint_name='PRIMARY' WHERE c.table_schema='{schema}' ORDER BY c.table_name, c.ordinal_position"
    ):
        if table in _OF_LIBRARIES:
            continue
        columns = tables.setdefault(table, Columns([], []))
        if key:
            columns.key.append(column)
        if "auto_increment" not in extra and "current_timestamp" not in default and column not in _OF_THE_RELAY:
            columns.written.append(column)
    return tables


def snapshot(execute: Any, schema: str, tables: dict[str, Columns]) -> Snapshot:
    """Every row that is there."""
    found: Snapshot = {}
    for table, columns in tables.items():
        wanted = [*columns.key, *columns.written]
        rows = execute(f"SELECT {','.join(wanted)} FROM `{schema}`.`{table}`")
        width = len(columns.key)
        found[table] = {
            tuple(row[:width]): dict(zip(columns.written, map(_plain, row[width:]), strict=True)) for row in rows
        }
    return found


def _plain(value: Any) -> Piece:
    return value if value is None or isinstance(value, str | bytes | int) else str(value)


def learn(tables: dict[str, Columns], phases: tuple[Snapshot, Snapshot], payment: Row, answer: Row) -> Rows:
    """The rows of the one payment that was taken. ``payment`` and ``answer`` are what was said of it."""
    keys = list(phases[1]["idempotency_keys"].values())
    text = b"\0".join(_bytes_of(v) for rows in phases[1].values() for row in rows.values() for v in row.values())
    ids = sorted({found.decode() for found in re.findall(_ID.encode(), text)})
    own = [keys[0]["key_id"], keys[0]["idempotency_key"], answer["reference"]]
    told = [answer[field] for field in _TOLD_BY_ACQUIRER]
    # An id of what was there before (the API key in `actor`) belongs to no payment.
    names = [name for name in ids if not name.startswith("key_")] + own + told
    places = {name: place for place, name in enumerate(names)}
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    nothing: Snapshot = {table: {} for table in tables}
    return Rows(
        names=names,
        payment_id=places[payment["id"]],
        reference=places[answer["reference"]],
        told={places[answer[field]]: field for field in _TOLD_BY_ACQUIRER},
        amount_minor=payment["amount_minor"],
        claim=_statements(tables, nothing, phases[0], pattern, places),
        outcome=_statements(tables, phases[0], phases[1], pattern, places),
    )


def _statements(
    tables: dict[str, Columns], before: Snapshot, after: Snapshot, pattern: str, places: dict[str, int]
) -> list[Statement]:
    statements: list[Statement] = []

    def add(sql: str, inserts: str, rows: list[list[Piece]]) -> None:
        statements.append(Statement(sql, inserts, [[_value(value, pattern, places) for value in row] for row in rows]))

    for table, columns in tables.items():
        fresh = [list(row.values()) for key, row in after[table].items() if key not in before[table]]
        if fresh:
            marks = ",".join(["%s"] * len(columns.written))
            add(f"INSERT INTO {table} ({','.join(columns.written)}) VALUES ({marks})", table, fresh)
        for key, earlier in before[table].items():
            changed = {name: value for name, value in after[table][key].items() if value != earlier[name]}
            if changed:
                assigned = ",".join(f"{name}=%s" for name in changed)
                where = " AND ".join(f"{name}=%s" for name in columns.key)
                add(f"UPDATE {table} SET {assigned} WHERE {where}", "", [[*changed.values(), *map(_plain, key)]])
    return statements


def _value(value: Piece, pattern: str, places: dict[str, int]) -> Value:
    if value is None or isinstance(value, int):
        return value
    text = value.decode() if isinstance(value, bytes) else value
    pieces: list[Piece] = [
        places[piece] if odd % 2 else (piece.encode() if isinstance(value, bytes) else piece)
        for odd, piece in enumerate(re.split(f"({pattern})", text))
    ]
    return pieces if len(pieces) > 1 else value


def _bytes_of(value: Piece) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def encode(rows: Rows) -> bytes:
    """For the file that `tests.benchmarks.direct` reads."""
    return msgspec.msgpack.encode(rows)
