"""Who may do what needs one owner: leases on the database's time, with fences that tell an old owner from a new one."""

from pathlib import Path

from florin.leases.share import LeaseShare
from florin.leases.table import Lease, LeaseLost, acquire, confirm, new_holder, raise_fence, release, renew

MIGRATIONS = Path(__file__).parent / "migrations"

__all__ = [
    "MIGRATIONS",
    "Lease",
    "LeaseLost",
    "LeaseShare",
    "acquire",
    "confirm",
    "new_holder",
    "raise_fence",
    "release",
    "renew",
]
