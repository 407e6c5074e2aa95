"""The queue: each key at most once at a time, failures later and later, deletions past everything else."""

import asyncio
import itertools
from collections.abc import Callable

import pytest

from merchant_operator.merchants_api import Breaker, Unreachable
from merchant_operator.queue import Next, Queue, Work
from merchant_operator.resources import Key


def key(name: str) -> Key:
    return Key("MerchantConfig", "shops", name)


def queue_of(work: Work, is_deleting: Callable[[Key], bool] = lambda _: False, **options: float) -> Queue:
    given = {"retry_first_s": 0.01, "retry_last_s": 0.05} | options
    return Queue(work, is_deleting, workers=2, deletion_workers=1, **given)


async def run_until(queue: Queue, done: asyncio.Event) -> None:
    running = asyncio.create_task(queue.run())
    try:
        async with asyncio.timeout(10):
            await done.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_key_is_never_worked_on_twice_at_once_and_no_news_is_lost() -> None:
    active: set[Key] = set()
    looks, done = 0, asyncio.Event()

    async def work(one: Key) -> Next:
        nonlocal looks
        assert one not in active
        active.add(one)
        looks += 1
        if looks == 1:  # news while it is worked on
            queue.add(one)
            queue.add(one)
        await asyncio.sleep(0)
        active.discard(one)
        if looks == 2:
            done.set()
        return Next()

    queue = queue_of(work)
    for _ in range(5):
        queue.add(key("a"))
    await run_until(queue, done)
    assert (looks, queue.depth) == (2, 0)


async def test_news_that_come_during_a_look_that_fails_do_not_wait_for_its_pause() -> None:
    looks, done = 0, asyncio.Event()

    async def work(one: Key) -> Next:
        nonlocal looks
        looks += 1
        if looks == 1:
            queue.add(one)  # a new generation, say
            return Next(failed=True)
        done.set()
        return Next()

    queue = queue_of(work, retry_first_s=3600.0, retry_last_s=3600.0)
    queue.add(key("a"))
    await run_until(queue, done)
    assert looks == 2


async def test_what_failed_comes_back_after_growing_pauses_and_stops_no_other() -> None:
    times: list[float] = []
    others: list[Key] = []
    done = asyncio.Event()

    async def work(one: Key) -> Next:
        if one != key("bad"):
            others.append(one)
            return Next()
        times.append(asyncio.get_running_loop().time())
        if len(times) == 4:
            done.set()
            return Next()
        raise ValueError("as a bug would")

    queue = queue_of(work, retry_first_s=0.02, retry_last_s=10.0)
    for name in ("bad", "b", "c"):
        queue.add(key(name))
    await run_until(queue, done)
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(pause >= least for pause, least in zip(pauses, (0.016, 0.032, 0.064), strict=True))
    assert others == [key("b"), key("c")]


async def test_deletions_do_not_wait_for_workers_that_hang() -> None:
    done, never = asyncio.Event(), asyncio.Event()

    async def work(one: Key) -> Next:
        if one == key("gone"):
            done.set()
        else:
            await never.wait()
        return Next()

    queue = queue_of(work, lambda one: one == key("gone"))
    for number in range(10):
        queue.add(key(f"{number}"))
    queue.add(key("gone"))
    await run_until(queue, done)


async def test_a_key_that_comes_under_deletion_changes_lanes() -> None:
    deleting: set[Key] = set()
    done, never = asyncio.Event(), asyncio.Event()

    async def work(one: Key) -> Next:
        if one in deleting:
            done.set()
        else:
            await never.wait()
        return Next()

    queue = queue_of(work, deleting.__contains__)
    for number in range(10):
        queue.add(key(f"{number}"))
    deleting.add(key("9"))
    queue.add(key("9"))
    await run_until(queue, done)


def test_the_breaker_leaves_merchants_alone_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("merchant_operator.merchants_api.time.monotonic", lambda: now)
    breaker = Breaker(2, 10.0)
    for _ in range(2):
        breaker.enter()
        breaker.failed("merchants answered 503")
    with pytest.raises(Unreachable, match="answered 503"):
        breaker.enter()
    now += 10.0
    breaker.enter()  # one tries
    with pytest.raises(Unreachable):
        breaker.enter()  # and only one
    breaker.failed("merchants answered 503")
    with pytest.raises(Unreachable):
        breaker.enter()
    now += 10.0
    breaker.enter()
    breaker.succeeded()
    breaker.enter()
    breaker.enter()
