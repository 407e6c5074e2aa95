"""While versions wait for replicas: ask how far those are, and bring up what has arrived. Asks nothing otherwise."""

import asyncio
import logging

from merchant_operator.conditions import replicas_behind
from merchant_operator.merchants_api import MerchantsApi, Refused, Unreachable
from merchant_operator.queue import Queue
from merchant_operator.resources import Key
from merchant_operator.world import World

_log = logging.getLogger(__name__)


async def follow_replicas(merchants: MerchantsApi, world: World, queue: Queue, *, interval_s: float) -> None:
    """Until cancelled."""
    overdue: set[Key] = set()
    while True:
        await asyncio.sleep(interval_s)
        if not world.waiting():
            continue
        try:
            floors = world.floors = await merchants.floors()
        except (Unreachable, Refused) as error:
            _log.debug("Replicas are not known now: %s", error)
            continue
        told = set()
        for key, version in world.waiting():
            if not floors.missing_services and not replicas_behind(floors, version):
                queue.add(key)
            elif world.waits_long(key):
                told.add(key)
                if key not in overdue:
                    queue.add(key)  # once: the sweep looks at it again
        overdue = told
