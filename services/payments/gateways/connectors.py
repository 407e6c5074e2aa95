"""The connectors of this process: made from their specification and leased credentials, each behind a breaker."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct

from florin.contracts.connector import ConnectorSpec
from florin.errors import FlorinError, NotFound, Unavailable
from florin.secrets import LeasedSecret
from florin.telemetry import span
from payments.domain.outcome import NotSent, Outcome, Unknown
from payments.gateways.breaker import CircuitBreaker
from payments.gateways.measure import CALLS, watch_breaker
from payments.gateways.port import Connector, Request

Adapter = Callable[[ConnectorSpec, LeasedSecret], Connector]
_GRACE_S = 2.0


class Specifications(Protocol):
    """Where specifications come from (`florin.directory.Directory`)."""

    def connector(self, name: str) -> ConnectorSpec:
        """The connector with this name. Raises NotFound."""
        ...


class Leases(Protocol):
    """Where credentials come from (`florin.secrets.SecretLeases`)."""

    async def get(self, scope: str, name: str) -> LeasedSecret:
        """A secret's current and previous values. Raises Unavailable."""
        ...


class _Running(Struct, frozen=True):
    spec: ConnectorSpec
    secret: LeasedSecret
    connector: Connector
    breaker: CircuitBreaker

    @property
    def timeout_s(self) -> float:
        """A little more than the connector allows itself: the last resort against one that hangs."""
        return self.spec.timeouts.total_seconds + _GRACE_S


class Connectors:
    """Connectors by name. ``adapters`` maps a specification's adapter to what makes one."""

    def __init__(self, adapters: dict[str, Adapter], specifications: Specifications, leases: Leases) -> None:
        self._adapters = adapters
        self._specifications = specifications
        self._leases = leases
        self._running: dict[str, _Running] = {}
        self._retired: set[asyncio.Task[None]] = set()

    async def get(self, name: str) -> Connector:
        """The connector of a name, made where need be. Raises NotFound, Unavailable (its credentials)."""
        return (await self._get(name)).connector

    async def perform(self, name: str, request: Request) -> Outcome:
        """Send an operation once. Whatever goes wrong before that is ``NotSent``, whatever after it ``Unknown``."""
        try:
            running = await self._get(name)
        except FlorinError as error:
            return NotSent(error.detail)
        if not running.breaker.allows():
            return NotSent(f"the breaker of {name} is open")
        outcome: Outcome = Unknown("the call was cut short")
        try:
            outcome = await self._call(running, type(request).__name__, running.connector.perform(request))
        finally:
            running.breaker.record(outcome)
        return outcome

    async def find(self, name: str, reference: str) -> Outcome:
        """Ask what became of an operation.

        Questions are no business of the breaker: it does not withhold them, and learns nothing from them. An acquirer
        whose lookups fail may still take payments, and one whose lookups work may take none.
        """
        try:
            running = await self._get(name)
        except FlorinError as error:
            return Unknown(error.detail)
        return await self._call(running, "Find", running.connector.find(reference))

    async def close(self) -> None:
        """Close every connector."""
        for running in self._running.values():
            await running.connector.close()
        self._running.clear()
        for task in self._retired:
            task.cancel()
        await asyncio.gather(*self._retired, return_exceptions=True)

    async def _get(self, name: str) -> _Running:
        """The connector as it should be now: one whose specification or credentials changed is made anew."""
        spec = self._specifications.connector(name)
        secret_name = spec.secret_ref.name if spec.secret_ref else "credentials"
        secret = await self._leases.get(f"connector:{name}", secret_name)  # no I/O once it is leased
        running = self._running.get(name)
        if running is not None and running.secret == secret and running.spec == spec:
            return running
        adapter = self._adapters.get(spec.adapter)
        if adapter is None:
            raise NotFound(f"Connector {name} wants the adapter {spec.adapter}, which does not exist.")
        try:
            connector = adapter(spec, secret)
        except ValueError:  # its text could quote the credentials
            raise Unavailable(f"The credentials of connector {name} cannot be read.") from None
        if running is not None:
            self._retire(running)
        breaker = CircuitBreaker(spec.breaker)
        self._running[name] = _Running(spec, secret, connector, breaker)
        watch_breaker(name, lambda: breaker.open)
        return self._running[name]

    async def _call(self, running: _Running, what: str, call: Awaitable[Outcome]) -> Outcome:
        begun_at = time.monotonic()
        with span(f"acquirer {what}") as work:
            try:
                async with asyncio.timeout(running.timeout_s):
                    outcome = await call
            except Exception as error:  # noqa: BLE001 - an adapter's fault must not look like "not charged"
                outcome = Unknown(f"{type(error).__name__} in the connector")
            work.set("florin.outcome", type(outcome).__name__)
        CALLS.labels(running.spec.name, what, type(outcome).__name__).observe(time.monotonic() - begun_at)
        return outcome

    def _retire(self, running: _Running) -> None:
        task = asyncio.create_task(_close_later(running))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)


async def _close_later(running: _Running) -> None:
    """Calls that are under way on the old connections may end first."""
    try:
        await asyncio.sleep(running.timeout_s)
    finally:
        await running.connector.close()
