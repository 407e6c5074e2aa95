"""How long to wait before the next try: longer each time, never in step with others."""

import random
from typing import Final

_GROWTH: Final = 2.0


class Backoff:
    """Delays from ``first_s``, doubling up to ``most_s``, each drawn from the upper half of its range."""

    def __init__(self, first_s: float, most_s: float) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._tries = 0

    def reset(self) -> None:
        """Something worked."""
        self._tries = 0

    def next_s(self) -> float:
        """The next delay."""
        self._tries += 1
        return delay_s(self._tries, self._first_s, self._most_s)


def delay_s(tries: int, first_s: float, most_s: float) -> float:
    """The delay after ``tries`` failures."""
    longest = min(most_s, first_s * _GROWTH ** min(tries - 1, 32))
    return random.uniform(longest / 2, longest)
