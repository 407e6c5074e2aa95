"""Answer a service that met an API key which it does not know."""

from florin.contracts.directory import KeyAnswer, Kind
from florin.database import Database
from merchants.store.api_keys import find_key_by_hash
from merchants.store.changes import find_changes
from merchants.store.configs import find_config
from merchants.store.merchants import get_merchant


async def look_up_key(db: Database, key_hash: str) -> KeyAnswer:
    """The key with this hash and what its payments need: merchant, configuration, connectors."""
    async with db.connection() as conn:
        key = await find_key_by_hash(conn, key_hash)
        if key is None:
            return KeyAnswer(found=False)
        merchant = await get_merchant(conn, key.merchant_id)
        subjects = [(Kind.MERCHANT, merchant.id), (Kind.API_KEY, key.id)]
        config = await find_config(conn, merchant.id, merchant.config_version)
        if config is not None:
            names = dict.fromkeys(binding.connector_ref.name for binding in config.spec.connectors)
            subjects += [(Kind.CONNECTOR, name) for name in names]
            subjects.append((Kind.CONFIG, f"{merchant.id}/{config.config_version}"))
        return KeyAnswer(found=True, data=await find_changes(conn, subjects))
