"""Store what an owner hands over, in the transaction that stores its content: values of Secrets, hashes of API keys."""

from collections.abc import Sequence

from florin.secrets import SecretBox
from florin.settings import Secret
from merchants.domain.api_key import ApiKey
from merchants.domain.errors import KeyOfOther, StaleSecret
from merchants.domain.handed import HandedKey, HandedSecret, record_of
from merchants.operations.put_secret import store_secret
from merchants.store.api_keys import find_key_by_hash, save_key
from merchants.store.changes import ChangeLog
from merchants.store.secrets import find_versions, note_source

_OVERLAP_S = 86_400


async def take_secrets(
    log: ChangeLog, box: SecretBox, scope: str, secrets: Sequence[HandedSecret], *, adopt: bool
) -> None:
    """Store each value that is newer than what is there. Raises StaleSecret, unless ``adopt``."""
    for handed in secrets:
        versions = await find_versions(log.conn, scope, handed.name)
        source = versions[0].source_version if versions else None
        if source is not None and handed.version < source and not adopt:
            raise StaleSecret(
                f"Version {handed.version} of the Secret {handed.name!r} is older than {source}, which is stored.",
                param="secrets",
            )
        put = await store_secret(
            log, box, scope, handed.name, Secret(handed.value), overlap_s=_OVERLAP_S, source_version=handed.version
        )
        if not put.changed and source != handed.version:
            await note_source(log, put.secret, handed.version)


async def take_keys(log: ChangeLog, merchant_id: str, keys: Sequence[HandedKey], name: str) -> list[ApiKey]:
    """The merchant's keys with these hashes, made where they are not known. A revoked one stays revoked.

    Raises KeyOfOther.
    """
    taken = []
    for handed in keys:
        key = await find_key_by_hash(log.conn, handed.hash)
        if key is None:
            key = record_of(handed, merchant_id, name, log.now)
            await save_key(log, key)
        elif key.merchant_id != merchant_id:
            raise KeyOfOther("This API key belongs to another merchant.", param="api_keys")
        taken.append(key)
    return taken
