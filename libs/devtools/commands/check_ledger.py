"""Prove the ledger: every transaction sums to zero, every balance is the sum of its entries.

Exit status 1, with the rows that break it, when it does not hold.
"""

from devtools.commands import florin

PASSES_ARGUMENTS = True


def run(arguments: list[str]) -> int:
    """Become ``florin ledger check``."""
    return florin.run(["ledger", "check", *arguments])
