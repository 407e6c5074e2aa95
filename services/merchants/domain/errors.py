"""What merchants refuses.

InvalidRequest
├── NameInvalid          name_invalid          an id or name in the path that nothing may have
├── ConfigInvalid        config_invalid        rules that a configuration breaks, each with its field
├── ConnectorInvalid     connector_invalid
└── KeyInvalid           key_invalid           scopes that do not fit the kind of key
Conflict
├── OwnedByOther         owned_by_other        the configuration belongs to another resource
├── KeyOfOther           key_of_other          another merchant has this API key
├── NotAdopted           not_adopted           it was written by hand, and nobody said to take it over
├── GenerationReused     generation_reused     the same generation with another content
├── BreakGlassActive     break_glass_active    a hand edit holds for a while
├── KeyNotRotatable      key_not_rotatable     revoked, expired, or rotated before
├── KeyRequestReused     key_request_reused    the same Idempotency-Key for another key
└── ConnectorModeFixed   connector_mode_fixed  a connector cannot change from test to live
Stale
├── StaleGeneration      stale_generation      an older generation than the one that is stored
└── StaleSecret          stale_secret          an older value of a Secret than the one that is stored
"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from florin.contracts.merchant_config_rules import Violation
from florin.errors import Conflict, InvalidRequest, Stale


class NameInvalid(InvalidRequest):
    """An id or name that nothing may have."""

    code = "name_invalid"
    title = "This is not a valid name"


class _RulesBroken(InvalidRequest):
    prefix: ClassVar[str]

    def __init__(self, violations: Sequence[Violation]) -> None:
        first, more = violations[0], len(violations) - 1
        detail = f"{first.path}: {first.message}" + (f" ({more} more in `errors`.)" if more else "")
        super().__init__(
            detail, param=f"{self.prefix}{first.path}", errors=[msgspec.to_builtins(found) for found in violations]
        )
        self.violations = tuple(violations)


class ConfigInvalid(_RulesBroken):
    """The configuration breaks rules; `errors` lists them all, each with the path of its field."""

    code = "config_invalid"
    title = "The configuration is not valid"
    prefix = "spec."


class ConnectorInvalid(_RulesBroken):
    """The connector breaks rules; `errors` lists them all, each with the path of its field."""

    code = "connector_invalid"
    title = "The connector is not valid"
    prefix = ""


class KeyInvalid(InvalidRequest):
    """Scopes that do not fit the kind of key, or an expiry that is past."""

    code = "key_invalid"
    title = "This key cannot be made"


class OwnedByOther(Conflict):
    """The configuration belongs to another resource, or to one at all while this is a hand edit."""

    code = "owned_by_other"
    title = "The configuration belongs to another owner"


class NotAdopted(Conflict):
    """The stored configuration was written by hand; a resource takes it over only where it says so."""

    code = "not_adopted"
    title = "The configuration was written by hand"


class GenerationReused(Conflict):
    """The same generation of the same resource with another content."""

    code = "generation_reused"
    title = "This generation was applied with another content"


class BreakGlassActive(Conflict):
    """A hand edit holds until its time is over; then the owner's configuration applies again."""

    code = "break_glass_active"
    title = "A hand edit is in force"
    retryable = True


class KeyNotRotatable(Conflict):
    """Only a key that is in force can be rotated, and only once."""

    code = "key_not_rotatable"
    title = "This key cannot be rotated"


class KeyRequestReused(Conflict):
    """The Idempotency-Key was used for a key with other properties."""

    code = "key_request_reused"
    title = "This Idempotency-Key made another key"
    contradicts = True


class ConnectorModeFixed(Conflict):
    """A connector moves real money or it does not; for the other mode make another one."""

    code = "connector_mode_fixed"
    title = "A connector's mode cannot change"


class StaleGeneration(Stale):
    """A generation older than the one that is stored: a later change overtook it."""

    code = "stale_generation"
    title = "A newer generation is stored"


class StaleSecret(Stale):
    """A value of a Kubernetes Secret that is older than the one that is stored."""

    code = "stale_secret"
    title = "A newer value of this secret is stored"


class KeyOfOther(Conflict):
    """An API key belongs to one merchant; make another key."""

    code = "key_of_other"
    title = "This API key belongs to another merchant"
