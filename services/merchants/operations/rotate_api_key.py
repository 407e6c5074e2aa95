"""Replace an API key by a fresh one with the same rights; the old one is good for an overlap."""

from datetime import datetime

from msgspec.structs import replace

from florin.contracts.api_keys import new_key
from merchants.domain.api_key import KeyRequest, check_rotatable, end_of_overlap, make_key
from merchants.operations.create_api_key import MadeKey
from merchants.store.api_keys import get_key, save_key
from merchants.store.changes import ChangeLog, Changes


async def rotate_api_key(
    changes: Changes, merchant_id: str, key_id: str, *, overlap_s: int, expires_at: datetime | None = None
) -> MadeKey:
    """The key that replaces ``key_id``. Raises NotFound, KeyNotRotatable (also the second time), KeyInvalid."""

    async def work(log: ChangeLog) -> MadeKey:
        old = await get_key(log.conn, merchant_id, key_id)
        check_rotatable(old, log.now)
        request = KeyRequest(
            livemode=old.livemode,
            name=old.name,
            restricted=old.restricted,
            scopes=old.scopes,
            rate_limit_per_second=old.rate_limit_per_second,
            expires_at=expires_at,
        )
        secret = new_key(livemode=old.livemode, restricted=old.restricted)
        new = make_key(merchant_id, request, secret, log.now)
        await save_key(log, new)
        await save_key(log, replace(old, replaced_by=new.id, expires_at=end_of_overlap(old, overlap_s, log.now)))
        return MadeKey(new, secret)

    return await changes.run(work)
