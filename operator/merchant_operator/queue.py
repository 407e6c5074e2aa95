"""Resources that are due, each at most once and never two workers at one; resources under deletion have workers of
their own.

What failed comes back after a pause that doubles. The schedule is in memory only: after a restart everything is due.
"""

import asyncio
import heapq
import itertools
import logging
import random
from collections.abc import Awaitable, Callable

from msgspec import Struct

from merchant_operator.metrics import QUEUE
from merchant_operator.resources import Key

_log = logging.getLogger(__name__)


class Next(Struct, frozen=True):
    """When to look again: after ``delay_s`` (None: when something happens), or after the pause of a failure."""

    delay_s: float | None = None
    failed: bool = False


Work = Callable[[Key], Awaitable[Next]]


class _Lane:
    def __init__(self, name: str, workers: int) -> None:
        self.name = name
        self.workers = workers
        self.heap: list[tuple[float, int, Key]] = []
        self.changed = asyncio.Event()


class Queue:
    """Calls ``work`` for each key when it is due. ``is_deleting`` chooses the lane."""

    def __init__(
        self,
        work: Work,
        is_deleting: Callable[[Key], bool],
        *,
        workers: int,
        deletion_workers: int,
        retry_first_s: float,
        retry_last_s: float,
    ) -> None:
        self._work = work
        self._is_deleting = is_deleting
        self._ordinary = _Lane("ordinary", workers)
        self._deletions = _Lane("deletions", deletion_workers)
        self._retry_first_s = retry_first_s
        self._retry_last_s = retry_last_s
        self._due: dict[Key, tuple[float, _Lane]] = {}
        self._active: set[Key] = set()
        self._again: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}
        self._numbers = itertools.count()

    def add(self, key: Key, delay_s: float = 0.0) -> None:
        """Make a key due; an earlier time that it has already stays."""
        due = asyncio.get_running_loop().time() + delay_s
        if key in self._active:
            self._again[key] = min(due, self._again.get(key, due))
            return
        lane = self._deletions if self._is_deleting(key) else self._ordinary
        known = self._due.get(key)
        if known is not None and known[1] is lane and known[0] <= due:
            return
        self._due[key] = (due, lane)
        heapq.heappush(lane.heap, (due, next(self._numbers), key))
        lane.changed.set()

    @property
    def depth(self) -> int:
        """How many keys are scheduled or worked on."""
        return len(self._due) + len(self._active)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in (self._ordinary, self._deletions):
                for _ in range(lane.workers):
                    group.create_task(self._serve(lane))

    async def _serve(self, lane: _Lane) -> None:
        while True:
            await self._handle(await self._take(lane))

    async def _take(self, lane: _Lane) -> Key:
        loop = asyncio.get_running_loop()
        while True:
            lane.changed.clear()
            while lane.heap and self._due.get(lane.heap[0][2]) != (lane.heap[0][0], lane):
                heapq.heappop(lane.heap)  # it was made due earlier, or in the other lane
            QUEUE.labels(lane.name).set(len(lane.heap))
            wait_s = lane.heap[0][0] - loop.time() if lane.heap else None
            if wait_s is not None and wait_s <= 0:
                _, _, key = heapq.heappop(lane.heap)
                del self._due[key]
                self._active.add(key)
                return key
            try:
                async with asyncio.timeout(wait_s):
                    await lane.changed.wait()
            except TimeoutError:
                continue

    async def _handle(self, key: Key) -> None:
        pause_s: float | None
        try:
            then = await self._work(key)
        except Exception as error:  # noqa: BLE001 - whatever it was, the other resources must go on
            _log.error("%s: %s", key, error, exc_info=error, extra={"resource": str(key)})
            then = Next(failed=True)
        finally:
            self._active.discard(key)
        if then.failed:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            pause_s = min(self._retry_first_s * 2 ** min(failures - 1, 30), self._retry_last_s)
            pause_s *= random.uniform(0.8, 1.2)
        else:
            self._failures.pop(key, None)
            pause_s = then.delay_s
        again = self._again.pop(key, None)
        if again is not None:  # after a failure, too: what it did not see may be what helps
            self.add(key, max(0.0, again - asyncio.get_running_loop().time()))
        if pause_s is not None:
            self.add(key, pause_s)
