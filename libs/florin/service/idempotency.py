"""The ``Idempotency-Key`` header (draft-ietf-httpapi-idempotency-key-header): a quoted string, or the bare key."""

import re
from typing import Any

from litestar.connection import ASGIConnection

from florin.errors import InvalidRequest

HEADER = "Idempotency-Key"
LENGTH_MAX = 255

# RFC 8941, section 3.3.3: printable ASCII between quotes, where \" and \\ stand for themselves.
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_BARE = re.compile(r"[\x21\x23-\x7e]+")
_ESCAPE = re.compile(r'\\(["\\])')


class IdempotencyKeyMissing(InvalidRequest):
    """Every POST needs an `Idempotency-Key`, so that it can be sent again safely when its answer is lost."""

    code = "idempotency_key_missing"
    title = "An Idempotency-Key is needed"


class IdempotencyKeyInvalid(InvalidRequest):
    """The key is 1 to 255 printable ASCII characters, once, in quotes or bare (then without spaces and quotes)."""

    code = "idempotency_key_invalid"
    title = "The Idempotency-Key is not valid"


def parse_idempotency_key(value: str) -> str:
    """The key that a header's value names; ``"abc"`` and ``abc`` are the same key."""
    value = value.strip(" \t")
    if (quoted := _QUOTED.fullmatch(value)) is not None:
        key = _ESCAPE.sub(r"\1", quoted[1])
    elif _BARE.fullmatch(value):
        key = value
    else:
        raise IdempotencyKeyInvalid(
            "Send 1 to 255 printable ASCII characters, in quotes where there are spaces.", param=HEADER
        )
    if not 1 <= len(key) <= LENGTH_MAX:
        raise IdempotencyKeyInvalid(f"The key has {len(key)} characters; 1 to {LENGTH_MAX} are taken.", param=HEADER)
    return key


def idempotency_key(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The key of a request. Raises IdempotencyKeyMissing or IdempotencyKeyInvalid."""
    values = [value for name, value in connection.scope["headers"] if name == b"idempotency-key"]
    if not values:
        raise IdempotencyKeyMissing(f"Send a unique {HEADER} with every POST.", param=HEADER)
    if len(values) > 1:
        raise IdempotencyKeyInvalid(f"Send one {HEADER} header.", param=HEADER)
    return parse_idempotency_key(values[0].decode("latin-1"))
