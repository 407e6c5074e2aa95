import asyncio

import pytest

from florin.service import Background


async def test_a_crashed_task_runs_again_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []
    third = asyncio.Event()

    async def crash() -> None:
        runs.append(1)
        if len(runs) == 3:
            third.set()
            await asyncio.Event().wait()
        raise RuntimeError("out of luck")

    async with Background(first_delay_s=0.001) as background:
        background.start("fragile", crash)
        await asyncio.wait_for(third.wait(), 5)
        assert background.running == ["fragile"]
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "fragile" in caplog.text


async def test_stopping_waits_until_a_task_has_put_away_what_it_holds() -> None:
    started = asyncio.Event()
    released: list[str] = []

    async def hold() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            released.append("lease")

    async with Background() as background:
        background.start("holder", hold)
        await started.wait()
    assert released == ["lease"]


async def test_a_task_that_ends_is_not_run_again() -> None:
    runs: list[int] = []

    async def once() -> None:
        runs.append(1)

    async with Background(first_delay_s=0) as background:
        background.start("once", once)
        await asyncio.wait_for(_gone(background), 5)
    assert runs == [1]


async def _gone(background: Background) -> None:
    while background.running:  # noqa: ASYNC110 - the end of a task is no event of ours
        await asyncio.sleep(0)


async def test_a_name_runs_once_at_a_time() -> None:
    async with Background() as background:
        background.start("relay", asyncio.Event().wait)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="already running"):
            background.start("relay", asyncio.Event().wait)  # type: ignore[arg-type]


async def test_a_task_that_will_not_stop_is_named(caplog: pytest.LogCaptureFixture) -> None:
    release = asyncio.Event()
    started = asyncio.Event()

    async def stubborn() -> None:
        started.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    background = Background(stop_timeout_s=0.01)
    background.start("stubborn", stubborn)
    await started.wait()
    await background.stop()
    assert "stubborn did not stop" in caplog.text
    release.set()
    await asyncio.sleep(0)
