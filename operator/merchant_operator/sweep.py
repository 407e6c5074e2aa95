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
from merchant_operator.metrics import HELD_BACK, LAST_SWEEP, RESOURCES, SWEEPS
from merchant_operator.names import CONNECTOR, MERCHANT_CONFIG, PLURALS
from merchant_operator.queue import Queue
from merchant_operator.resources import Key, parse_owner, read_resource
from merchant_operator.settings import OperatorSettings
from merchant_operator.status import ConditionType
from merchant_operator.watched import Watched
from merchant_operator.world import World

_log = logging.getLogger(__name__)
_SPREAD = 0.5  # looks are spread over this share of the interval
_MOST_AT_ONCE = 3  # merchants of a namespace that one sweep disables


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
        self._version = 0
        self._was_set_back = False
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
        for namespace in self._settings.namespaces:
            await self._kubernetes.home_of(namespace, anew=True)  # a namespace may have been made anew
        await self._list_resources()
        self.ended_at, self.listed = time.monotonic(), True
        try:
            gone = await self._list_holdings()
        finally:
            self._look_at_all()
        await self._let_go(gone)

    async def _list_resources(self) -> None:
        began = time.monotonic()
        listed = set()
        for namespace in self._settings.namespaces:
            for kind in PLURALS:
                async for version, bodies in self._kubernetes.list_pages(kind, namespace):
                    self._note_version(version)
                    for resource in map(read_resource, bodies):
                        listed.add(resource.key)
                        if self._world.see(resource):
                            self._watched.missed(resource.key)
                        elif self._world.set_back(resource, began):
                            self._note_restore(f"{resource.key} is older than it was")
        for resource in self._world.resources():
            if resource.key not in listed and not self._watched.told_since(resource.key, began):
                self._world.forget(resource.key)
                self._watched.forgotten(resource.key)  # what a watch owed of it is owed no more

    def _note_version(self, version: str) -> None:
        """Lists are consistent reads, so their versions only rise, unless the store was set back."""
        number = int(version) if version.isdecimal() else 0
        if number < self._version:
            self._note_restore(f"the API server is at version {number} and was at {self._version}")
        self._version = number

    def _note_restore(self, sign: str) -> None:
        self._was_set_back = True
        _log.warning("etcd was restored: %s.", sign)

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

    async def _let_go(self, gone: list[Gone]) -> None:
        """Tell merchants of owners that are gone. What would disable merchants must look like a deletion."""
        disabling: dict[str, list[Gone]] = {}
        for one in gone:
            namespace = await self._gone_from(one)
            if namespace is None:
                continue
            if one.kind == CONNECTOR:
                await self._merchants.release_connector(one.name, one.owner.uid)
            elif (await self._merchants.read_config(one.name)).deletion_policy is DeletionPolicy.DISABLE:
                disabling.setdefault(namespace, []).append(one)
                continue
            else:
                await self._merchants.release_config(one.name, one.owner.uid, disable=False)
            _log.info("%s of %s is gone; merchants let %s go.", one.kind, one.owner.resource, one.name)
        held_back = 0
        for namespace, those in disabling.items():
            doubt = self._doubt(len(those))
            held_back += len(those) if doubt else 0
            await self._disable(namespace, those, doubt)
        HELD_BACK.set(held_back)

    def _doubt(self, count: int) -> str | None:
        """Why resources may be missing because the API server lost them, not because anybody deleted them.

        Their finalizer is gone with them, which only `kubectl merchant release` or a hand takes away: one by one.
        """
        if self._was_set_back:
            return "the API server's store was set back to an earlier state"
        return f"they are more than {_MOST_AT_ONCE}" if count > _MOST_AT_ONCE else None

    async def _disable(self, namespace: str, those: list[Gone], doubt: str | None) -> None:
        names = ", ".join(one.name for one in those)
        if doubt:
            text = "The resources of %s in %s are gone, and %s: merchants are not disabled (%s does)."
            _log.warning(text, names, namespace, doubt, "`florin merchants disable`")
            return
        for one in those:
            await self._merchants.release_config(one.name, one.owner.uid, disable=True)
        _log.info("The resources of %s in %s are gone; the merchants are disabled.", names, namespace)

    async def _gone_from(self, gone: Gone) -> str | None:
        """The namespace that an owner is gone from, asked by name at the API server; None where that is not ours."""
        owner = parse_owner(gone.owner.resource)
        if owner is None or owner.cluster != self._settings.cluster or owner.namespace not in self._settings.namespaces:
            return None  # another cluster's, or another operator's
        if owner.home != await self._kubernetes.home_of(owner.namespace):
            return None  # of a namespace, or a cluster, that is no more
        live = await self._kubernetes.read(Key(gone.kind, owner.namespace, owner.name))
        if live is not None and live["metadata"]["uid"] == gone.owner.uid:
            return None
        if live is not None and self._speaks_of(live, gone):
            return None  # its successor takes over by itself
        return owner.namespace

    @staticmethod
    def _speaks_of(live: dict[str, object], gone: Gone) -> bool:
        spec = live.get("spec")
        return gone.kind == CONNECTOR or (isinstance(spec, dict) and spec.get("merchantId") == gone.name)
