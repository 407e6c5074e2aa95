"""Whether watches still tell: what a list showed first and no watch has told of for long makes a watch stale."""

import time

from merchant_operator.metrics import STALE_WATCH
from merchant_operator.resources import Key


class Watched:
    """What watches told, and what they owe."""

    def __init__(self) -> None:
        self._owed: dict[Key, float] = {}
        self._told: dict[Key, float] = {}

    def told(self, key: Key) -> None:
        """A watch told of a resource."""
        self._told[key] = time.monotonic()
        self._owed.pop(key, None)

    def forgotten(self, key: Key) -> None:
        """A resource is gone."""
        self._told.pop(key, None)
        self._owed.pop(key, None)

    def missed(self, key: Key) -> None:
        """A list showed a change that no watch had told of yet."""
        self._owed.setdefault(key, time.monotonic())

    def told_since(self, key: Key, moment: float) -> bool:
        """Whether a watch told of a resource after a moment."""
        return self._told.get(key, 0.0) >= moment

    def stale_s(self) -> float:
        """The age of the oldest change that no watch has told of."""
        age_s = time.monotonic() - min(self._owed.values()) if self._owed else 0.0
        STALE_WATCH.set(age_s)
        return age_s
