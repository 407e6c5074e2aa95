"""Names that come in a path."""

import re

from merchants.domain.errors import NameInvalid

_MERCHANT = re.compile(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_REPLICA = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


def check_merchant_id(merchant_id: str) -> str:
    """Raises NameInvalid."""
    if not _MERCHANT.fullmatch(merchant_id):
        raise NameInvalid(
            "A merchant's id has 1 to 64 lower-case letters, digits, hyphens and underscores.", param="merchant_id"
        )
    return merchant_id


def check_name(name: str, param: str = "name") -> str:
    """Raises NameInvalid."""
    if not _NAME.fullmatch(name):
        raise NameInvalid("A name has 1 to 63 lower-case letters, digits and hyphens.", param=param)
    return name


def check_replica(name: str, param: str) -> str:
    """Raises NameInvalid."""
    if not _REPLICA.fullmatch(name):
        raise NameInvalid("Use 1 to 64 letters, digits, dots, hyphens and underscores.", param=param)
    return name


def merchant_scope(merchant_id: str) -> str:
    """The scope of a merchant's secrets."""
    return f"merchant:{merchant_id}"


def connector_scope(name: str) -> str:
    """The scope of a connector's secrets."""
    return f"connector:{name}"


def owner_of_scope(scope: str) -> str:
    """The merchant or connector that a scope belongs to."""
    return scope.partition(":")[2]
