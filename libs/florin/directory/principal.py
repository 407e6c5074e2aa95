"""Who a request comes from, and why it may not.

Unauthenticated
├── KeyMissing      api_key_missing    no ``Authorization: Bearer sk_...``
├── KeyUnknown      api_key_unknown    not a key, or none of ours
├── KeyExpired      api_key_expired    its time is over, by a rotation or from the start
└── KeyRevoked      api_key_revoked
Forbidden
├── MerchantDisabled  merchant_disabled
└── ScopeMissing      scope_missing    a restricted key without this right
"""

from collections.abc import Set as AbstractSet

from msgspec import Struct

from florin.contracts.api_keys import ALL_SCOPES, ApiKeyState, Scope, is_well_formed
from florin.contracts.api_version import API_VERSION
from florin.errors import Forbidden, Unauthenticated

_SCHEME = "bearer "


class KeyMissing(Unauthenticated):
    """The request carries no API key."""

    code = "api_key_missing"


class KeyUnknown(Unauthenticated):
    """The key is not one of ours."""

    code = "api_key_unknown"
    title = "The API key is not known"


class KeyExpired(Unauthenticated):
    """The key was good until a time that is past."""

    code = "api_key_expired"
    title = "The API key has expired"


class KeyRevoked(Unauthenticated):
    """The key was revoked."""

    code = "api_key_revoked"
    title = "The API key was revoked"


class MerchantDisabled(Forbidden):
    """The key is good and its merchant is disabled."""

    code = "merchant_disabled"
    title = "The merchant is disabled"


class ScopeMissing(Forbidden):
    """A restricted key without the right that this request needs."""

    code = "scope_missing"


class Principal(Struct, frozen=True):
    """Who an API key speaks for. ``rate_limit_per_second`` counts requests of this key."""

    merchant_id: str
    livemode: bool
    key_id: str
    scopes: AbstractSet[Scope]
    rate_limit_per_second: int
    api_version: str = API_VERSION

    def require(self, scope: Scope) -> None:
        """Raises ScopeMissing where the key does not carry the right."""
        if scope not in self.scopes:
            raise ScopeMissing(f"This restricted key lacks the right {scope.value!r}.", scope=scope.value)


def principal_of(key: ApiKeyState) -> Principal:
    """Whom a key speaks for."""
    return Principal(
        merchant_id=key.merchant_id,
        livemode=key.livemode,
        key_id=key.id,
        scopes=frozenset(key.scopes) if key.restricted else ALL_SCOPES,
        rate_limit_per_second=key.rate_limit_per_second,
        api_version=key.api_version,
    )


def key_in(authorization: str | None) -> str:
    """The API key in an Authorization header.

    Raises KeyMissing where there is none, KeyUnknown where it cannot be one of ours whatever the database says.
    """
    if not authorization:
        raise KeyMissing("Send an API key as `Authorization: Bearer sk_test_...`.")
    if authorization[: len(_SCHEME)].lower() != _SCHEME:
        raise KeyMissing("The Authorization header must be `Bearer` and an API key.")
    key = authorization[len(_SCHEME) :].strip()
    if not is_well_formed(key):
        raise KeyUnknown("This is not an API key: it is cut off, mistyped or from elsewhere.")
    return key
