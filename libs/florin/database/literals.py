"""Python values as SQL literals.

Statements are composed on the client, because many rows then travel in one packet. Texts are escaped by the driver,
rightly for every session that `florin.database.pool` opens, which pins utf8mb4 and keeps backslash escapes on. Bytes
travel in hex: twice as long, and made thirty times faster than an escaped literal.
"""

from collections.abc import Callable
from datetime import MAXYEAR, UTC, datetime
from typing import Any

from pymysql.converters import escape_string

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_WITHOUT_OFFSET = len("2026-01-31 12:00:00.000000")


def _datetime(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a time without a zone must not reach the database")
    try:
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    except OverflowError:  # the last or first day there is, and its zone's offset leads past the calendar
        utc = _LAST if value.year == MAXYEAR else _FIRST
    return f"'{utc.isoformat(' ', 'microseconds')[:_WITHOUT_OFFSET]}'"  # strftime would drop zeros of early years


def _sequence(values: Any) -> str:
    # An empty list matches nothing; `IN ()` would be a syntax error.
    return f"({','.join(map(literal, values))})" if values else "(NULL)"


_ESCAPERS: dict[type, Callable[[Any], str]] = {
    str: lambda value: f"'{escape_string(value)}'",
    bytes: lambda value: f"x'{value.hex()}'",
    bytearray: lambda value: f"x'{value.hex()}'",
    int: str,
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
    if isinstance(value, str):  # enumerations
        return _ESCAPERS[str](str(value))
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, memoryview):
        return _ESCAPERS[bytes](bytes(value))
    raise TypeError(f"no SQL literal for {type(value).__name__}")


def compose(sql: str, params: tuple[Any, ...] | list[Any]) -> str:
    """Put literals at each ``%s``. Without parameters the text is taken as it is."""
    return sql % tuple(map(literal, params)) if params else sql
