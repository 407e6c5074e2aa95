"""Look at one resource, decide, do it, say so: the one way in which anything is changed."""

import logging
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config import MerchantConfig
from florin.telemetry import span
from merchant_operator import credentials
from merchant_operator.announcements import Announcement, announce, transitions
from merchant_operator.bindings import connector_problems
from merchant_operator.conditions import FALSE, TRUE, Outcome, Propagation, describe
from merchant_operator.kubernetes import ApiError, Kubernetes
from merchant_operator.merchants_api import Config, ConnectorRow, MerchantRow, MerchantsApi, Owner, Refused, Unreachable
from merchant_operator.metrics import DRIFT, RECONCILE_DURATION, RECONCILES
from merchant_operator.names import FINALIZER, MERCHANT_CONFIG
from merchant_operator.plan import Action, Observed, adopts, needs_put, owned_elsewhere, plan
from merchant_operator.problems import Problem, Reason
from merchant_operator.queue import Next
from merchant_operator.resources import Intent, Key, OwnerName, Resource, intent_of, read_resource
from merchant_operator.settings import OperatorSettings
from merchant_operator.status import ConditionType, MerchantConfigStatus, Status
from merchant_operator.world import World, row_name

_log = logging.getLogger(__name__)
Spec = MerchantConfig | ConnectorSpec
TAKEN_OVER = frozenset({"owned_by_other", "not_adopted", "stale_generation", "generation_reused", "stale_secret"})
"""The refusals that `florin.dev/adopt` goes past."""


class Reconciler:
    """Makes merchants and a resource's status agree with what the resource says."""

    def __init__(
        self, kubernetes: Kubernetes, merchants: MerchantsApi, world: World, settings: OperatorSettings
    ) -> None:
        self._kubernetes = kubernetes
        self._merchants = merchants
        self._world = world
        self._cluster = settings.cluster
        self._secrets_interval_s = settings.secrets_interval_s
        self._drift_unknown_s = max(settings.drift_unknown_s, 2 * settings.sweep_interval_s)
        self._problem_interval_s = settings.problem_interval_s

    async def reconcile(self, key: Key) -> Next:
        """Look at a resource and do what follows. Raises ApiError where the API server does not let us."""
        resource = self._world.resource(key)
        if resource is None:
            return Next()
        began = time.perf_counter()
        outcome = "failed"
        with span("reconcile", resource=str(key), generation=resource.generation):
            try:
                then = await self._look(resource)
                outcome = "again" if then.failed else "done"
            finally:
                RECONCILES.labels(key.kind, outcome).inc()
                RECONCILE_DURATION.labels(key.kind).observe(time.perf_counter() - began)
        return then

    async def _look(self, resource: Resource) -> Next:
        try:
            intent = intent_of(resource)
        except msgspec.ValidationError as error:  # a policy that only another release knows
            return await self._say_unreadable(resource, f"spec: {error}.")
        spec, observed = await self._observe(resource, intent)
        actions = plan(resource, intent, observed)
        if Action.HOLD in actions:
            return await self._set_finalizer(resource, held=True)
        if resource.deleted_at is not None:
            return await self._end(resource, intent, observed, actions)
        if Action.LET_GO in actions:
            return await self._set_finalizer(resource, held=False)
        outcome = Outcome()
        if spec is not None:
            outcome, observed = await self._perform(resource, spec, observed, actions)
        await self._say(resource, intent, observed, outcome)
        if outcome.unreachable is not None:
            return Next(failed=True)
        if observed.credentials.read and outcome.refused is None:
            self._world.secrets_were_read(resource.key)
        # Nobody tells of a Secret that comes: its name is all that we may ask for.
        return Next(delay_s=self._problem_interval_s if observed.problems else None)

    # --- observe -----------------------------------------------------------------------------------------------------

    async def _observe(self, resource: Resource, intent: Intent) -> tuple[Spec | None, Observed]:
        row, missing = self._world.row(*row_name(resource, intent.merchant_id))
        home = await self._kubernetes.home_of(resource.key.namespace)
        name = OwnerName(self._cluster, resource.key.namespace, resource.key.name, home)
        outdated = self._world.is_outdated(resource.key.kind, self._drift_unknown_s)
        observed = Observed(row=row, missing=missing, outdated=outdated, resource_name=str(name))
        if resource.deleted_at is not None:
            return None, observed
        try:
            spec: Spec = resource.merchant_config() if resource.key.kind == MERCHANT_CONFIG else resource.connector()
        except msgspec.ValidationError as error:  # stored under an older schema than this operator's
            problem = Problem(Reason.SCHEMA_CHANGED, f"spec: {error}.")
            return None, replace(observed, problems=(problem,))
        found = await self._read_credentials(resource, spec, observed)
        if isinstance(spec, ConnectorSpec):
            return spec, replace(observed, credentials=found, problems=found.problems)
        problems = (*connector_problems(self._world, resource.key.namespace, spec), *found.problems)
        wanted = spec.api_key_secret_name is not None
        return spec, replace(observed, credentials=found, problems=problems, keys_wanted=wanted)

    async def _read_credentials(self, resource: Resource, spec: Spec, observed: Observed) -> credentials.Credentials:
        namespace = resource.key.namespace
        if isinstance(spec, ConnectorSpec):
            return await credentials.of_connector(self._kubernetes, namespace, spec)
        settled = resource.is_so(ConditionType.ACCEPTED) and not needs_put(resource, observed)
        if settled and not self._world.secrets_are_due(resource.key, self._secrets_interval_s):
            return credentials.Credentials(read=False)
        return await credentials.of_merchant_config(self._kubernetes, namespace, spec)

    # --- perform -----------------------------------------------------------------------------------------------------

    async def _perform(
        self, resource: Resource, spec: Spec, observed: Observed, actions: list[Action]
    ) -> tuple[Outcome, Observed]:
        outcome = Outcome()
        try:
            if Action.MAKE_KEYS in actions and isinstance(spec, MerchantConfig):
                observed = await self._make_keys(resource, spec, observed)
            if Action.COMPARE in actions and isinstance(spec, MerchantConfig):
                body = self._body(resource, spec, replace(observed, credentials=credentials.Credentials()))
                outcome = replace(outcome, compared=await self._merchants.plan_config(spec.merchant_id, body))
            if Action.PUT in actions:
                if observed.problems:
                    return outcome, observed
                outcome = await self._put(resource, spec, observed, outcome)
        except Refused as refused:
            outcome = replace(outcome, refused=refused)
        except Unreachable as error:
            outcome = replace(outcome, unreachable=str(error))
        return outcome, observed

    async def _make_keys(self, resource: Resource, spec: MerchantConfig, observed: Observed) -> Observed:
        secret = credentials.new_key_secret(resource.key.namespace, spec)
        try:
            made = await self._kubernetes.create_secret(resource.key.namespace, secret)
        except ApiError as error:
            if error.status != 409:
                raise
            # Another operator was faster: its keys are as good.
            found = await credentials.of_merchant_config(self._kubernetes, resource.key.namespace, spec)
            return replace(observed, credentials=found, problems=(*observed.problems, *found.problems))
        keys = credentials.keys_of(made, spec)
        if isinstance(keys, Problem):
            return replace(observed, problems=(*observed.problems, keys))
        return replace(observed, credentials=replace(observed.credentials, key_secret=keys))

    async def _put(self, resource: Resource, spec: Spec, observed: Observed, outcome: Outcome) -> Outcome:
        try:
            put = await self._send(resource, spec, observed, adopt=False)
        except Refused as refused:
            if self._is_owned_elsewhere(resource, refused):
                refused.detail = owned_elsewhere(str(refused.problem.get("owner_resource", "")))
                raise
            if not await self._may_take_over(resource, observed, refused):
                raise
            put = await self._send(resource, spec, observed, adopt=True)
        kind, name = row_name(resource, spec.merchant_id if isinstance(spec, MerchantConfig) else "")
        self._world.told(kind, name, _row_after(put, name, resource, observed.resource_name))
        if outcome.compared is not None and outcome.compared.changes:
            DRIFT.labels(resource.key.kind).inc()
            paths = ", ".join(change.path for change in outcome.compared.changes[:20])
            repaired = Announcement("DriftRepaired", f"merchants held something else: {paths}.", warning=True)
            await announce(self._kubernetes, resource, [repaired])
        for key in put.api_keys if isinstance(put, Config) else ():
            if key.status == "revoked":
                text = f"The API key {key.id} in the Secret was revoked; delete the Secret for new keys."
                await announce(self._kubernetes, resource, [Announcement("ApiKeyRevoked", text, warning=True)])
        return replace(outcome, put=put, adopted=resource.adopt)

    async def _send(self, resource: Resource, spec: Spec, observed: Observed, *, adopt: bool) -> Config | ConnectorRow:
        body = self._body(resource, spec, observed) | {"adopt": adopt}
        if isinstance(spec, MerchantConfig):
            return await self._merchants.put_config(spec.merchant_id, body)
        return await self._merchants.put_connector(spec.name, body)

    def _body(self, resource: Resource, spec: Spec, observed: Observed) -> dict[str, Any]:
        owner = Owner(resource.uid, resource.generation, observed.resource_name)
        handed = observed.credentials
        shared = {"owner": owner, "secrets": [secret.handed() for secret in handed.secrets]}
        if isinstance(spec, MerchantConfig):
            keys = list(handed.key_secret.keys) if handed.key_secret else []
            return {"spec": spec, "api_keys": keys, **shared}
        document: dict[str, Any] = msgspec.to_builtins(spec)
        return document | shared

    def _is_owned_elsewhere(self, resource: Resource, refused: Refused) -> bool:
        """Whether the owner is of another namespace or cluster: nothing goes past it."""
        here = f"{self._cluster}/{resource.key.namespace}/"
        return refused.code == "owned_by_other" and not str(refused.problem.get("owner_resource", "")).startswith(here)

    async def _may_take_over(self, resource: Resource, observed: Observed, refused: Refused) -> bool:
        """Whether a resource goes past merchants' fence: because it says so, or as the successor of one of its name."""
        if adopts(resource):
            return refused.code in TAKEN_OVER
        if refused.problem.get("owner_resource") != observed.resource_name:
            return False
        # The owner is its predecessor: a resource of this very name and cluster, which is gone. But a stopped operator
        # that wakes late may itself hold what is gone.
        live = await self._kubernetes.read(resource.key)
        return live is not None and live["metadata"]["uid"] == resource.uid

    # --- say ---------------------------------------------------------------------------------------------------------

    async def _say(self, resource: Resource, intent: Intent, observed: Observed, outcome: Outcome) -> None:
        propagation = Propagation(self._world.floors, waited_long=self._world.waits_long(resource.key))
        status = describe(resource, intent, observed, outcome, propagation, datetime.now(UTC))
        self._note_waiting(resource.key, status)
        if status == resource.status:
            return
        announcements = transitions(resource, status)
        await self._patch_status(resource, status)
        await announce(self._kubernetes, resource, announcements)

    async def _say_unreadable(self, resource: Resource, text: str) -> Next:
        """Nothing is done, its finalizer stays: what it asks for is not known."""
        if resource.deleted_at is None:
            problem = Problem(Reason.SCHEMA_CHANGED, text)
            await self._say(resource, Intent(), Observed(problems=(problem,)), Outcome())
        elif resource.held:
            await self._say_that_it_waits(resource, f"{text} This release does not know it, so this waits.")
        return Next()

    def _note_waiting(self, key: Key, status: Status) -> None:
        if not isinstance(status, MerchantConfigStatus):
            return
        holds = {item.type for item in status.conditions if item.status is TRUE}
        version = status.config_version
        if version is not None and ConditionType.SYNCED in holds and ConditionType.PROPAGATED not in holds:
            self._world.await_replicas(key, version)
        else:
            self._world.arrived(key)

    async def _patch_status(self, resource: Resource, status: Status) -> None:
        before, after = _document(resource.status), _document(status)
        patch = {name: after.get(name) for name in before | after if before.get(name) != after.get(name)}
        try:
            body = await self._kubernetes.patch_status(resource.key, resource.uid, patch)
        except ApiError as error:
            if error.status in (404, 409):  # gone, or another one of its name: the watch will tell
                return
            raise
        # Known at once, so that the watch's echo of our own patch is no news.
        self._world.see(read_resource({"kind": resource.key.kind, **body}))

    # --- the finalizer -----------------------------------------------------------------------------------------------

    async def _set_finalizer(self, resource: Resource, *, held: bool) -> Next:
        others = [name for name in resource.finalizers if name != FINALIZER]
        wanted = [*others, FINALIZER] if held else others
        try:
            body = await self._kubernetes.set_finalizers(resource.key, resource.resource_version, wanted)
        except ApiError as error:
            if error.status == 404:
                return Next()
            if error.status == 409:
                live = await self._kubernetes.read(resource.key)
                if live is not None:
                    self._world.see(read_resource(live))
                return Next(delay_s=0.0)
            raise
        self._world.see(read_resource({"kind": resource.key.kind, **body}))
        return Next(delay_s=0.0)

    async def _end(self, resource: Resource, intent: Intent, observed: Observed, actions: list[Action]) -> Next:
        if Action.LET_GO not in actions:
            return Next()
        try:
            disable = Action.DISABLE in actions
            await self._merchants.release_config(intent.merchant_id, resource.uid, disable=disable)
        except (Unreachable, Refused) as error:
            text = f"{error}; the merchant is not disabled yet, so this waits."
            await self._say_that_it_waits(resource, text)
            return Next(failed=True)
        _log.info("%s: its owner let merchant %s go.", resource.key, intent.merchant_id)
        return await self._set_finalizer(resource, held=False)

    async def _say_that_it_waits(self, resource: Resource, text: str) -> None:
        ready = resource.condition(ConditionType.READY)
        if ready is None or ready.reason == Reason.DELETING:
            return
        said = replace(ready, status=FALSE, reason=str(Reason.DELETING), message=text)
        others = tuple(item for item in resource.status.conditions if item.type != ConditionType.READY)
        status = replace(resource.status, conditions=(*others, said))
        announcements = transitions(resource, status)
        await self._patch_status(resource, status)
        await announce(self._kubernetes, resource, announcements)


def _row_after(put: Config | ConnectorRow, name: str, resource: Resource, owner: str) -> MerchantRow | ConnectorRow:
    if isinstance(put, ConnectorRow):
        return put
    return MerchantRow(
        id=name,
        status=put.status,
        config_version=put.config_version,
        spec_hash=put.spec_hash,
        owner=Owner(resource.uid, resource.generation, owner),
    )


def _document(status: Status) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(status)
    return document
