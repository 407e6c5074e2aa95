"""Secrets on lease: asked from merchants over the internal API, held in memory, never written anywhere.

A value that was leased once is answered without I/O from then on; the background renews it, at once after a
`secret.updated` and otherwise each minute. While merchants is down the last value stays in force.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import quote

from msgspec import Struct

from florin.clock import Clock, SystemClock
from florin.contracts.directory import SecretLease, SecretState, State
from florin.directory.merchants_client import MerchantsClient, MerchantsRefused, MerchantsUnreachable
from florin.errors import Unavailable
from florin.settings import Secret

RENEW_S = 60.0
LEASE_TIMEOUT_S = 2.0
MISSING_REMEMBERED_S = 5.0
_log = logging.getLogger(__name__)


class SecretMissing(Unavailable):
    """A secret that a configuration refers to and that nobody stored, or that cannot be leased now."""

    code = "secret_missing"
    title = "A secret is not available"


class LeasedSecret(Struct, frozen=True):
    """The value to use, and earlier ones that the other side may still use."""

    version: int
    current: Secret
    previous: tuple[Secret, ...] = ()


class _Held(Struct, frozen=True):
    lease: SecretLease
    fetched_at: float


class SecretLeases:
    """The secrets that one replica uses."""

    def __init__(self, merchants_url: str, internal_token: Secret, *, clock: Clock | None = None) -> None:
        self._client = MerchantsClient(merchants_url, internal_token)
        self._clock = clock or SystemClock()
        self._held: dict[tuple[str, str], _Held] = {}
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}
        self._stale: set[tuple[str, str]] = set()
        self._missing: dict[tuple[str, str], tuple[float, SecretMissing]] = {}
        self._wake = asyncio.Event()

    async def get(self, scope: str, name: str) -> LeasedSecret:
        """A secret: ``scope`` is ``merchant:<id>`` or ``connector:<name>``. Asks merchants the first time only.

        Raises SecretMissing.
        """
        key = (scope, name)
        held = self._held.get(key)
        if held is None:
            async with self._locks.setdefault(key, asyncio.Lock()):
                held = self._held.get(key) or await self._fetch_first(key)
        return _secret(held.lease, self._clock.now())

    def on_change(self, state: State) -> None:
        """A listener for `Directory.on_change`: a secret that changed is leased again at once."""
        if isinstance(state, SecretState):
            self._missing.pop((state.scope, state.name), None)
            held = self._held.get((state.scope, state.name))
            if held is not None and held.lease.current.version != state.secret_version:
                self._stale.add((state.scope, state.name))
                self._wake.set()

    async def renew(self) -> None:
        """Lease again what changed and what is older than a minute. What cannot be leased keeps its value."""
        old = time.monotonic() - RENEW_S
        due = {key for key, held in self._held.items() if held.fetched_at <= old} | self._stale
        for key in due:
            try:
                await self._fetch(key)
                self._stale.discard(key)
            except SecretMissing as error:
                _log.warning("%s", error.detail)

    def tasks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What has to run in the background, by name (`florin.service.Background.start`)."""
        return {"secrets.renew": self._renew_for_ever}

    async def close(self) -> None:
        """Forget everything and give the connections back."""
        self._held.clear()
        await self._client.close()

    async def _fetch_first(self, key: tuple[str, str]) -> _Held:
        # A secret that is not there must not cost each payment a question.
        missing = self._missing.get(key)
        if missing is not None and missing[0] > time.monotonic():
            raise missing[1]
        try:
            held = await self._fetch(key)
        except SecretMissing as error:
            self._missing[key] = (time.monotonic() + MISSING_REMEMBERED_S, error)
            raise
        self._missing.pop(key, None)
        return held

    async def _fetch(self, key: tuple[str, str]) -> _Held:
        scope, name = key
        path = f"/internal/v1/secrets/{quote(scope, safe=':')}/{quote(name, safe='')}"
        try:
            lease: SecretLease = await self._client.call("GET", path, SecretLease, timeout_s=LEASE_TIMEOUT_S)
        except MerchantsRefused as error:
            if error.status == 404:
                raise SecretMissing(f"There is no secret {name!r} of {scope}.") from None
            raise SecretMissing(f"The secret {name!r} of {scope} cannot be leased now.") from None
        except MerchantsUnreachable:
            raise SecretMissing(f"The secret {name!r} of {scope} cannot be leased now.") from None
        held = self._held[key] = _Held(lease, time.monotonic())
        return held

    async def _renew_for_ever(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S / 6):
                    await self._wake.wait()
            self._wake.clear()
            await self.renew()


def _secret(lease: SecretLease, now: datetime) -> LeasedSecret:
    previous = [value for value in lease.previous if value.expires_at is None or value.expires_at > now]
    return LeasedSecret(lease.current.version, Secret(lease.current.value), tuple(Secret(v.value) for v in previous))
