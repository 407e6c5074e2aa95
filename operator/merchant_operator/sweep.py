"""The look at everything: resources as lists show them, merchants' holdings in bulk, owners that are gone.

It makes good whatever a watch missed, finds drift without asking for each merchant, and brings every resource up for
a look, which is when rotated Secrets are found.
"""

import asyncio
import logging
import time
from typing import NamedTuple

from florin.contracts.merchant_config import DeletionPolicy
from florin.telemetry import span
from merchant_operator.kubernetes import ApiError, Kubernetes
from merchant_operator.merchants_api import ConnectorRow, MerchantRow, MerchantsApi, Owner, Refused, Unreachable
from merchant_operator.metrics import LAST_SWEEP, RESOURCES, SWEEPS
from merchant_operator.names import CONNECTOR, MERCHANT_CONFIG, PLURALS
from merchant_operator.queue import Queue
from merchant_operator.resources import Key, read_resource
from merchant_operator.settings import OperatorSettings
from merchant_operator.status import ConditionType
from merchant_operator.watched import Watched
from merchant_operator.world import World

_log = logging.getLogger(__name__)
_SPREAD = 0.5  # looks are spread over this share of the interval


class Gone(NamedTuple):
    """An owner at merchants whose resource is not there any more."""

    kind: str
    name: str
    owner: Owner


class Sweep:
    """Runs again and again until cancelled."""

    def __init__(
        self,
        kubernetes: Kubernetes,
        merchants: MerchantsApi,
        world: World,
        queue: Queue,
        watched: Watched,
        settings: OperatorSettings,
    ) -> None:
        self._kubernetes = kubernetes
        self._merchants = merchants
        self._world = world
        self._queue = queue
        self._watched = watched
        self._settings = settings
        self.ended_at = time.monotonic()
        """When the last look at the API server's lists ended, for the probe."""
        self.listed = False
        """Whether there was one."""

    async def run(self) -> None:
        """Sweep, wait, and again. A sweep that fails is tried at the next turn."""
        while True:
            with span("sweep"):
                try:
                    await self.sweep()
                except (ApiError, Unreachable, Refused) as error:
                    SWEEPS.labels("failed").inc()
                    _log.warning("The sweep ended early: %s", error)
                else:
                    SWEEPS.labels("done").inc()
                    LAST_SWEEP.set_to_current_time()
            await asyncio.sleep(self._settings.sweep_interval_s)

    async def sweep(self) -> None:
        """One look at everything. Raises ApiError, Unreachable, Refused."""
        await self._list_resources()
        self.ended_at, self.listed = time.monotonic(), True
        try:
            gone = await self._list_holdings()
        finally:
            self._look_at_all()
        for one in gone:
            await self._let_go(one)

    async def _list_resources(self) -> None:
        began = time.monotonic()
        listed = set()
        for namespace in self._settings.namespaces:
            for kind in PLURALS:
                async for body in self._kubernetes.list_all(kind, namespace):
                    resource = read_resource(body)
                    listed.add(resource.key)
                    if self._world.see(resource):
                        self._watched.missed(resource.key)
        for resource in self._world.resources():
            if resource.key not in listed and not self._watched.told_since(resource.key, began):
                self._world.forget(resource.key)

    async def _list_holdings(self) -> list[Gone]:
        began = time.monotonic()
        merchants = {row.id: row for row in await self._merchants.list_merchants()}
        self._world.swept(MERCHANT_CONFIG, dict(merchants), began)
        began = time.monotonic()
        connectors = {row.name: row for row in await self._merchants.list_connectors()}
        self._world.swept(CONNECTOR, dict(connectors), began)
        return [
            *self._without_resource(MERCHANT_CONFIG, merchants),
            *self._without_resource(CONNECTOR, connectors),
        ]

    def _without_resource(self, kind: str, rows: dict[str, MerchantRow] | dict[str, ConnectorRow]) -> list[Gone]:
        uids = {resource.uid for resource in self._world.resources()}
        return [Gone(kind, name, row.owner) for name, row in rows.items() if row.owner and row.owner.uid not in uids]

    def _look_at_all(self) -> None:
        resources = tuple(self._world.resources())
        step_s = self._settings.sweep_interval_s * _SPREAD / max(len(resources), 1)
        counts: dict[tuple[str, str], int] = {}
        for number, resource in enumerate(resources):
            self._queue.add(resource.key, number * step_s)
            ready = resource.condition(ConditionType.READY)
            label = (resource.key.kind, str(ready.status) if ready else "Unknown")
            counts[label] = counts.get(label, 0) + 1
        for kind in PLURALS:
            for state in ("True", "False", "Unknown"):
                RESOURCES.labels(kind, state).set(counts.get((kind, state), 0))

    async def _let_go(self, gone: Gone) -> None:
        """Tell merchants of an owner that is gone: asked by name at the API server, in our own namespaces only."""
        parts = gone.owner.resource.split("/")
        if len(parts) != 3 or parts[0] != self._settings.cluster or parts[1] not in self._settings.namespaces:
            return  # another cluster's, or another operator's, or none of ours
        live = await self._kubernetes.read(Key(gone.kind, parts[1], parts[2]))
        if live is not None and live["metadata"]["uid"] == gone.owner.uid:
            return
        if live is not None and self._speaks_of(live, gone):
            return  # its successor takes over by itself
        if gone.kind == CONNECTOR:
            await self._merchants.release_connector(gone.name, gone.owner.uid)
        else:
            stored = await self._merchants.read_config(gone.name)
            disable = stored.deletion_policy is DeletionPolicy.DISABLE
            await self._merchants.release_config(gone.name, gone.owner.uid, disable=disable)
        _log.info("%s of %s is gone; merchants let %s go.", gone.kind, gone.owner.resource, gone.name)

    @staticmethod
    def _speaks_of(live: dict[str, object], gone: Gone) -> bool:
        spec = live.get("spec")
        return gone.kind == CONNECTOR or (isinstance(spec, dict) and spec.get("merchantId") == gone.name)
