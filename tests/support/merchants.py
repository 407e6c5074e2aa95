"""The merchants service, really running, and the documents that tests give it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from tests.support.serving import served

from devtools.ports import any_free_port
from florin.database import Database, DatabaseSettings
from florin.secrets.keyring import new_key_line
from florin.settings import Secret
from merchants.main import build_app
from merchants.settings import MerchantsSettings

ADMIN_TOKEN = "admin-token-of-the-tests"
INTERNAL_TOKEN = "internal-token-of-the-tests"


class Answer:
    """An answer with its body decoded."""

    def __init__(self, status: int, headers: Any, body: Any) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def __getitem__(self, name: str) -> Any:
        return self.body[name]

    def ok(self) -> "Answer":
        assert self.status < 300, self.body
        return self


class MerchantsService:
    """A running service with its database beside it."""

    def __init__(self, url: str, db: Database, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.db = db
        self.session = session
        self.internal_token = Secret(INTERNAL_TOKEN)

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, headers: Any = None
    ) -> Answer:
        """One request, with the token that the path needs."""
        wanted = INTERNAL_TOKEN if path.startswith("/internal") else ADMIN_TOKEN
        sent = {"Authorization": f"Bearer {token or wanted}", **(headers or {})}
        async with self.session.request(method, self.url + path, json=body, headers=sent) as response:
            text = await response.text()
            kind = response.content_type
            return Answer(response.status, response.headers, await response.json(content_type=kind) if text else None)

    async def get(self, path: str) -> Answer:
        return await self.call("GET", path)

    async def put(self, path: str, body: Any) -> Answer:
        return await self.call("PUT", path, body)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.call("POST", path, body, **options)

    async def merchant(self, merchant_id: str, **spec: Any) -> Answer:
        """A merchant with a connector and a configuration by hand."""
        (await self.put("/admin/v1/connectors/simulator", connector())).ok()
        (await self.put(f"/admin/v1/merchants/{merchant_id}", {})).ok()
        return (await self.put(f"/admin/v1/merchants/{merchant_id}/config", {"spec": config(merchant_id, **spec)})).ok()

    async def key(self, merchant_id: str, **wanted: Any) -> Answer:
        """A key; its secret is under ``secret``."""
        return (await self.post(f"/admin/v1/merchants/{merchant_id}/keys", wanted)).ok()


def connector(name: str = "simulator", **fields: Any) -> dict[str, Any]:
    """A connector's document."""
    return {"name": name, "adapter": "simulator", "baseUrl": "http://127.0.0.1:8083", **fields}


def config(merchant_id: str, **fields: Any) -> dict[str, Any]:
    """A configuration's document."""
    return {
        "merchantId": merchant_id,
        "displayName": "A shop",
        "currencies": ["EUR", "JPY"],
        "defaultCurrency": "EUR",
        "connectors": [{"name": "main", "connectorRef": {"name": "simulator"}}],
        "routing": [{"name": "all", "targets": [{"connector": "main", "weight": 100}]}],
        **fields,
    }


def settings_for(database_url: str, redis_url: str, key_file: Path) -> MerchantsSettings:
    """Settings of a service on a free port."""
    return MerchantsSettings(
        port=any_free_port(),
        environment="development",
        database_url=Secret(database_url),
        redis_url=Secret(redis_url),
        admin_token=Secret(ADMIN_TOKEN),
        internal_token=Secret(INTERNAL_TOKEN),
        key_file=key_file,
        allow_loopback_urls=True,
        drain_s=0.0,
    )


def write_key_file(folder: Path) -> Path:
    """A fresh key file."""
    path = folder / "keys"
    if not path.exists():
        path.write_text(new_key_line(1))
    return path


@asynccontextmanager
async def running_merchants(settings: MerchantsSettings) -> AsyncIterator[MerchantsService]:
    """The service under these settings."""
    db_settings = DatabaseSettings(url=settings.database_url.reveal(), pool_size=4)
    async with served(build_app(settings), settings) as url, aiohttp.ClientSession() as session:
        db = await Database.open(db_settings)
        try:
            yield MerchantsService(url, db, session)
        finally:
            await db.close()
