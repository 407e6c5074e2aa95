"""The simulator as a process of its own, and a client for its three doors."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from devtools.ports import any_free_port

TERMINAL_KEY = "terminal-key-of-tests"
CALLBACK_SECRET = "callback-secret-of-tests"
CONTROL_TOKEN = "control-token-of-tests"
_ROOT = Path(__file__).parents[2]
_START_S = 20.0


class SimulatorProcess:
    """Starts, kills and restarts one simulator on one book and port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = any_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(_ROOT / folder) for folder in ("libs", "services", "operator")),
            "FLORIN_ENVIRONMENT": "development",
            "FLORIN_PORT": str(self.port),
            "FLORIN_LOG_LEVEL": "WARNING",
            "FLORIN_SIMULATOR_BOOK": str(self.folder / "book.sqlite3"),
            "FLORIN_SIMULATOR_CONTROL_TOKEN": CONTROL_TOKEN,
            "FLORIN_SIMULATOR_TERMINAL_KEY": TERMINAL_KEY,
            "FLORIN_SIMULATOR_CALLBACK_SECRET": CALLBACK_SECRET,
            "FLORIN_SIMULATOR_CALLBACK_URL": f"{self.url}/receiver/callbacks",
        }
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "simulator.main"], env=environment, stdout=log, stderr=log, cwd=self.folder
            )
        self._wait_until_up()

    def stop(self) -> int:
        """Ask it to stop; returns its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(timeout=20)
        self._process = None
        return code

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready", timeout=1) as reply:
                    if reply.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        raise RuntimeError(f"The simulator did not start:\n{(self.folder / 'log').read_text()[-3000:]}")


class Answer(msgspec.Struct):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class SimulatorClient:
    """Speaks to a simulator over HTTP, with nothing between the test and the wire."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str = TERMINAL_KEY) -> None:
        self._session = session
        self._url = url
        self.key = key

    async def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Answer:
        """One request. Raises what aiohttp raises where there is no answer."""
        data = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with self._session.request(method, self._url + path, data=data, headers=headers) as reply:
            raw = await reply.read()
            return Answer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, raw)

    async def perform(self, operation: str, **body: Any) -> Answer:
        """An operation of the acquirer API: authorizations, captures, voids or refunds."""
        return await self.call("POST", f"/acquirer/v1/{operation}", body, token=self.key)

    async def authorize(self, reference: str, **body: Any) -> Answer:
        """Authorise 10.00 EUR on a Visa card, or what the body says."""
        given = {"reference": reference, "amount_minor": 1000, "currency": "EUR", "card": "tok_visa", **body}
        return await self.perform("authorizations", **given)

    async def look_up(self, reference: str) -> Answer:
        """What became of a reference."""
        return await self.call("GET", f"/acquirer/v1/operations/{reference}", token=self.key)

    async def control(self, method: str, path: str, body: Any = None) -> Answer:
        """A request to the control API."""
        return await self.call(method, f"/control/v1{path}", body, token=CONTROL_TOKEN)

    async def booked(self, reference: str) -> list[Any]:
        """What was really booked under a reference."""
        answer = await self.control("GET", f"/operations/{reference}")
        return answer.json()["operations"] if answer.status == 200 else []

    async def received(self, name: str) -> list[Any]:
        """What a receiver got, callbacks included."""
        answer = await self.call("GET", f"/receiver/{name}?limit=10000")
        return list(answer.json()["received"])
