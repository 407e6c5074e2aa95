"""Resources as the operator knows them: what it needs of each, small enough to keep thousands."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config import DeletionPolicy, MerchantConfig, ReconcilePolicy
from merchant_operator.names import ADOPT, CONNECTOR, FINALIZER, MERCHANT_CONFIG
from merchant_operator.status import (
    LONGEST_ADOPTED,
    Condition,
    ConditionStatus,
    ConditionType,
    MerchantConfigStatus,
    Status,
)

_OWNER = re.compile(r"([^/@]+)/([^/@]+)/([^/@]+)@([^/@]+)")


class Key(NamedTuple):
    """What names a resource."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


class Resource(Struct, frozen=True, kw_only=True):
    """A resource at one resourceVersion. ``spec`` stays as it came, in bytes, until it is needed."""

    key: Key
    uid: str
    generation: int
    resource_version: str
    spec: bytes
    status: Status
    created_at: str = ""
    deleted_at: str | None = None
    adopt: str | None = None
    """The annotation `florin.dev/adopt`; the digest of one that is too long for the status."""
    finalizers: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        """Whether our finalizer holds it."""
        return FINALIZER in self.finalizers

    def condition(self, kind: ConditionType) -> Condition | None:
        """A condition of its status."""
        return next((condition for condition in self.status.conditions if condition.type == kind), None)

    def is_so(self, kind: ConditionType) -> bool:
        """Whether a condition holds, for this very generation."""
        found = self.condition(kind)
        return (
            found is not None and found.status is ConditionStatus.TRUE and found.observed_generation == self.generation
        )

    def merchant_config(self) -> MerchantConfig:
        """The spec of a MerchantConfig. Raises msgspec.ValidationError where it was stored under another schema."""
        return msgspec.json.decode(self.spec, type=MerchantConfig)

    def connector(self) -> ConnectorSpec:
        """The spec of a Connector, with the name that it has at merchants. Raises msgspec.ValidationError."""
        document = msgspec.json.decode(self.spec) | {"name": self.key.name}
        return msgspec.convert(document, ConnectorSpec)


class OwnerName(NamedTuple):
    """A resource as merchants knows it, as cluster/namespace/name@home.

    Names alone do not tell two clusters apart that are both called "default", nor a cluster from the one that is built
    anew in its place. A namespace's uid does, and needs no right beyond that namespace; ``home`` is its first group.
    """

    cluster: str
    namespace: str
    name: str
    home: str

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace}/{self.name}@{self.home}"


def parse_owner(text: str) -> OwnerName | None:
    """The owner that merchants names; None for one that no operator wrote."""
    found = _OWNER.fullmatch(text)
    return OwnerName(*found.groups()) if found else None


class Intent(Struct, frozen=True, rename="camel"):
    """The fields of a MerchantConfig's spec that steer the operator itself, whatever the others hold."""

    merchant_id: str = ""
    reconcile_policy: ReconcilePolicy = ReconcilePolicy.ENFORCE
    deletion_policy: DeletionPolicy = DeletionPolicy.RETAIN


def intent_of(resource: Resource) -> Intent:
    """What a MerchantConfig asks of the operator."""
    return msgspec.json.decode(resource.spec, type=Intent)


def read_resource(body: Mapping[str, Any]) -> Resource:
    """A resource from what the API server says of it."""
    metadata = body["metadata"]
    kind = body["kind"]
    status_type = MerchantConfigStatus if kind == MERCHANT_CONFIG else Status
    return Resource(
        key=Key(kind, metadata["namespace"], metadata["name"]),
        uid=metadata["uid"],
        generation=metadata["generation"],
        resource_version=metadata["resourceVersion"],
        spec=msgspec.json.encode(body.get("spec", {})),
        status=_read_status(body.get("status", {}), status_type),
        created_at=metadata.get("creationTimestamp", ""),
        deleted_at=metadata.get("deletionTimestamp"),
        adopt=_noted(metadata.get("annotations", {}).get(ADOPT)),
        finalizers=tuple(metadata.get("finalizers", ())),
    )


def _noted(word: str | None) -> str | None:
    """What the status can say of an annotation, which may be far longer than it."""
    if word is None or len(word) <= LONGEST_ADOPTED:
        return word
    return f"sha256:{hashlib.sha256(word.encode()).hexdigest()}"


def _read_status(document: Mapping[str, Any], status_type: type[Status]) -> Status:
    try:
        return msgspec.convert(document, status_type)
    except msgspec.ValidationError:
        return status_type()  # of another release: everything is looked at anew


def references(resource: Resource) -> set[Key]:
    """The Connectors that a MerchantConfig refers to."""
    if resource.key.kind != MERCHANT_CONFIG:
        return set()
    try:
        spec = resource.merchant_config()
    except msgspec.ValidationError:
        return set()
    return {Key(CONNECTOR, resource.key.namespace, binding.connector_ref.name) for binding in spec.connectors}
