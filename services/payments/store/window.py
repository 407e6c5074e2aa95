"""A part of one of a merchant's lists: whose list it is, where it goes on, and which way."""

from collections.abc import Mapping

from msgspec import Struct


class Window(Struct, frozen=True):
    """At most ``limit`` rows behind ``cursor`` (an id), newest first, or oldest first where ``backwards``."""

    merchant_id: str
    livemode: bool
    limit: int
    cursor: str | None = None
    backwards: bool = False

    @property
    def behind(self) -> str:
        """How the key of a row compares with the cursor's."""
        return ">" if self.backwards else "<"

    @property
    def direction(self) -> str:
        """For ORDER BY."""
        return "ASC" if self.backwards else "DESC"


def all_of(conditions: Mapping[str, object]) -> tuple[str, list[object]]:
    """A WHERE of the conditions that have a value, and the values."""
    given = {condition: value for condition, value in conditions.items() if value is not None}
    return " AND ".join(given), list(given.values())
