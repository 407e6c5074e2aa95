"""The notifications service, really running: in this process, or in one of its own that can be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from tests.support.merchants import ADMIN_TOKEN, INTERNAL_TOKEN, Answer
from tests.support.serving import served

from devtools.ports import any_free_port
from florin.database import Database
from florin.settings import Secret
from notifications.main import build_app
from notifications.settings import NotificationsSettings

_REPOSITORY = Path(__file__).parents[2]


class NotificationsService:
    """A running service, asked with a merchant's key or with the tokens of the house."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def call(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        """One request, with the token that the path needs."""
        token = key or (INTERNAL_TOKEN if path.startswith("/internal") else ADMIN_TOKEN)
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.request(method, self.url + path, json=body, headers=headers) as response:
            text = await response.text()
            kind = response.content_type
            return Answer(response.status, response.headers, await response.json(content_type=kind) if text else None)


def notifications_settings(
    database_url: str, redis_url: str, key_file: Path, merchants_url: str, **fields: Any
) -> NotificationsSettings:
    """Settings of a service on a free port."""
    return NotificationsSettings(
        port=any_free_port(),
        environment="development",
        database_url=Secret(database_url),
        redis_url=Secret(redis_url),
        admin_token=Secret(ADMIN_TOKEN),
        internal_token=Secret(INTERNAL_TOKEN),
        merchants_url=merchants_url,
        key_file=key_file,
        drain_s=0.0,
        **{"allow_loopback_urls": True, **fields},
    )


@asynccontextmanager
async def running_notifications(settings: NotificationsSettings) -> AsyncIterator[NotificationsService]:
    """The service in this process."""
    async with served(build_app(settings), settings) as url, aiohttp.ClientSession() as session:
        yield NotificationsService(url, session)


@asynccontextmanager
async def notifications_process(settings: NotificationsSettings) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service as a process of its own, ready; killed at the end if it is still there."""
    environment = {
        "FLORIN_PORT": str(settings.port),
        "FLORIN_ENVIRONMENT": "development",
        "FLORIN_DATABASE_URL": settings.database_url.reveal(),
        "FLORIN_REDIS_URL": settings.redis_url.reveal(),
        "FLORIN_ADMIN_TOKEN": ADMIN_TOKEN,
        "FLORIN_INTERNAL_TOKEN": INTERNAL_TOKEN,
        "FLORIN_MERCHANTS_URL": settings.merchants_url,
        "FLORIN_KEY_FILE": str(settings.key_file),
        "FLORIN_ALLOW_LOOPBACK_URLS": "true" if settings.allow_loopback_urls else "false",
        "FLORIN_WEBHOOKS_LEASE_S": str(settings.webhooks_lease_s),
        "FLORIN_LOG_LEVEL": "WARNING",
        "FLORIN_DRAIN_S": "0",
        "FLORIN_ACCESS_LOG_RATIO": "0",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "notifications.main",
        env={**os.environ, **environment, "PYTHONPATH": f"{_REPOSITORY / 'libs'}:{_REPOSITORY / 'services'}"},
    )
    try:
        await _until_ready(process, f"http://127.0.0.1:{settings.port}/health/ready")
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def _until_ready(process: asyncio.subprocess.Process, url: str) -> None:
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while True:
            assert process.returncode is None, "the service ended while it started"
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


async def only(db: Database, sql: str) -> Any:
    """The one value of a query."""
    async with db.connection() as conn:
        row = await conn.fetch_one(sql)
    assert row is not None
    return next(iter(row.values()))
