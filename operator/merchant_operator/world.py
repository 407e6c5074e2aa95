"""What the operator knows at this moment: resources as watches and lists told, and what merchants holds."""

import time
from collections.abc import Callable, Iterable

from msgspec import Struct

from merchant_operator.merchants_api import ConnectorRow, Floors, MerchantRow
from merchant_operator.names import CONNECTOR, MERCHANT_CONFIG
from merchant_operator.resources import Key, Resource, references
from merchant_operator.status import ConditionType

Row = MerchantRow | ConnectorRow
LONG_S = 10.0
"""Replicas take a version over within a second or two; after this it is worth a word."""


class _Told(Struct, frozen=True):
    row: Row | None
    at: float


class _Waiting(Struct, frozen=True):
    version: int
    since: float


class World:
    """Memory only: the API server and merchants are the truth."""

    def __init__(self) -> None:
        self._resources: dict[Key, Resource] = {}
        self._seen_at: dict[Key, float] = {}
        self._users: dict[Key, set[Key]] = {}
        self._rows: dict[tuple[str, str], _Told] = {}
        self._swept: dict[str, float] = {}
        self._began = time.monotonic()
        self._secrets_read: dict[Key, float] = {}
        self._waiting: dict[Key, _Waiting] = {}
        self.floors: Floors | None = None
        self.on_connector: Callable[[Key], None] = lambda _: None
        """Called with each MerchantConfig whose Connector came, went, or was taken by merchants."""

    def see(self, resource: Resource) -> bool:
        """Take a resource in; False where it is no news. Watches and lists may tell in any order."""
        known = self._resources.get(resource.key)
        if known is not None and known.uid == resource.uid and not _is_newer(resource, known):
            return False
        self._take(resource, known)
        return True

    def set_back(self, resource: Resource, listed_at: float) -> bool:
        """Take a resource of a lower version in, where nothing was told of it since that list was asked for.

        So it is after a restore of etcd: versions count on from the backup's, and the list is the truth.
        """
        known = self._resources.get(resource.key)
        if known is None or known.resource_version == resource.resource_version:
            return False
        if self._seen_at[resource.key] >= listed_at:
            return False
        self._take(resource, known)
        return True

    def _take(self, resource: Resource, known: Resource | None) -> None:
        if known is not None:
            self._forget_users(known)
        self._resources[resource.key] = resource
        self._seen_at[resource.key] = time.monotonic()
        for used in references(resource):
            self._users.setdefault(used, set()).add(resource.key)
        if known is None or known.uid != resource.uid or _stands(known) != _stands(resource):
            self._tell_users(resource.key)

    def forget(self, key: Key) -> None:
        """It is gone."""
        known = self._resources.pop(key, None)
        self._seen_at.pop(key, None)
        self._waiting.pop(key, None)
        self._secrets_read.pop(key, None)
        if known is not None:
            self._forget_users(known)
            self._tell_users(key)

    def resource(self, key: Key) -> Resource | None:
        """A resource, if there is one."""
        return self._resources.get(key)

    def resources(self) -> Iterable[Resource]:
        """All of them."""
        return tuple(self._resources.values())

    def is_deleting(self, key: Key) -> bool:
        """Whether a resource is under deletion."""
        known = self._resources.get(key)
        return known is not None and known.deleted_at is not None

    def told(self, kind: str, name: str, row: Row | None, at: float | None = None) -> None:
        """What merchants holds under a name, as of a time; older news are dropped."""
        moment = time.monotonic() if at is None else at
        known = self._rows.get((kind, name))
        if known is None or known.at < moment:
            self._rows[kind, name] = _Told(row, moment)

    def swept(self, kind: str, rows: dict[str, Row], at: float) -> None:
        """Everything that merchants holds of a kind, as of the time when it was asked."""
        for name, row in rows.items():
            self.told(kind, name, row, at)
        for known_kind, name in [known for known in self._rows if known[0] == kind and known[1] not in rows]:
            self.told(known_kind, name, None, at)
        self._swept[kind] = at

    def row(self, kind: str, name: str) -> tuple[Row | None, bool]:
        """What merchants holds under a name, and whether it is known to hold nothing."""
        known = self._rows.get((kind, name))
        if known is None:
            return None, kind in self._swept
        return known.row, known.row is None

    def is_outdated(self, kind: str, after_s: float) -> bool:
        """Whether merchants has not told for so long what it holds of a kind."""
        return time.monotonic() - self._swept.get(kind, self._began) > after_s

    def secrets_are_due(self, key: Key, interval_s: float) -> bool:
        """Whether a resource's Secrets were not read for so long."""
        return time.monotonic() - self._secrets_read.get(key, -interval_s) >= interval_s

    def secrets_were_read(self, key: Key) -> None:
        """Note that."""
        self._secrets_read[key] = time.monotonic()

    def await_replicas(self, key: Key, version: int) -> None:
        """Note that a version is not with all replicas yet."""
        known = self._waiting.get(key)
        if known is None or known.version != version:
            self._waiting[key] = _Waiting(version, time.monotonic())

    def arrived(self, key: Key) -> None:
        """A resource waits for no replica (any more)."""
        self._waiting.pop(key, None)

    def waiting(self) -> tuple[tuple[Key, int], ...]:
        """Resources whose version is not with all replicas, and that version."""
        return tuple((key, waiting.version) for key, waiting in self._waiting.items())

    def waits_long(self, key: Key) -> bool:
        """Whether a version waits for so long that people should know."""
        known = self._waiting.get(key)
        return known is not None and time.monotonic() - known.since > LONG_S

    def _tell_users(self, key: Key) -> None:
        for user in self._users.get(key, ()):
            self.on_connector(user)

    def _forget_users(self, resource: Resource) -> None:
        for used in references(resource):
            self._users.get(used, set()).discard(resource.key)


def _stands(resource: Resource) -> tuple[bool, str | None]:
    """What those that refer to a resource go by."""
    synced = resource.condition(ConditionType.SYNCED)
    return resource.status.applied_generation is not None, synced.reason if synced is not None else None


def _is_newer(resource: Resource, known: Resource) -> bool:
    new, old = resource.resource_version, known.resource_version
    if new.isdecimal() and old.isdecimal():
        return int(new) > int(old)
    return new != old


def row_name(resource: Resource, merchant_id: str) -> tuple[str, str]:
    """Under which kind and name merchants holds what a resource says."""
    if resource.key.kind == MERCHANT_CONFIG:
        return MERCHANT_CONFIG, merchant_id
    return CONNECTOR, resource.key.name
