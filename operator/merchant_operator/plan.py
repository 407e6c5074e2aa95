"""What to do about a resource: pure, from what it says and what was seen. Nothing here does anything.

Level-triggered: the same question is asked after each event, at each sweep and after each restart, and where all is
well the answer is to do nothing.
"""

from enum import StrEnum

from msgspec import Struct

from florin.contracts.merchant_config import DeletionPolicy, ReconcilePolicy
from merchant_operator.credentials import Credentials
from merchant_operator.merchants_api import ConnectorRow, MerchantRow
from merchant_operator.names import ADOPT, MERCHANT_CONFIG
from merchant_operator.problems import Problem
from merchant_operator.resources import Intent, Resource


class Action(StrEnum):
    """Something to do, in the order of a plan."""

    HOLD = "hold"
    """Add the finalizer."""
    LET_GO = "let_go"
    """Remove the finalizer."""
    RELEASE = "release"
    """Tell merchants that the owner is gone."""
    DISABLE = "disable"
    """The same, and refuse the merchant's keys."""
    MAKE_KEYS = "make_keys"
    """Create the Secret with API keys."""
    COMPARE = "compare"
    """Ask merchants what differs, and change nothing."""
    PUT = "put"
    """Make merchants hold what the resource says."""


class Observed(Struct, frozen=True, kw_only=True):
    """What was seen. ``row``: what merchants holds, where it is known better than by the last write; ``missing``: that
    it holds nothing.
    """

    credentials: Credentials = Credentials()
    problems: tuple[Problem, ...] = ()
    row: MerchantRow | ConnectorRow | None = None
    missing: bool = False
    outdated: bool = False
    """Merchants has not told for long what it holds."""
    keys_wanted: bool = False
    resource_name: str = ""
    """The resource as merchants knows it: see `resources.OwnerName`."""


def plan(resource: Resource, intent: Intent, observed: Observed) -> list[Action]:
    """What to do now. Nothing is put while something that the resource refers to is not there."""
    if resource.deleted_at is not None:
        if not resource.held:
            return []
        disables = intent.deletion_policy is DeletionPolicy.DISABLE
        return [Action.DISABLE if disables else Action.RELEASE, Action.LET_GO]
    actions = _finalizer(resource, intent)
    if intent.reconcile_policy is ReconcilePolicy.PAUSED or observed.problems:
        return actions
    drifted = has_drifted(resource, observed)
    if intent.reconcile_policy is ReconcilePolicy.REPORT:
        return [*actions, Action.COMPARE]
    found = observed.credentials
    keys_missing = found.read and observed.keys_wanted and found.key_secret is None
    if keys_missing:
        actions.append(Action.MAKE_KEYS)
    if drifted:
        actions.append(Action.COMPARE)
    if keys_missing or needs_put(resource, observed) or _are_new(resource, found):
        actions.append(Action.PUT)
    return actions


def has_drifted(resource: Resource, observed: Observed) -> bool:
    """Whether merchants was seen to hold something else than what this resource put there."""
    if resource.status.applied_generation is None and resource.status.spec_hash is None:
        return False  # it put nothing yet
    if observed.missing:
        return True
    row = observed.row
    if row is None:
        return False
    return (
        row.spec_hash != resource.status.spec_hash
        or row.owner is None
        or row.owner.uid != resource.uid
        or row.owner.generation < (resource.status.applied_generation or 0)
    )


def needs_put(resource: Resource, observed: Observed) -> bool:
    """Whether merchants must be told, whatever its Secrets hold."""
    new = resource.status.applied_generation != resource.generation
    return new or adopts(resource) or has_drifted(resource, observed) or _is_misnamed(resource, observed)


def adopts(resource: Resource) -> bool:
    """Whether the resource says to take over, and that was not heeded yet."""
    return resource.adopt is not None and resource.adopt != resource.status.adopted


def owned_elsewhere(owner: str) -> str:
    """What a resource is told that would take over what another namespace's or cluster's owns."""
    named = f"the resource {owner}" if owner else "another resource"
    return f"This belongs to {named}, not of this namespace: `{ADOPT}` does not go past that."


def _finalizer(resource: Resource, intent: Intent) -> list[Action]:
    wanted = resource.key.kind == MERCHANT_CONFIG and intent.deletion_policy is DeletionPolicy.DISABLE
    if wanted and not resource.held:
        return [Action.HOLD]
    if resource.held and not wanted:
        return [Action.LET_GO]
    return []


def _is_misnamed(resource: Resource, observed: Observed) -> bool:
    """Whether merchants knows the owner by another name, as an earlier release wrote it."""
    owner = observed.row.owner if observed.row is not None else None
    return owner is not None and owner.uid == resource.uid and owner.resource != observed.resource_name


def _are_new(resource: Resource, found: Credentials) -> bool:
    return found.read and found.versions() != {secret.name: secret.version for secret in resource.status.secrets}
