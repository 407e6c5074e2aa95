import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.support.simulator import SimulatorClient, SimulatorProcess


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[SimulatorProcess]:
    with tempfile.TemporaryDirectory(prefix="florin-simulator-") as folder:
        process = SimulatorProcess(Path(folder))
        process.start()
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=15)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as opened:
        yield opened


@pytest.fixture
async def simulator(shared_simulator: SimulatorProcess, session: aiohttp.ClientSession) -> SimulatorClient:
    """A simulator with an empty book, without faults, as set at first."""
    client = SimulatorClient(session, shared_simulator.url)
    await client.control("POST", "/reset", {})
    await client.control("PATCH", "/terminals/default", {"deduplicate": True, "callbacks": "exceptional"})
    return client


Eventually = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


@pytest.fixture
def eventually() -> Eventually:
    """Asks another process until what it says is truthy: there is no event to wait for across the wire."""

    async def ask(question: Callable[[], Awaitable[Any]]) -> Any:
        async with asyncio.timeout(10):
            while not (found := await question()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            return found

    return ask
