"""What blocks the event loop is seen."""

import asyncio
import time

from litestar import Litestar
from tests.support.metrics import sample
from tests.support.streaming import eventually, true

from florin.service.loop_lag import watching_loop_lag


async def test_what_blocks_the_event_loop_is_counted_by_its_length() -> None:
    def late() -> float:
        every, quick = (sample("florin_event_loop_lag_seconds_bucket", le=le) or 0 for le in ("+Inf", "0.5"))
        return every - quick

    before = late()
    async with watching_loop_lag(Litestar()):
        await asyncio.sleep(0)
        time.sleep(1.0)  # noqa: ASYNC251 - the fault that is to be seen
        await eventually(lambda: true(late() == before + 1), within_s=5)
