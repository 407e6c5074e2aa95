"""Parameters that reach the database, checked where their sender can still be told."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from florin.errors import InvalidRequest

WORD = r"^[A-Za-z0-9_.-]+$"
"""What ids, references and types of events consist of: their columns are ASCII."""

FilterText = Annotated[str | None, QueryParameter(pattern=WORD, max_length=64)]
"""An id or a name to filter a list by."""

FilterTime = Annotated[
    str | None, QueryParameter(description="RFC 3339, with a zone.", schema_extra={"format": "date-time"})
]
"""A time to filter a list by; `parse_time` reads it."""

_WithZone = Annotated[datetime, Meta(tz=True)]


def parse_time(value: str | None, param: str) -> datetime | None:
    """Read a `FilterTime`. Raises InvalidRequest where it is no time, or has no zone and could so mean any."""
    if value is None:
        return None
    try:
        return msgspec.convert(value, _WithZone).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        raise InvalidRequest(
            f"{param}: send an RFC 3339 time with its zone, such as 2026-01-31T12:00:00Z.", param=param
        ) from None
