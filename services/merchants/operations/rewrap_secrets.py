"""Put every sealed secret under the newest key-encryption key, so that older ones may leave the key file."""

from florin.database import Database
from florin.secrets import EnvelopeBox
from merchants.store.secrets import aad_of, list_all_secrets, replace_sealed

_BATCH = 100


async def rewrap_secrets(db: Database, box: EnvelopeBox) -> int:
    """The number of secrets that moved. Safe to run at any time and again."""
    after, moved = ("", "", 0), 0
    while True:
        async with db.connection() as conn:
            rows = await list_all_secrets(conn, after, _BATCH)
            for secret in rows:
                if not box.is_current(secret.sealed):
                    aad = aad_of(secret.scope, secret.name, secret.secret_version)
                    moved += await replace_sealed(conn, secret, box.rewrap(secret.sealed, aad))
        if len(rows) < _BATCH:
            return moved
        last = rows[-1]
        after = (last.scope, last.name, last.secret_version)
