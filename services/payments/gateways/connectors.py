"""The connectors of this process: made from their specification and leased credentials, each behind a breaker."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct

from florin.contracts.connector import ConnectorSpec
from florin.contracts.directory import ConnectorState, SecretState, State
from florin.errors import FlorinError, NotFound
from florin.secrets import LeasedSecret
from florin.telemetry import span
from payments.domain.outcome import NotSent, Outcome, Unknown
from payments.gateways.breaker import CircuitBreaker
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
    connector: Connector
    breaker: CircuitBreaker
    timeout_s: float


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
        return await self._call(running, f"acquirer {type(request).__name__}", running.connector.perform(request))

    async def find(self, name: str, reference: str) -> Outcome:
        """Ask what became of an operation. The breaker does not withhold questions: they tell when it recovers."""
        try:
            running = await self._get(name)
        except FlorinError as error:
            return Unknown(error.detail)
        return await self._call(running, "acquirer find", running.connector.find(reference))

    def on_change(self, state: State) -> None:
        """A listener for `Directory.on_change`: a connector whose specification or credentials changed is made anew."""
        if isinstance(state, ConnectorState):
            self._retire(state.name)
        elif isinstance(state, SecretState) and state.scope.startswith("connector:"):
            self._retire(state.scope.removeprefix("connector:"))

    async def close(self) -> None:
        """Close every connector."""
        for running in self._running.values():
            await running.connector.close()
        self._running.clear()

    async def _get(self, name: str) -> _Running:
        running = self._running.get(name)
        if running is not None:
            return running
        spec = self._specifications.connector(name)
        adapter = self._adapters.get(spec.adapter)
        if adapter is None:
            raise NotFound(f"Connector {name} wants the adapter {spec.adapter}, which does not exist.")
        secret_name = spec.secret_ref.name if spec.secret_ref else "credentials"
        secret = await self._leases.get(f"connector:{name}", secret_name)
        if name not in self._running:  # another task may have made it meanwhile
            self._running[name] = _Running(
                adapter(spec, secret), CircuitBreaker(spec.breaker), spec.timeouts.total_seconds + _GRACE_S
            )
        return self._running[name]

    async def _call(self, running: _Running, what: str, call: Awaitable[Outcome]) -> Outcome:
        with span(what) as work:
            try:
                async with asyncio.timeout(running.timeout_s):
                    outcome = await call
            except Exception as error:  # noqa: BLE001 - an adapter's fault must not look like "not charged"
                outcome = Unknown(f"{type(error).__name__} in the connector")
            work.set("florin.outcome", type(outcome).__name__)
        running.breaker.record(outcome)
        return outcome

    def _retire(self, name: str) -> None:
        running = self._running.pop(name, None)
        if running is not None:
            task = asyncio.create_task(_close_later(running))
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)


async def _close_later(running: _Running) -> None:
    """Calls that are under way on the old connections may end first."""
    await asyncio.sleep(running.timeout_s)
    await running.connector.close()
