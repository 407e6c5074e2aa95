"""Store a secret, sealed. It is never read back here; services lease it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple

from florin.secrets import SecretBox
from florin.settings import Secret
from merchants.domain.errors import OwnedByOther
from merchants.domain.names import check_name, connector_scope, merchant_scope
from merchants.domain.ownership import Owner
from merchants.store.changes import ChangeLog, Changes
from merchants.store.connectors import get_connector
from merchants.store.merchants import get_merchant
from merchants.store.secrets import SealedSecret, aad_of, add_secret, find_versions


class PutSecret(NamedTuple):
    """The stored version, and whether this call made it."""

    secret: SealedSecret
    changed: bool


async def put_merchant_secret(
    changes: Changes, box: SecretBox, merchant_id: str, name: str, value: Secret, *, overlap_s: int
) -> PutSecret:
    """Make ``value`` the merchant's secret of this name. Raises NotFound, NameInvalid, OwnedByOther."""

    async def find_owner(log: ChangeLog) -> Owner | None:
        return (await get_merchant(log.conn, merchant_id)).owner

    return await _put(changes, box, merchant_scope(merchant_id), check_name(name), value, overlap_s, find_owner)


async def put_connector_secret(
    changes: Changes, box: SecretBox, connector: str, name: str, value: Secret, *, overlap_s: int
) -> PutSecret:
    """Make ``value`` the connector's secret of this name. Raises NotFound, NameInvalid, OwnedByOther."""

    async def find_owner(log: ChangeLog) -> Owner | None:
        return (await get_connector(log.conn, connector)).owner

    return await _put(changes, box, connector_scope(connector), check_name(name), value, overlap_s, find_owner)


async def _put(
    changes: Changes,
    box: SecretBox,
    scope: str,
    name: str,
    value: Secret,
    overlap_s: int,
    find_owner: Callable[[ChangeLog], Awaitable[Owner | None]],
) -> PutSecret:
    async def work(log: ChangeLog) -> PutSecret:
        owner = await find_owner(log)
        versions = await find_versions(log.conn, scope, name)
        if owner is not None and versions and versions[0].source_version is not None:
            # The next look at the Secret would put its own value back.
            raise OwnedByOther(
                f"The Secret {name!r} of {owner.resource or 'another resource'} is this value's source; change that."
            )
        return await store_secret(log, box, scope, name, value, overlap_s=overlap_s)

    return await changes.run(work)


async def store_secret(
    log: ChangeLog,
    box: SecretBox,
    scope: str,
    name: str,
    value: Secret,
    *,
    overlap_s: int,
    source_version: int | None = None,
) -> PutSecret:
    """Seal a value as the newest one, unless the newest one is the same."""
    versions = await find_versions(log.conn, scope, name)
    newest = versions[0] if versions else None
    if newest is not None and box.open(newest.sealed, aad_of(scope, name, newest.secret_version)) == value:
        return PutSecret(newest, changed=False)
    number = newest.secret_version + 1 if newest else 1
    secret = SealedSecret(
        scope=scope,
        name=name,
        secret_version=number,
        sealed=box.seal(value, aad_of(scope, name, number)),
        created_at=log.now,
        source_version=source_version,
    )
    await add_secret(log, secret, overlap_until=log.now + timedelta(seconds=overlap_s))
    return PutSecret(secret, changed=True)
