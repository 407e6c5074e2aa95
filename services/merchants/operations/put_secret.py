"""Store a secret, sealed. It is never read back here; services lease it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple

from florin.secrets import SecretBox
from florin.settings import Secret
from merchants.domain.names import check_name, connector_scope, merchant_scope
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
    """Make ``value`` the merchant's secret of this name. Raises NotFound, NameInvalid."""

    async def check(log: ChangeLog) -> None:
        await get_merchant(log.conn, merchant_id)

    return await _put(changes, box, merchant_scope(merchant_id), check_name(name), value, overlap_s, check)


async def put_connector_secret(
    changes: Changes, box: SecretBox, connector: str, name: str, value: Secret, *, overlap_s: int
) -> PutSecret:
    """Make ``value`` the connector's secret of this name. Raises NotFound, NameInvalid."""

    async def check(log: ChangeLog) -> None:
        await get_connector(log.conn, connector)

    return await _put(changes, box, connector_scope(connector), check_name(name), value, overlap_s, check)


async def _put(
    changes: Changes,
    box: SecretBox,
    scope: str,
    name: str,
    value: Secret,
    overlap_s: int,
    check: Callable[[ChangeLog], Awaitable[None]],
) -> PutSecret:
    async def work(log: ChangeLog) -> PutSecret:
        await check(log)
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
        )
        await add_secret(log, secret, overlap_until=log.now + timedelta(seconds=overlap_s))
        return PutSecret(secret, changed=True)

    return await changes.run(work)
