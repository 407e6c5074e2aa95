"""The status that follows from what was seen and done: pure, and the same twice for the same, so that nothing is
written where nothing changed.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from florin.contracts.merchant_config import ReconcilePolicy
from merchant_operator.merchants_api import Config, ConnectorRow, Floors, MerchantRow, Planned, Refused
from merchant_operator.names import MERCHANT_CONFIG
from merchant_operator.plan import Observed, has_drifted
from merchant_operator.problems import BY_CODE, WAITS_FOR_ITSELF, Reason
from merchant_operator.resources import Intent, Resource
from merchant_operator.status import (
    CONNECTOR_CONDITIONS,
    MERCHANT_CONFIG_CONDITIONS,
    Condition,
    ConditionStatus,
    ConditionType,
    HandedSecret,
    MerchantConfigStatus,
    Status,
)

TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
_PATHS = 20
_MESSAGE = 2000


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a plan."""

    put: Config | ConnectorRow | None = None
    compared: Planned | None = None
    refused: Refused | None = None
    unreachable: str | None = None
    adopted: str | None = None


class Propagation(Struct, frozen=True):
    """How far replicas have come, and whether a version has waited for them for long."""

    floors: Floors | None = None
    waited_long: bool = False


class Said(NamedTuple):
    """A condition before it has times."""

    status: ConditionStatus
    reason: str
    message: str


def describe(
    resource: Resource,
    intent: Intent,
    observed: Observed,
    outcome: Outcome,
    propagation: Propagation,
    now: datetime,
) -> Status:
    """The status of a resource."""
    status = _facts(resource, observed, outcome, now)
    seen = _Seen(resource, intent, observed, outcome, status)
    said = {ConditionType.ACCEPTED: seen.accepted(), ConditionType.SYNCED: seen.synced()}
    if isinstance(status, MerchantConfigStatus):
        said[ConditionType.PROPAGATED] = _propagated(resource, status, said[ConditionType.SYNCED], propagation)
    said[ConditionType.DRIFTED] = seen.drifted()
    ready = said[ConditionType.READY] = _ready(said, _is_disabled(observed, outcome))
    waits = ready.status is not TRUE
    stalled = waits and ready.reason not in WAITS_FOR_ITSELF
    at_work = waits and not stalled and ready.reason not in (Reason.PAUSED, Reason.REPORT_ONLY)
    said[ConditionType.RECONCILING] = Said(TRUE if at_work else FALSE, ready.reason, ready.message)
    said[ConditionType.STALLED] = Said(TRUE if stalled else FALSE, ready.reason, ready.message)
    drift: tuple[str, ...] = ()
    if said[ConditionType.DRIFTED].status is TRUE and outcome.compared is not None:
        drift = tuple(change.path[:256] for change in outcome.compared.changes[:_PATHS])
    elif said[ConditionType.DRIFTED].status is TRUE:
        drift = resource.status.drift
    kinds = MERCHANT_CONFIG_CONDITIONS if resource.key.kind == MERCHANT_CONFIG else CONNECTOR_CONDITIONS
    return replace(
        status,
        drift=drift,
        next_retry_time=_next_retry(outcome),
        conditions=tuple(_condition(kind, said[kind], resource, now) for kind in kinds),
    )


def _facts(resource: Resource, observed: Observed, outcome: Outcome, now: datetime) -> Status:
    status = replace(resource.status, observed_generation=resource.generation)
    put = outcome.put
    if put is None:
        return status
    found = observed.credentials
    handed = tuple(HandedSecret(name, version) for name, version in sorted(found.versions().items()))
    status = replace(
        status,
        applied_generation=resource.generation,
        spec_hash=put.spec_hash,
        last_sync_time=_time(now),
        secrets=handed if found.read else status.secrets,
        adopted=status.adopted if outcome.adopted is None else outcome.adopted,
    )
    if isinstance(put, Config) and isinstance(status, MerchantConfigStatus):
        status = replace(status, config_version=put.config_version)
    return status


class _Seen:
    def __init__(
        self, resource: Resource, intent: Intent, observed: Observed, outcome: Outcome, status: Status
    ) -> None:
        self._resource = resource
        self._paused = intent.reconcile_policy is ReconcilePolicy.PAUSED
        self._reports = intent.reconcile_policy is ReconcilePolicy.REPORT
        self._observed = observed
        self._outcome = outcome
        self._applied = status.applied_generation == resource.generation
        self._status = status

    def accepted(self) -> Said:
        outcome, compared = self._outcome, self._outcome.compared
        if self._paused:
            return _paused()
        if self._observed.problems:
            return _problems(self._observed)
        if outcome.refused is not None and BY_CODE.get(outcome.refused.code) is Reason.REJECTED:
            return Said(FALSE, Reason.REJECTED, _refusal(outcome.refused))
        if self._reports and compared is not None and compared.violations:
            texts = (f"spec.{violation.path}: {violation.message}" for violation in compared.violations)
            return Said(FALSE, Reason.REJECTED, " ".join(texts))
        if outcome.unreachable is not None and not self._resource.is_so(ConditionType.ACCEPTED):
            return Said(UNKNOWN, Reason.MERCHANTS_UNREACHABLE, "merchants has not judged this yet.")
        return Said(TRUE, "Accepted", "All that it refers to is there, and no rule refuses it.")

    def synced(self) -> Said:
        outcome, observed = self._outcome, self._observed
        if self._paused:
            return _paused()
        if outcome.unreachable is not None:
            message = f"{outcome.unreachable}; the operator asks again by itself, at least each minute."
            return Said(FALSE, Reason.MERCHANTS_UNREACHABLE, _sentence(message))
        if outcome.refused is not None:
            reason = BY_CODE.get(outcome.refused.code, Reason.REFUSED)
            return Said(FALSE, reason, _refusal(outcome.refused))
        if self._reports and outcome.compared is not None:
            return self._reported(outcome.compared)
        if self._applied and (outcome.put is not None or not has_drifted(self._resource, observed)):
            version = ""
            if isinstance(self._status, MerchantConfigStatus) and self._status.config_version is not None:
                version = f" as version {self._status.config_version}"
            return Said(TRUE, "Synced", f"merchants holds generation {self._resource.generation}{version}.")
        if observed.problems:
            return _problems(observed)
        return Said(UNKNOWN, Reason.PENDING, "Not put to merchants yet.")

    def drifted(self) -> Said:
        outcome = self._outcome
        if self._paused:
            return _paused()
        if outcome.put is not None:
            return Said(FALSE, "InSync", "merchants holds what this says.")
        if outcome.compared is not None and outcome.compared.changes and (self._applied or self._reports):
            reason, _ = self.synced()[1:]
            count = len(outcome.compared.changes)
            return Said(TRUE, reason, f"{count} field{'s differ' if count > 1 else ' differs'}: see status.drift.")
        if self._observed.outdated:
            # Payments go on, so this takes nothing from Ready.
            text = "merchants has not told for long what it holds; whether that differs is not known."
            return Said(UNKNOWN, Reason.MERCHANTS_UNREACHABLE, text)
        if outcome.unreachable is not None or not (self._applied or self._reports):
            return Said(UNKNOWN, Reason.PENDING, "merchants does not hold this generation yet.")
        if has_drifted(self._resource, self._observed):
            return Said(TRUE, *self.synced()[1:])
        return Said(FALSE, "InSync", "merchants holds what this says.")

    def _reported(self, compared: Planned) -> Said:
        if compared.conflict is not None:
            reason = BY_CODE.get(compared.conflict.code, Reason.REFUSED)
            return Said(FALSE, reason, _sentence(compared.conflict.detail))
        if compared.changes:
            return Said(FALSE, Reason.REPORT_ONLY, "merchants holds something else; reconcilePolicy is Report.")
        return Said(TRUE, "Synced", "merchants holds what this says; reconcilePolicy is Report.")


def _propagated(resource: Resource, status: MerchantConfigStatus, synced: Said, propagation: Propagation) -> Said:
    version = status.config_version
    if synced.status is not TRUE or version is None:
        return Said(
            UNKNOWN, synced.reason if synced.status is not TRUE else Reason.PENDING, "Nothing new to take over."
        )
    old = resource.condition(ConditionType.PROPAGATED)
    before = resource.status
    same = isinstance(before, MerchantConfigStatus) and before.config_version == version
    done = Said(TRUE, "Propagated", f"Every replica has taken version {version} over.")
    if same and old is not None and old.status is TRUE:
        return done  # a replica that starts later begins with what is in force
    floors = propagation.floors
    if floors is None:
        return Said(FALSE, Reason.PROPAGATING, f"Replicas are taking version {version} over.")
    behind = replicas_behind(floors, version)
    if not behind and not floors.missing_services:
        return done
    if not propagation.waited_long:
        return Said(FALSE, Reason.PROPAGATING, f"Replicas are taking version {version} over.")
    if floors.missing_services:
        missing = ", ".join(floors.missing_services)
        return Said(UNKNOWN, Reason.NO_REPLICA, f"No replica of {missing} tells what it works with.")
    return Said(FALSE, Reason.REPLICA_BEHIND, f"Version {version} is not with {', '.join(behind)} yet.")


def replicas_behind(floors: Floors, version: int) -> list[str]:
    """Replicas that have not acknowledged a version."""
    return [
        f"{replica.service}/{replica.replica} (at {replica.floor})"
        for replica in floors.replicas
        if replica.epoch != floors.epoch or replica.floor < version
    ]


def _ready(said: dict[ConditionType, Said], disabled: bool) -> Said:
    chain = [
        said[kind] for kind in (ConditionType.ACCEPTED, ConditionType.SYNCED, ConditionType.PROPAGATED) if kind in said
    ]
    broken = next((link for link in chain if link.status is FALSE), None)
    broken = broken or next((link for link in chain if link.status is UNKNOWN), None)
    if broken is not None:
        return broken
    if disabled:
        return Said(FALSE, Reason.MERCHANT_DISABLED, "A person disabled the merchant: its keys are refused.")
    return Said(TRUE, "Ready", "All is well.")


def _is_disabled(observed: Observed, outcome: Outcome) -> bool:
    last = outcome.put or observed.row
    return isinstance(last, Config | MerchantRow) and last.status == "disabled"


def _condition(kind: ConditionType, said: Said, resource: Resource, now: datetime) -> Condition:
    old = resource.condition(kind)
    since = old.last_transition_time if old is not None and old.status is said.status else _time(now)
    if since.startswith("1970"):
        since = _time(now)  # the default of the schema, which knows no time
    return Condition(str(kind), said.status, str(said.reason), said.message[:_MESSAGE], since, resource.generation)


def _next_retry(outcome: Outcome) -> str | None:
    if outcome.refused is not None and outcome.refused.code == "break_glass_active":
        until = outcome.refused.problem.get("until")
        return str(until) if until else None
    return None


def _problems(observed: Observed) -> Said:
    return Said(FALSE, observed.problems[0].reason, _joined(problem.message for problem in observed.problems))


def _joined(sentences: Iterable[str]) -> str:
    return " ".join(sentences)


def _refusal(refused: Refused) -> str:
    errors = refused.problem.get("errors")
    if isinstance(errors, list) and errors:
        return _joined(
            f"spec.{error.get('path')}: {error.get('message')}" for error in errors if isinstance(error, dict)
        )
    param = refused.problem.get("param")
    return f"{param}: {refused.detail}" if param and str(param).startswith("spec") else refused.detail


def _paused() -> Said:
    return Said(UNKNOWN, Reason.PAUSED, "reconcilePolicy is Paused: the operator looks away.")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
