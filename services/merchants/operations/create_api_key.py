"""Make an API key. The key itself exists in the answer only."""

from typing import NamedTuple

from florin.contracts.api_keys import new_key
from florin.settings import Secret
from merchants.domain.api_key import ApiKey, KeyRequest, make_key
from merchants.domain.errors import KeyRequestReused
from merchants.store.api_keys import find_key_by_request, save_key
from merchants.store.changes import ChangeLog, Changes
from merchants.store.merchants import get_merchant


class MadeKey(NamedTuple):
    """A key; ``secret`` is None where the same request had made it before."""

    key: ApiKey
    secret: Secret | None


async def create_api_key(
    changes: Changes, merchant_id: str, request: KeyRequest, *, idempotency_key: str | None
) -> MadeKey:
    """Make a key. The same ``idempotency_key`` again answers the same key, without the secret.

    Raises NotFound, KeyInvalid, KeyRequestReused.
    """

    async def work(log: ChangeLog) -> MadeKey:
        await get_merchant(log.conn, merchant_id)
        if idempotency_key is not None:
            made = await find_key_by_request(log.conn, merchant_id, idempotency_key, livemode=request.livemode)
            if made is not None:
                _check_same(made, request)
                return MadeKey(made, None)
        secret = new_key(livemode=request.livemode, restricted=request.restricted)
        key = make_key(merchant_id, request, secret, log.now, idempotency_key=idempotency_key)
        await save_key(log, key)
        return MadeKey(key, secret)

    return await changes.run(work)


def _check_same(made: ApiKey, request: KeyRequest) -> None:
    same = (made.name, made.restricted, made.scopes, made.rate_limit_per_second)
    if same != (request.name, request.restricted, request.scopes, request.rate_limit_per_second):
        raise KeyRequestReused("This Idempotency-Key made a key with other properties.", key_id=made.id)
