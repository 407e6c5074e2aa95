"""POST /plan: what a manifest would do, for `kubectl merchant plan`. It changes nothing.

People have no password for it. They send a token of the service account `florin-plan` of the namespace that they plan
for, made a moment ago by `kubectl create token` for this audience only: who may make such a token is decided by their
own rights in Kubernetes. The API server is asked whose it is (TokenReview), and whether that account may read
MerchantConfigs there (SubjectAccessReview). What another namespace's resource owns is not shown.
"""

import re
from collections.abc import Collection
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from florin.contracts.merchant_config import MerchantConfig, ReconcilePolicy
from florin.contracts.merchant_config_rules import unknown_fields
from merchant_operator import credentials
from merchant_operator.bindings import connector_problems
from merchant_operator.kubernetes import Kubernetes
from merchant_operator.merchants_api import Conflict, MerchantsApi, Owner, Planned
from merchant_operator.names import GROUP, MERCHANT_CONFIG, PLAN_AUDIENCE, PLURALS
from merchant_operator.plan import adopts, owned_elsewhere
from merchant_operator.resources import Key, OwnerName, Resource, read_resource
from merchant_operator.settings import OperatorSettings
from merchant_operator.world import World, row_name

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_LONGEST_NAME = 253


class PlanRequest(Struct, frozen=True):
    """A manifest and who asks. ``connectors``: those that are applied together with it."""

    token: str
    namespace: str
    name: str
    spec: dict[str, Any]
    annotations: dict[str, str] = {}
    connectors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # They become parts of a path at the API server; another path would be another tenant's resource.
        for field in ("namespace", "name"):
            given = getattr(self, field)
            if len(given) > _LONGEST_NAME or not _NAME.fullmatch(given):
                raise ValueError(f"{field} must be a name of Kubernetes: lower-case letters, digits, hyphens and dots")

    def __repr__(self) -> str:
        return f"PlanRequest({self.namespace}/{self.name})"


class PlanAnswer(Struct, frozen=True, kw_only=True):
    """What would happen. ``problems``: what the API server would refuse, or what it refers to and is not there."""

    new: bool
    generation: int
    accepted: bool
    policy: ReconcilePolicy = ReconcilePolicy.ENFORCE
    problems: tuple[str, ...] = ()
    planned: Planned | None = None


class NotAllowed(Exception):
    """The token is not good, or not for this namespace."""


class Planner:
    """Answers plans."""

    def __init__(
        self, kubernetes: Kubernetes, merchants: MerchantsApi, world: World, settings: OperatorSettings
    ) -> None:
        self._kubernetes = kubernetes
        self._merchants = merchants
        self._world = world
        self._settings = settings

    async def answer(self, request: PlanRequest) -> PlanAnswer:
        """The plan. Raises NotAllowed, ApiError, Refused, Unreachable."""
        await self._check_rights(request)
        live = await self._kubernetes.read(Key(MERCHANT_CONFIG, request.namespace, request.name))
        resource = _manifest(request, live)
        try:
            spec = resource.merchant_config()
        except msgspec.ValidationError as error:
            return _refused(live, resource, f"spec: {error}.")
        if live is not None and live["spec"]["merchantId"] != spec.merchant_id:
            return _refused(live, resource, "spec.merchantId: must not change; make another resource.")
        problems = [f"spec.{found.path}: {found.message}" for found in unknown_fields(request.spec, spec)]
        problems += await self._missing(resource.key, spec, request.connectors)
        planned = await self._plan(resource, spec, request.connectors)
        return PlanAnswer(
            new=live is None,
            generation=resource.generation,
            accepted=planned.accepted and not problems,
            policy=spec.reconcile_policy,
            problems=tuple(problems),
            planned=planned,
        )

    async def _plan(self, resource: Resource, spec: MerchantConfig, beside: Collection[str]) -> Planned:
        namespace = resource.key.namespace
        home = await self._kubernetes.home_of(namespace)
        name = str(OwnerName(self._settings.cluster, namespace, resource.key.name, home))
        body = {"spec": spec, "owner": Owner(resource.uid, resource.generation, name)}
        planned = await self._merchants.plan_config(spec.merchant_id, body)
        row, _ = self._world.row(*row_name(resource, spec.merchant_id))
        owner = row.owner.resource if row is not None and row.owner is not None else ""
        owned_by_other = planned.conflict is not None and planned.conflict.code == "owned_by_other"
        foreign = owned_by_other and not owner.startswith(f"{self._settings.cluster}/{namespace}/")
        if planned.conflict is not None and not foreign and (adopts(resource) or owner == name):
            planned = await self._merchants.plan_config(spec.merchant_id, body | {"adopt": True})
        coming = {
            f"connectors[{at}].connectorRef.name"
            for at, binding in enumerate(spec.connectors)
            if binding.connector_ref.name in beside
        }
        violations = tuple(one for one in planned.violations if one.path not in coming)
        accepted = not violations and planned.conflict is None
        planned = replace(planned, violations=violations, accepted=accepted)
        if not foreign:
            return planned
        conflict = Conflict("owned_by_other", owned_elsewhere(owner))
        return replace(planned, conflict=conflict, changes=(), routes=())  # what it holds is not for this namespace

    async def _missing(self, key: Key, spec: MerchantConfig, beside: Collection[str]) -> list[str]:
        found = connector_problems(self._world, key.namespace, spec, beside)
        checked = await credentials.of_merchant_config(self._kubernetes, key.namespace, spec)
        return [problem.message for problem in (*found, *checked.problems)]

    async def _check_rights(self, request: PlanRequest) -> None:
        if request.namespace not in self._settings.namespaces:
            raise NotAllowed(f"This operator does not serve the namespace {request.namespace!r}.")
        if not request.token:
            raise NotAllowed("A plan needs a token.")
        review = await self._kubernetes.request(
            "POST",
            "/apis/authentication.k8s.io/v1/tokenreviews",
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenReview",
                "spec": {"token": request.token, "audiences": [PLAN_AUDIENCE]},
            },
        )
        status = review.get("status", {})
        if not status.get("authenticated") or PLAN_AUDIENCE not in status.get("audiences", []):
            raise NotAllowed("The token is not good for a plan.")
        user = status["user"]
        asked = {
            "user": user["username"],
            "groups": user.get("groups", []),
            "resourceAttributes": {
                "namespace": request.namespace,
                "group": GROUP,
                "resource": PLURALS[MERCHANT_CONFIG],
                "name": request.name,
                "verb": "get",
            },
        }
        access = await self._kubernetes.request(
            "POST",
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": asked},
        )
        if not access.get("status", {}).get("allowed"):
            raise NotAllowed(f"{user['username']} may not read MerchantConfigs in {request.namespace!r}.")


def _manifest(request: PlanRequest, live: dict[str, Any] | None) -> Resource:
    """The resource as it would be after the manifest was applied, at its next generation."""
    metadata = {"uid": "new", "generation": 0, "resourceVersion": "0"} | (live or {}).get("metadata", {})
    metadata |= {"namespace": request.namespace, "name": request.name, "generation": metadata["generation"] + 1}
    metadata["annotations"] = metadata.get("annotations", {}) | request.annotations
    body = {
        "kind": MERCHANT_CONFIG,
        "metadata": metadata,
        "spec": request.spec,
        "status": (live or {}).get("status", {}),
    }
    return read_resource(body)


def _refused(live: dict[str, Any] | None, resource: Resource, sentence: str) -> PlanAnswer:
    return PlanAnswer(new=live is None, generation=resource.generation, accepted=False, problems=(sentence,))
