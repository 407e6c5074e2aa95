"""Revoke an API key for ever. Revoking twice changes nothing."""

from msgspec.structs import replace

from merchants.domain.api_key import ApiKey
from merchants.store.api_keys import get_key, save_key
from merchants.store.changes import ChangeLog, Changes


async def revoke_api_key(changes: Changes, merchant_id: str, key_id: str) -> ApiKey:
    """The key, revoked. Raises NotFound."""

    async def work(log: ChangeLog) -> ApiKey:
        key = await get_key(log.conn, merchant_id, key_id)
        if key.revoked_at is not None:
            return key
        revoked = replace(key, revoked_at=log.now)
        await save_key(log, revoked)
        return revoked

    return await changes.run(work)
