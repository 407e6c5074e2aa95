"""Work that goes on beside requests: relays, consumers, repair loops. Started by name, restarted when it crashes."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from florin.telemetry.metrics import BACKGROUND_CRASHES, BACKGROUND_RUNNING

_log = logging.getLogger(__name__)
_ASK_AGAIN_S = 3.0


class Background:
    """Owns background tasks for as long as its ``async with`` block lasts, then cancels and awaits them.

    Inside of a lifespan: ``async with Background() as background: background.start("relay", relay.run); yield``.
    """

    def __init__(self, *, first_delay_s: float = 0.5, last_delay_s: float = 30.0, stop_timeout_s: float = 10.0) -> None:
        self._first_delay_s = first_delay_s
        self._last_delay_s = last_delay_s
        self._stop_timeout_s = stop_timeout_s
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run ``run()`` until it returns or the process stops; when it raises, log that and run it again later."""
        if name in self._tasks and not self._tasks[name].done():
            raise ValueError(f"A background task named {name!r} is already running.")
        BACKGROUND_CRASHES.labels(name)  # from zero on: of a series that begins at one, no increase is seen
        self._tasks[name] = asyncio.create_task(self._supervise(name, run), name=name)

    @property
    def running(self) -> list[str]:
        """The names of the tasks that are not over."""
        return [name for name, task in self._tasks.items() if not task.done()]

    async def stop(self) -> None:
        """Cancel all tasks and wait until they have put away what they hold."""
        tasks = {task for task in self._tasks.values() if not task.done()}
        give_up_at = time.monotonic() + self._stop_timeout_s
        while tasks and (left_s := give_up_at - time.monotonic()) > 0:
            for task in tasks:
                task.cancel()  # again where it had no effect: a client's error can take the place of a cancellation
            _, tasks = await asyncio.wait(tasks, timeout=min(left_s, _ASK_AGAIN_S))
        for task in tasks:
            _log.error("Background task %s did not stop within %g s.", task.get_name(), self._stop_timeout_s)
        self._tasks.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def _supervise(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        delay_s = self._first_delay_s
        while True:
            began = time.monotonic()
            BACKGROUND_RUNNING.labels(name).inc()
            try:
                await run()
                return
            except Exception as error:  # noqa: BLE001 - whatever it was, the others and the next run must live
                BACKGROUND_CRASHES.labels(name).inc()
                if time.monotonic() - began > self._last_delay_s:
                    delay_s = self._first_delay_s  # it had recovered; this is a new fault
                pause_s = delay_s * random.uniform(0.8, 1.2)
                _log.error("Background task %s crashed; next run in %.1f s.", name, pause_s, exc_info=error)
            finally:
                BACKGROUND_RUNNING.labels(name).dec()
            await asyncio.sleep(pause_s)
            delay_s = min(delay_s * 2, self._last_delay_s)
