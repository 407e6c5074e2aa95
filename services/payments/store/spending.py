"""Rows of `daily_spending`: what merchants with a daily limit have had authorised, by currency and day (UTC).

A row is locked before a payment that counts against it is decided, so two replicas cannot exceed the limit together.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from msgspec import Struct

from florin.database import Row
from florin.database.connection import insert_statement
from florin.database.literals import compose
from payments.domain.errors import DailyLimitExceeded
from payments.domain.limits import counted
from payments.domain.payment import Payment

_KEY = ("merchant_id", "livemode", "currency", "day")
Key = tuple[str, bool, str, str]


class Allowance(Struct, frozen=True):
    """What a merchant may have authorised in a currency on a day, in minor units."""

    merchant_id: str
    livemode: bool
    currency: str
    day: date
    most_minor: int

    @property
    def key(self) -> Key:
        """The row's primary key."""
        return (self.merchant_id, self.livemode, self.currency, self.day.isoformat())


def locking_statements(allowances: Sequence[Allowance]) -> list[str]:
    """Make the rows, then lock and read them; the second statement returns them."""
    keys = sorted({allowance.key for allowance in allowances})
    return [
        insert_statement("daily_spending", _KEY, keys, ignore=True),
        compose(
            f"SELECT merchant_id, livemode, currency, CAST(day AS CHAR) AS day, amount_minor FROM daily_spending "
            f"WHERE ({','.join(_KEY)}) IN %s ORDER BY {','.join(_KEY)} FOR UPDATE",
            (keys,),
        ),
    ]


class Spending:
    """What is spent, as locked, and as the decisions of a batch add to it."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._spent_minor = {
            (row["merchant_id"], bool(row["livemode"]), row["currency"], row["day"]): row["amount_minor"]
            for row in rows
        }

    def take(self, allowance: Allowance, before: Payment | None, after: Payment) -> None:
        """Count a decision. Raises DailyLimitExceeded where it would pass what is allowed."""
        more_minor = counted(after)[1] - counted(before)[1]
        spent_minor = self._spent_minor.get(allowance.key, 0)
        if spent_minor + more_minor > allowance.most_minor:
            left_minor = max(0, allowance.most_minor - spent_minor)
            raise DailyLimitExceeded(
                f"{left_minor} of the daily limit of {allowance.most_minor} {allowance.currency} are left.",
                param="amount_minor",
                limit_minor=allowance.most_minor,
                left_minor=left_minor,
            )
        self._spent_minor[allowance.key] = spent_minor + more_minor


def spending_rows(before: Payment | None, after: Payment) -> Iterator[tuple[str, bool, str, str, int]]:
    """What a decision changes, as rows that are added to those that are there."""
    day, now_minor = counted(after)
    earlier_day, earlier_minor = counted(before)
    changes = {day: now_minor}
    changes[earlier_day] = changes.get(earlier_day, 0) - earlier_minor
    for each, minor in changes.items():
        if each is not None and minor:
            yield (after.merchant_id, after.livemode, after.currency, each.isoformat(), minor)


SPENDING_COLUMNS = (*_KEY, "amount_minor")
SPENDING_ADDED = "amount_minor=amount_minor+VALUES(amount_minor)"
