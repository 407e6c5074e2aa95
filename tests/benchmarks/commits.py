"""How many transactions were made durable, and whose: counted in the server's binary log itself.

A counter of COMMIT statements misses what commits by itself and counts what wrote nothing. In the binary log each
transaction that changed something is there once, between its Gtid and its Xid event, with the tables that it touched.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

_SCHEMA = re.compile(r"\(`?([^`.]+)`?\.")
Execute = Callable[[str], list[tuple[Any, ...]]]


class Position(NamedTuple):
    """A place in the binary log."""

    file: str
    offset: int


def position(execute: Execute) -> Position:
    """Where the next transaction will be written."""
    file, offset, *_ = execute("SHOW MASTER STATUS")[0]
    return Position(file, offset)


def commits_between(execute: Execute, start: Position, end: Position) -> Counter[str]:
    """Transactions by the schema that they wrote to."""
    counted: Counter[str] = Counter()
    files = [row[0] for row in execute("SHOW BINARY LOGS") if start.file <= row[0] <= end.file]
    for file in files:
        offset = start.offset if file == start.file else 4
        schemas: set[str] = set()
        for _, at, kind, _, _, info in execute(f"SHOW BINLOG EVENTS IN '{file}' FROM {offset}"):
            if file == end.file and at >= end.offset:
                break
            if kind == "Table_map":
                schemas.update(_SCHEMA.findall(info))
            elif kind == "Xid":
                counted.update(schemas)
                schemas = set()
    return counted
