"""kill -9 in the middle of a load: what was answered is in the book, and nothing of it twice."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from tests.support.simulator import SimulatorClient, SimulatorProcess


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[SimulatorProcess]:
    process = SimulatorProcess(tmp_path)
    process.start()
    try:
        yield process
    finally:
        process.kill()


async def test_book_survives_a_kill_under_load(mortal, session) -> None:
    client = SimulatorClient(session, mortal.url)
    answered: dict[str, bytes] = {}
    enough = asyncio.Event()

    async def sell(worker: int) -> None:
        for number in range(10_000):
            reference = f"W{worker}N{number}"
            answer = await client.authorize(reference, capture=True)
            answered[reference] = answer.body
            if len(answered) > 400:
                enough.set()

    workers = [asyncio.create_task(sell(worker)) for worker in range(32)]
    async with asyncio.timeout(20):
        await enough.wait()
    mortal.kill()
    ends = await asyncio.gather(*workers, return_exceptions=True)
    assert all(isinstance(end, aiohttp.ClientError | OSError) for end in ends)
    mortal.start()
    booked: dict[str, dict] = {}
    after = 0
    while after is not None:
        page = (await client.control("GET", f"/operations?limit=1000&after={after}")).json()
        for operation in page["operations"]:
            assert operation["reference"] not in booked, "charged twice"
            booked[operation["reference"]] = operation
        after = page["next_after"]
    for reference, body in answered.items():
        assert booked[reference] == json.loads(body)
    assert len(booked) <= len(answered) + len(workers)
    (sums,) = (await client.control("GET", "/sums")).json()
    assert sums["captured_minor"] == 1000 * len(booked)
    # A reference that was sent and not answered may be sent again: one charge in the end.
    again = await client.authorize("W0N0", capture=True)
    assert again.body == answered["W0N0"]


async def test_owed_callbacks_faults_and_webhooks_survive(mortal, session, eventually) -> None:
    client = SimulatorClient(session, mortal.url)
    await client.control("POST", "/faults", {"fault": {"effect": "error"}, "operation": "void"})
    await client.control("PUT", "/receivers/callbacks", {"answer": {"status": 500, "count": 1}})
    await client.authorize("R1", card="tok_fault_500_after")

    async def tried() -> bool:
        return len(await client.received("callbacks")) == 1

    assert await eventually(tried)
    mortal.kill()
    mortal.start()

    async def delivered() -> bool:
        callbacks = (await client.control("GET", "/callbacks")).json()
        return [callback["state"] for callback in callbacks] == ["delivered"]

    assert await eventually(delivered)
    assert [webhook["status"] for webhook in await client.received("callbacks")] == [500, 200]
    assert (await client.perform("voids", reference="R2", authorization="R1")).status == 500


async def test_stops_cleanly_with_unanswered_requests(mortal, session) -> None:
    client = SimulatorClient(session, mortal.url)
    waiting = asyncio.create_task(client.authorize("R1", card="tok_fault_timeout_after"))

    async def booked() -> bool:
        return bool(await client.booked("R1"))

    while not await booked():
        pass
    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(None, mortal.stop) == 0
    with pytest.raises(aiohttp.ClientError):
        await waiting


def test_one_book_has_one_keeper(mortal) -> None:
    second = SimulatorProcess(mortal.folder)
    with pytest.raises(RuntimeError, match="Another simulator keeps the book"):
        second.start()


def test_settings_that_are_wrong_are_sentences(tmp_path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "simulator.main"],
        env={"PYTHONPATH": ":".join(sys.path), "FLORIN_SIMULATOR_TERMINAL_KEY": "short"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "FLORIN_SIMULATOR_CONTROL_TOKEN is not set." in run.stderr
