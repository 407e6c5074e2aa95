"""Rows of ``secrets``: sealed values, each under its scope, name and version."""

from datetime import datetime

from msgspec import Struct

from florin.contracts.directory import Kind, SecretState
from florin.database import Connection, Row
from florin.secrets.box import record_aad
from merchants.domain.names import owner_of_scope
from merchants.store.changes import ChangeLog

_COLUMNS = "scope, name, secret_version, sealed, created_at, expires_at, source_version"


class SealedSecret(Struct, frozen=True, kw_only=True):
    """A sealed value. ``expires_at`` is set once it has a successor.

    ``source_version``: of the Kubernetes Secret that it came from; None where it was put by hand.
    """

    scope: str
    name: str
    secret_version: int
    sealed: bytes
    created_at: datetime
    expires_at: datetime | None = None
    source_version: int | None = None


def aad_of(scope: str, name: str, secret_version: int) -> bytes:
    """What the seal of a row is bound to: it cannot be opened as another secret or another version."""
    return record_aad(scope, name, str(secret_version))


async def find_versions(conn: Connection, scope: str, name: str) -> list[SealedSecret]:
    """The values of a secret, newest first."""
    rows = await conn.fetch_all(
        f"SELECT {_COLUMNS} FROM secrets WHERE scope=%s AND name=%s ORDER BY secret_version DESC", (scope, name)
    )
    return [_secret(row) for row in rows]


async def list_secrets(conn: Connection, scope: str) -> list[SealedSecret]:
    """The newest value of each secret of a scope, by name."""
    rows = await conn.fetch_all(
        f"SELECT {_COLUMNS} FROM secrets s WHERE scope=%s AND secret_version="
        "(SELECT MAX(secret_version) FROM secrets n WHERE n.scope=s.scope AND n.name=s.name) ORDER BY name",
        (scope,),
    )
    return [_secret(row) for row in rows]


async def list_all_secrets(conn: Connection, after: tuple[str, str, int], limit: int) -> list[SealedSecret]:
    """All rows in the order of their key."""
    rows = await conn.fetch_all(
        f"SELECT {_COLUMNS} FROM secrets WHERE (scope, name, secret_version) > (%s, %s, %s) "
        "ORDER BY scope, name, secret_version LIMIT %s",
        (*after, limit),
    )
    return [_secret(row) for row in rows]


async def add_secret(log: ChangeLog, secret: SealedSecret, *, overlap_until: datetime) -> None:
    """Write a new version; the one before it is handed out beside it until ``overlap_until``, older ones go."""
    key = (secret.scope, secret.name)
    await log.conn.execute(
        "UPDATE secrets SET expires_at=LEAST(COALESCE(expires_at, %s), %s) WHERE scope=%s AND name=%s",
        (overlap_until, overlap_until, *key),
    )
    await log.conn.execute("DELETE FROM secrets WHERE scope=%s AND name=%s AND expires_at <= %s", (*key, log.now))
    await log.conn.insert_rows(
        "secrets",
        ("scope", "name", "secret_version", "sealed", "created_at", "expires_at", "source_version"),
        [(*key, secret.secret_version, secret.sealed, secret.created_at, None, secret.source_version)],
    )
    log.record(
        Kind.SECRET,
        f"{secret.scope}/{secret.name}",
        SecretState(secret.scope, secret.name, secret.secret_version),
        aggregate_id=owner_of_scope(secret.scope),
        merchant_id=owner_of_scope(secret.scope) if secret.scope.startswith("merchant:") else "",
    )


async def note_source(log: ChangeLog, secret: SealedSecret, source_version: int) -> None:
    """Remember the newer version of a Secret that holds the same value."""
    await log.conn.execute(
        "UPDATE secrets SET source_version=%s WHERE scope=%s AND name=%s AND secret_version=%s",
        (source_version, secret.scope, secret.name, secret.secret_version),
    )


async def replace_sealed(conn: Connection, secret: SealedSecret, sealed: bytes) -> bool:
    """Put the same value under a newer key; False where the row changed meanwhile."""
    return bool(
        await conn.execute(
            "UPDATE secrets SET sealed=%s WHERE scope=%s AND name=%s AND secret_version=%s AND sealed=%s",
            (sealed, secret.scope, secret.name, secret.secret_version, secret.sealed),
        )
    )


def _secret(row: Row) -> SealedSecret:
    return SealedSecret(**row)
