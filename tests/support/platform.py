"""The platform as processes of its own on private servers: started, killed and started again as operators would."""

import asyncio
import base64
import itertools
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from tests.support.servers import MariaDBServer

from devtools.ports import any_free_port
from florin.secrets.keyring import new_key_line

ROOT = Path(__file__).parents[2]
SERVICES = ("simulator", "merchants", "payments", "notifications")
ADMIN_TOKEN = "admin-token-of-the-tests"
INTERNAL_TOKEN = "internal-token-of-the-tests"
CONTROL_TOKEN = "control-token-of-the-tests"
TERMINAL_KEY = "terminal-key-of-the-tests"
CALLBACK_SECRET = "callback-secret-of-the-tests"
_START_S = 40.0
_keys = itertools.count(1)


class Answer(msgspec.Struct):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    def ok(self) -> Any:
        assert self.status < 300, (self.status, self.body)
        return self.json() if self.body else None


class Platform:
    """All services of one installation. ``extra`` is added to the environment of each service by its name.

    ``programs`` are what is started in place of the sources, by the service's name.
    """

    def __init__(
        self,
        folder: Path,
        mariadb: MariaDBServer,
        redis_url: str,
        *,
        extra: dict[str, dict[str, str]] | None = None,
        programs: Mapping[str, Path] | None = None,
    ) -> None:
        self.folder = folder
        self.mariadb = mariadb
        self.redis_url = redis_url
        self.extra = extra or {}
        self.programs = programs or {}
        self.ports = {service: any_free_port() for service in SERVICES}
        self.databases = {service: f"t_{service}_{secrets.token_hex(4)}" for service in SERVICES[1:]}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in self.databases.values():
            mariadb.create_database(name)
        (folder / "keys").write_text(new_key_line(1))

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def start(self, *services: str) -> None:
        """Start services (all where none is named) and wait until each is ready."""
        for service in services or SERVICES:
            with self.log(service).open("ab") as log:
                self._processes[service] = subprocess.Popen(
                    self.command(service),
                    env={**os.environ, **self.environment(service)},
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                )
            self._wait_until_ready(service)

    def kill(self, service: str) -> None:
        """kill -9."""
        process = self._processes.pop(service)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)

    def stop(self, *services: str) -> dict[str, int]:
        """Ask services (all where none is named) to stop, the last one first; with what each exited."""
        codes = {}
        for service in reversed(services or tuple(self._processes)):
            process = self._processes.pop(service, None)
            if process is None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                codes[service] = process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"{service} did not stop:\n{self.tail(service)}") from None
        return codes

    def close(self) -> None:
        """End what is left, whatever its state, and forget the data."""
        for service in list(self._processes):
            self.kill(service)
        for name in self.databases.values():
            self.mariadb.drop_database(name)

    def log(self, service: str) -> Path:
        return self.folder / f"{service}.log"

    def tail(self, service: str) -> str:
        return self.log(service).read_text(errors="replace")[-4000:]

    def pid(self, service: str) -> int:
        return self._processes[service].pid

    def command(self, service: str) -> list[str]:
        """What starts a service."""
        if service in self.programs:
            return [str(self.programs[service])]
        return [sys.executable, "-m", f"{service}.main"]

    def environment(self, service: str) -> dict[str, str]:
        environment = {
            "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("libs", "services", "operator")),
            "FLORIN_ENVIRONMENT": "development",
            "FLORIN_PORT": str(self.ports[service]),
            "FLORIN_ADMIN_TOKEN": ADMIN_TOKEN,
            "FLORIN_INTERNAL_TOKEN": INTERNAL_TOKEN,
            "FLORIN_MERCHANTS_URL": self.url("merchants"),
            "FLORIN_NOTIFICATIONS_URL": self.url("notifications"),
            "FLORIN_PAYMENTS_URL": self.url("payments"),
            "FLORIN_REDIS_URL": self.redis_url,
            "FLORIN_KEY_FILE": str(self.folder / "keys"),
            "FLORIN_ALLOW_LOOPBACK_URLS": "true",
            "FLORIN_TRACES": str(self.folder / "traces.jsonl"),
            "FLORIN_TRACE_RATIO": "1.0",
            "FLORIN_DRAIN_S": "0",
            "FLORIN_SIMULATOR_BOOK": str(self.folder / "book.sqlite3"),
            "FLORIN_SIMULATOR_CONTROL_TOKEN": CONTROL_TOKEN,
            "FLORIN_SIMULATOR_TERMINAL_KEY": TERMINAL_KEY,
            "FLORIN_SIMULATOR_CALLBACK_SECRET": CALLBACK_SECRET,
            "FLORIN_SIMULATOR_CALLBACK_URL": f"{self.url('payments')}/callbacks/simulator",
        }
        if service in self.databases:
            environment["FLORIN_DATABASE_URL"] = self.mariadb.url(self.databases[service])
        return environment | self.extra.get(service, {})

    def _wait_until_ready(self, service: str) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self._processes[service].poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url(service)}/health/ready", timeout=1) as reply:
                    if reply.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"{service} did not start:\n{self.tail(service)}")


class Shop:
    """A merchant with an API key on a platform: its program, its operator and its view of the acquirer's book."""

    def __init__(self, platform: Platform, session: aiohttp.ClientSession, merchant_id: str) -> None:
        self.platform = platform
        self.session = session
        self.merchant_id = merchant_id
        self.key = ""
        self.webhook_secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        token: str | None = None,
        service: str = "payments",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request as the merchant. A POST gets a fresh Idempotency-Key unless ``key`` names one ('' for none)."""
        sent = {"Authorization": f"Bearer {token or self.key}", "Content-Type": "application/json", **(headers or {})}
        if method == "POST" and key != "":
            sent["Idempotency-Key"] = key or f"test-{next(_keys)}-{secrets.token_hex(4)}"
        data = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        async with self.session.request(method, self.platform.url(service) + path, data=data, headers=sent) as reply:
            return Answer(reply.status, {n.lower(): v for n, v in reply.headers.items()}, await reply.read())

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.call("POST", path, {} if body is None else body, **options)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.call("GET", path, **options)

    async def pay(
        self, token: str = "tok_visa", amount_minor: int = 1000, *, key: str | None = None, **more: Any
    ) -> Answer:
        """Create and confirm a payment."""
        method = {"type": "card", "token": token}
        body = {"amount_minor": amount_minor, "currency": "EUR", "payment_method": method, "confirm": True, **more}
        return await self.post("/v1/payments", body, key=key)

    async def admin(self, method: str, path: str, body: Any = None, *, service: str = "merchants") -> Answer:
        return await self.call(method, f"/admin/v1{path}", body, token=ADMIN_TOKEN, service=service)

    async def control(self, method: str, path: str, body: Any = None) -> Answer:
        return await self.call(method, f"/control/v1{path}", body, token=CONTROL_TOKEN, service="simulator")

    async def booked(self, reference: str) -> list[Any]:
        """What the acquirer really booked under a reference."""
        answer = await self.control("GET", f"/operations/{reference}")
        return answer.json()["operations"] if answer.status == 200 else []

    async def received(self) -> list[Any]:
        """The webhooks that this merchant's receiver got, each with whether it verified."""
        answer = await self.get(f"/receiver/{self.merchant_id}?limit=10000", service="simulator")
        return list(answer.json()["received"])

    async def open(self, **spec: Any) -> "Shop":
        """Register with connector, configuration, webhook receiver and key, and wait until it is known everywhere."""
        connector = {
            "name": "simulator",
            "adapter": "simulator",
            "baseUrl": self.platform.url("simulator"),
            "secretRef": {"name": "credentials"},
            "timeouts": {"connectSeconds": 1, "totalSeconds": 2},
        }
        (await self.admin("PUT", "/connectors/simulator", connector)).ok()
        credentials = msgspec.json.encode({"terminal_key": TERMINAL_KEY, "callback_secret": CALLBACK_SECRET}).decode()
        (await self.admin("PUT", "/connectors/simulator/secrets/credentials", {"value": credentials})).ok()
        merchant = f"/merchants/{self.merchant_id}"
        (await self.admin("PUT", merchant, {"display_name": "A shop"})).ok()
        (await self.admin("PUT", f"{merchant}/secrets/webhooks", {"value": self.webhook_secret})).ok()
        receiver = {"secrets": [self.webhook_secret]}
        (await self.control("PUT", f"/receivers/{self.merchant_id}", receiver)).ok()
        await self.configure(**spec)
        self.key = await self.new_key()
        return self

    async def configure(self, **spec: Any) -> Any:
        """Put the configuration and wait until every replica works with it."""
        config = {
            "merchantId": self.merchant_id,
            "displayName": "A shop",
            "currencies": ["EUR", "JPY", "KWD"],
            "defaultCurrency": "EUR",
            "connectors": [{"name": "main", "connectorRef": {"name": "simulator"}}],
            "routing": [{"name": "all", "targets": [{"connector": "main", "weight": 100}]}],
            "webhooks": [
                {
                    "name": "receiver",
                    "url": f"{self.platform.url('simulator')}/receiver/{self.merchant_id}",
                    "events": ["*"],
                    "ordering": "payment",
                    "signingSecretRef": {"name": "webhooks"},
                }
            ],
            **spec,
        }
        done = (await self.admin("PUT", f"/merchants/{self.merchant_id}/config", {"spec": config})).ok()
        await eventually(self._propagated)
        return done

    async def new_key(self, **wanted: Any) -> str:
        made = (await self.admin("POST", f"/merchants/{self.merchant_id}/keys", {"name": "test", **wanted})).ok()
        return str(made["secret"])

    async def _propagated(self) -> bool:
        answer = await self.admin("GET", f"/merchants/{self.merchant_id}/propagation")
        return bool(answer.json()["state"] in ("propagated", "unknown"))


@asynccontextmanager
async def open_shop(platform: Platform, **spec: Any) -> AsyncIterator[Shop]:
    """A new merchant on a running platform."""
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        yield await Shop(platform, session, f"shop-{secrets.token_hex(4)}").open(**spec)


async def eventually(check: Any, *, timeout_s: float = 30.0, pause_s: float = 0.05) -> Any:
    """What ``check`` returns once it is true. The platform tells nobody when it is done; so it is asked."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = await check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{getattr(check, '__name__', check)} was not so within {timeout_s:g} s")
        await asyncio.sleep(pause_s)
