"""Merchants' admin API, as the operator uses it, behind a breaker."""

import asyncio
import time
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from florin.contracts.affected_routes import RouteChange
from florin.contracts.merchant_config import MerchantConfig
from florin.contracts.merchant_config_rules import FieldChange, Violation
from florin.settings import Secret
from florin.telemetry import inject
from merchant_operator.metrics import BREAKER_OPEN, MERCHANTS_REQUESTS

T = TypeVar("T")
_PAGE = 100


class Owner(Struct, frozen=True):
    """Whose content it is."""

    uid: str
    generation: int
    resource: str = ""


class BreakGlass(Struct, frozen=True):
    """A hand edit that holds against the owner."""

    until: str
    reason: str | None = None


class HandedKey(Struct, frozen=True):
    """What became of an API key that was handed over."""

    id: str
    hash: str
    status: str


class Config(Struct, frozen=True):
    """The configuration in force, after a write."""

    config_version: int
    changed: bool
    spec_hash: str
    status: str
    owner: Owner | None = None
    break_glass: BreakGlass | None = None
    api_keys: tuple[HandedKey, ...] = ()


class MerchantRow(Struct, frozen=True):
    """A merchant in a listing."""

    id: str
    status: str
    config_version: int | None = None
    spec_hash: str | None = None
    owner: Owner | None = None
    break_glass: BreakGlass | None = None


class ConnectorRow(Struct, frozen=True):
    """A connector in a listing, or after a write."""

    name: str
    spec_hash: str
    owner: Owner | None = None


class Conflict(Struct, frozen=True):
    """Why a write would be refused as a whole."""

    code: str
    detail: str


class Planned(Struct, frozen=True):
    """What a write would do."""

    accepted: bool
    changes: tuple[FieldChange, ...]
    violations: tuple[Violation, ...]
    routes: tuple[RouteChange, ...] = ()
    conflict: Conflict | None = None
    config_version: int | None = None


class Replica(Struct, frozen=True):
    """How far a replica has come."""

    service: str
    replica: str
    epoch: str
    floor: int


class Floors(Struct, frozen=True):
    """How far every living replica has come."""

    epoch: str
    replicas: tuple[Replica, ...] = ()
    missing_services: tuple[str, ...] = ()


class Stored(Struct, frozen=True):
    """A configuration as stored."""

    spec: MerchantConfig


class _Page(Struct, frozen=True):
    data: list[msgspec.Raw]
    next_cursor: str | None = None


class Refused(Exception):
    """Merchants understood and refused; ``code`` is one of the reference's. Asking again unchanged cannot help."""

    def __init__(self, problem: dict[str, Any], status: int) -> None:
        self.code = str(problem.get("code", f"http_{status}"))
        self.detail = str(problem.get("detail", problem.get("title", "")))
        self.status = status
        self.problem = problem
        super().__init__(f"{self.code}: {self.detail}")


class Unreachable(Exception):
    """Merchants did not answer, or not now."""


class Breaker:
    """Leaves merchants alone for a while after failures in a row; then one request tries."""

    def __init__(self, failures: int, open_s: float) -> None:
        self._limit = failures
        self._open_s = open_s
        self._failed = 0
        self._open_until = 0.0
        self._trying = False
        self._detail = ""

    def enter(self) -> None:
        """Raises Unreachable while it is open."""
        if self._failed < self._limit:
            return
        if self._trying or time.monotonic() < self._open_until:
            raise Unreachable(self._detail)
        self._trying = True

    def succeeded(self) -> None:
        """An answer came, whatever it says."""
        self._failed, self._trying = 0, False
        BREAKER_OPEN.set(0)

    def failed(self, detail: str) -> None:
        """None came. Whoever is turned away hears the same: what a status says must not change with each attempt."""
        self._detail = detail
        self._failed, self._trying = self._failed + 1, False
        if self._failed >= self._limit:
            self._open_until = time.monotonic() + self._open_s
            BREAKER_OPEN.set(1)


class MerchantsApi:
    """Calls to merchants. Every method raises Refused and Unreachable."""

    def __init__(self, url: str, token: Secret, breaker: Breaker, *, timeout_s: float) -> None:
        self._url = url.rstrip("/") + "/admin/v1"
        self._token = token
        self._breaker = breaker
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._token.reveal()}", "Content-Type": "application/json"}
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def put_config(self, merchant_id: str, body: dict[str, Any]) -> Config:
        """Store a configuration with what its owner hands over."""
        return await self._call("PUT", f"/merchants/{merchant_id}/config", Config, body)

    async def plan_config(self, merchant_id: str, body: dict[str, Any]) -> Planned:
        """What the same would do."""
        return await self._call("PUT", f"/merchants/{merchant_id}/config?dryRun=true", Planned, body)

    async def read_config(self, merchant_id: str) -> MerchantConfig:
        """The configuration in force."""
        return (await self._call("GET", f"/merchants/{merchant_id}/config", Stored)).spec

    async def release_config(self, merchant_id: str, uid: str, *, disable: bool) -> None:
        """Let an owner go. Nothing happens where it is not the owner, or there is no such merchant."""
        await self._release(f"/merchants/{merchant_id}/config/release", {"uid": uid, "disable": disable})

    async def put_connector(self, name: str, body: dict[str, Any]) -> ConnectorRow:
        """Store a connector with its credentials."""
        return await self._call("PUT", f"/connectors/{name}", ConnectorRow, body)

    async def release_connector(self, name: str, uid: str) -> None:
        """Let an owner go."""
        await self._release(f"/connectors/{name}/release", {"uid": uid})

    async def list_merchants(self) -> list[MerchantRow]:
        """All merchants."""
        return await self._list("/merchants", MerchantRow)

    async def list_connectors(self) -> list[ConnectorRow]:
        """All connectors."""
        return await self._list("/connectors", ConnectorRow)

    async def floors(self) -> Floors:
        """How far each replica of the other services has come."""
        return await self._call("GET", "/replicas", Floors)

    async def _release(self, path: str, body: dict[str, Any]) -> None:
        try:
            await self._call("POST", path, Any, body)
        except Refused as error:
            if error.status != 404:
                raise

    async def _list(self, path: str, row: type[T]) -> list[T]:
        rows: list[T] = []
        cursor: str | None = ""
        while cursor is not None:
            after = f"&starting_after={cursor}" if cursor else ""
            page: _Page = await self._call("GET", f"{path}?limit={_PAGE}{after}", _Page)
            rows += [msgspec.json.decode(item, type=row) for item in page.data]
            cursor = page.next_cursor
        return rows

    async def _call(self, method: str, path: str, answer: type[T] | Any, body: dict[str, Any] | None = None) -> T:
        self._breaker.enter()
        outcome, failure = "cancelled", "merchants does not answer"
        try:
            status, content = await self._send(method, path, body)
            if status >= 500 or status in (408, 429):
                raise Unreachable(f"merchants answered {status}")
            if status in (401, 403):
                raise Unreachable("merchants refused the operator's token (FLORIN_ADMIN_TOKEN)")
            if status >= 300:
                outcome = "refused"
                raise Refused(_problem(content), status)
            decoded: T = msgspec.json.decode(content, type=answer)
            outcome = "ok"
            return decoded
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError) as error:
            outcome = "unreachable"
            raise Unreachable(failure) from error
        except Unreachable as error:
            outcome, failure = "unreachable", str(error)
            raise
        finally:
            MERCHANTS_REQUESTS.labels(method, outcome).inc()
            if outcome in ("ok", "refused"):
                self._breaker.succeeded()
            else:
                self._breaker.failed(failure)

    async def _send(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("the session is not open")
        data = None if body is None else msgspec.json.encode(body)
        async with (
            asyncio.timeout(self._timeout_s),
            self._session.request(
                method, self._url + path, data=data, headers=inject({}), allow_redirects=False
            ) as response,
        ):
            return response.status, await response.read()


def _problem(content: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return {}
    return document if isinstance(document, dict) else {}
