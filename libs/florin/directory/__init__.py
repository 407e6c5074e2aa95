"""What a service knows of merchants without asking: API keys, configurations and connectors, in memory.

merchants is the owner; this is a projection of it in the service's own schema, and of that in memory. Nothing here does
I/O on the path of a payment, except for one bounded question about a key that nobody here has heard of.
"""

from pathlib import Path

from florin.directory.directory import REVOCATION_BOUND_S, REVOCATION_BOUND_WITHOUT_REDIS_S, Directory
from florin.directory.principal import (
    KeyExpired,
    KeyMissing,
    KeyRevoked,
    KeyUnknown,
    MerchantDisabled,
    Principal,
    ScopeMissing,
)

MIGRATIONS = Path(__file__).parent / "migrations"

__all__ = [
    "MIGRATIONS",
    "REVOCATION_BOUND_S",
    "REVOCATION_BOUND_WITHOUT_REDIS_S",
    "Directory",
    "KeyExpired",
    "KeyMissing",
    "KeyRevoked",
    "KeyUnknown",
    "MerchantDisabled",
    "Principal",
    "ScopeMissing",
]
