"""Identifiers that sort by time and tell what they name, which mode they belong to and on which shard they live.

``pay_test_3f01jd3x4m8c5v...``: a kind, the mode, then two hex digits of the merchant's shard and a ULID
(https://github.com/ulid/spec) in lower case. A callback that names only an id or an acquirer reference can be
routed without a lookup.
"""

import os
import re
import time
import zlib
from typing import NamedTuple

from florin.errors import NotFound

SHARDS = 256
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_ID = re.compile(rf"([a-z]{{2,5}})_(live|test)_([0-9a-f]{{2}})([{_ALPHABET}]{{26}})")


class IdParts(NamedTuple):
    """What an id tells by itself."""

    kind: str
    livemode: bool
    shard: int


def shard_of(merchant_id: str) -> int:
    """The shard of a merchant's data, 0-255. Fixed for ever: it is part of ids that are stored."""
    return zlib.crc32(merchant_id.encode()) % SHARDS


def _base32(number: int, length: int) -> str:
    """The lowest ``length`` digits, which is even; two at a time, since a payment takes a dozen ids."""
    return "".join([_PAIRS[number >> place & 1023] for place in range(5 * length - 10, -1, -10)])


def new_ulid() -> str:
    """48 bits of milliseconds and 80 random bits, 26 characters in lower case."""
    return _base32((time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big"), 26)


def new_id(kind: str, *, livemode: bool, shard: int) -> str:
    """A fresh id such as ``pay_test_...``; ``kind`` is 2 to 5 lower-case letters."""
    return f"{kind}_{'live' if livemode else 'test'}_{shard:02x}{new_ulid()}"


def new_acquirer_reference(*, livemode: bool, shard: int) -> str:
    """Our reference for one operation at an acquirer: 20 characters of A-Z and 0-9, 85 random bits.

    Many acquirers take no more than 20 to 22 characters and no punctuation.
    """
    random = int.from_bytes(os.urandom(11), "big")
    return f"{'L' if livemode else 'T'}{shard:02X}{_base32(random, 18)[1:].upper()}"


def parse_id(value: str, kind: str) -> IdParts:
    """Take an id apart. Raises NotFound where it is no id of this kind: nothing can have that name."""
    match = _ID.fullmatch(value)
    if match is None or match[1] != kind:
        raise NotFound(f"No object has the id {value[:80]!r}.")
    return IdParts(kind, match[2] == "live", int(match[3], 16))
