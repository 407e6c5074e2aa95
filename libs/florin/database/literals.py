"""Python values as SQL literals.

Statements are composed on the client, because many rows then travel in one packet. Within quotes the server wants
nothing escaped but the quote and the backslash (https://dev.mysql.com/doc/c-api/8.0/en/mysql-real-escape-string.html);
that is right for every session that `florin.database.pool` opens, which pins utf8mb4 and keeps backslash escapes on.
The driver's own function escapes more, for the sake of log files, and costs ten times as much.
"""

from collections.abc import Callable
from datetime import MAXYEAR, UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import Any

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_WITHOUT_OFFSET = len("2026-01-31 12:00:00.000000")


def _text(value: str) -> str:
    if "\\" in value or "'" in value:
        value = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{value}'"


def _binary(value: bytes | bytearray) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:  # a statement is text; what is none travels in hex, twice as long
        return f"x'{value.hex()}'"
    return f"_binary{_text(text)}"


def _datetime(value: datetime) -> str:
    if value.tzinfo is UTC:
        return _utc(value)
    if value.tzinfo is None:
        raise ValueError("a time without a zone must not reach the database")
    try:
        return _utc(value.astimezone(UTC))
    except OverflowError:  # the last or first day there is, and its zone's offset leads past the calendar
        return _utc(_LAST if value.year == MAXYEAR else _FIRST)


@lru_cache(maxsize=256)  # the rows of a decision share its time
def _utc(value: datetime) -> str:
    return f"'{value.isoformat(' ', 'microseconds')[:_WITHOUT_OFFSET]}'"  # strftime would drop zeros of early years


def _sequence(values: Any) -> str:
    # An empty list matches nothing; `IN ()` would be a syntax error.
    return f"({','.join(map(literal, values))})" if values else "(NULL)"


_ESCAPERS: dict[type, Callable[[Any], str]] = {
    str: _text,
    bytes: _binary,
    bytearray: _binary,
    int: int.__repr__,
    bool: lambda value: "1" if value else "0",
    type(None): lambda _: "NULL",
    datetime: _datetime,
    list: _sequence,
    tuple: _sequence,
    set: _sequence,
    frozenset: _sequence,
}


def literal(value: Any) -> str:
    """The SQL literal of a value. Raises TypeError for a type that has none (floats too: nothing here is a float)."""
    escaper = _ESCAPERS.get(type(value))
    if escaper is not None:
        return escaper(value)
    if isinstance(value, str):
        return _text(value.value if isinstance(value, Enum) else str(value))
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, memoryview):
        return _binary(bytes(value))
    raise TypeError(f"no SQL literal for {type(value).__name__}")


def compose(sql: str, params: tuple[Any, ...] | list[Any]) -> str:
    """Put literals at each ``%s``. Without parameters the text is taken as it is."""
    return sql % tuple(map(literal, params)) if params else sql
