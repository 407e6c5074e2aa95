"""API keys as the services see them: who a key is and what it may do, never the key itself."""

import hashlib
import os
import re
import zlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from florin.contracts.api_version import API_VERSION
from florin.settings import Secret

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_DIGITS = 43  # 256 bits in base 62
CHECK_DIGITS = 6  # CRC-32 in base 62
_KEY = re.compile(rf"(sk|rk)_(test|live)_[0-9A-Za-z]{{{SECRET_DIGITS + CHECK_DIGITS}}}")


class Scope(StrEnum):
    """A right of a restricted key. A full key has them all."""

    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    REFUNDS_READ = "refunds:read"
    REFUNDS_WRITE = "refunds:write"
    EVENTS_READ = "events:read"
    BALANCES_READ = "balances:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


ALL_SCOPES = frozenset(Scope)

KeyHash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the whole key, in hex.")]


class ApiKeyState(Struct, frozen=True):
    """One API key. ``hash`` is SHA-256 of the whole key: 256 random bits need no salt and no slow hash."""

    id: str
    merchant_id: str
    livemode: bool
    restricted: bool
    scopes: tuple[Scope, ...]
    hash: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    rate_limit_per_second: int = 500
    api_version: str = API_VERSION


class KeyLookup(Struct, frozen=True, forbid_unknown_fields=True):
    """The question whether a key exists that a projection does not know yet."""

    hash: KeyHash


def hash_of(key: str) -> str:
    """What stands for a key everywhere but in its owner's hands."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key(*, livemode: bool, restricted: bool = False) -> Secret:
    """A fresh key: a prefix that tells kind and mode, 256 random bits, check digits."""
    prefix = f"{'rk' if restricted else 'sk'}_{'live' if livemode else 'test'}_"
    text = prefix + base62(int.from_bytes(os.urandom(32), "big"), SECRET_DIGITS)
    return Secret(text + check_digits(text))


def base62(number: int, length: int) -> str:
    """``length`` digits of a number in base 62."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def check_digits(text: str) -> str:
    """The end of a key, computed from the rest: a typing error is told without asking anybody."""
    return base62(zlib.crc32(text.encode()), CHECK_DIGITS)


def is_well_formed(key: str) -> bool:
    """Whether this could be a key of ours: prefix, length, alphabet and check digits."""
    return _KEY.fullmatch(key) is not None and check_digits(key[:-CHECK_DIGITS]) == key[-CHECK_DIGITS:]
