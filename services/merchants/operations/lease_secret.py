"""Hand a secret in the clear to a service of this installation."""

from florin.contracts.directory import SecretLease, SecretValue
from florin.database import Database
from florin.errors import NotFound
from florin.secrets import SecretBox
from merchants.store.changes import read_now
from merchants.store.secrets import SealedSecret, aad_of, find_versions


async def lease_secret(db: Database, box: SecretBox, scope: str, name: str) -> SecretLease:
    """The current value, and earlier ones within their overlap. Raises NotFound."""
    async with db.connection() as conn:
        versions = await find_versions(conn, scope, name)
        now = await read_now(conn)
    if not versions:
        raise NotFound(f"There is no secret {name!r} of {scope}.")
    current, *earlier = versions
    valid = [secret for secret in earlier if secret.expires_at is not None and secret.expires_at > now]
    return SecretLease(scope, name, _open(box, current), [_open(box, secret) for secret in valid])


def _open(box: SecretBox, secret: SealedSecret) -> SecretValue:
    value = box.open(secret.sealed, aad_of(secret.scope, secret.name, secret.secret_version))
    return SecretValue(secret.secret_version, value.reveal(), secret.expires_at)
