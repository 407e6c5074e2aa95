"""Rows of ``api_keys``."""

from florin.contracts.api_keys import Scope
from florin.contracts.directory import Kind
from florin.database import Connection, Row
from florin.errors import NotFound
from florin.service import PageRequest
from merchants.domain.api_key import ApiKey
from merchants.store.changes import ChangeLog

_NAMES = (
    "id",
    "merchant_id",
    "livemode",
    "name",
    "restricted",
    "scopes",
    "hash",
    "hint",
    "rate_limit_per_second",
    "idempotency_key",
    "replaced_by",
    "created_at",
    "expires_at",
    "revoked_at",
    "api_version",
)
_COLUMNS = ", ".join(_NAMES)


async def get_key(conn: Connection, merchant_id: str, key_id: str) -> ApiKey:
    """A merchant's key. Raises NotFound."""
    row = await conn.fetch_one(
        f"SELECT {_COLUMNS} FROM api_keys WHERE id=%s AND merchant_id=%s",
        (key_id, merchant_id),
    )
    if row is None:
        raise NotFound(f"The merchant {merchant_id!r} has no API key {key_id!r}.")
    return _key(row)


async def find_key_by_hash(conn: Connection, key_hash: str) -> ApiKey | None:
    """The key with this hash."""
    row = await conn.fetch_one(f"SELECT {_COLUMNS} FROM api_keys WHERE hash=%s", (key_hash,))
    return _key(row) if row else None


async def find_key_by_request(
    conn: Connection, merchant_id: str, idempotency_key: str, *, livemode: bool
) -> ApiKey | None:
    """The key that an Idempotency-Key made."""
    row = await conn.fetch_one(
        f"SELECT {_COLUMNS} FROM api_keys WHERE merchant_id=%s AND livemode=%s AND idempotency_key=%s",
        (merchant_id, livemode, idempotency_key),
    )
    return _key(row) if row else None


async def list_keys(
    conn: Connection, merchant_id: str, page: PageRequest, *, livemode: bool | None = None
) -> list[ApiKey]:
    """A merchant's keys by id: those of one mode newest first."""
    conditions, params = ["merchant_id=%s"], [merchant_id]
    if livemode is not None:
        conditions.append(f"livemode={int(livemode)}")
    if page.cursor:
        conditions.append("id > %s" if page.backwards else "id < %s")
        params.append(page.cursor)
    rows = await conn.fetch_all(
        f"SELECT {_COLUMNS} FROM api_keys WHERE {' AND '.join(conditions)} "
        f"ORDER BY id {'ASC' if page.backwards else 'DESC'} LIMIT {page.fetch}",
        params,
    )
    return [_key(row) for row in rows]


async def save_key(log: ChangeLog, key: ApiKey) -> None:
    """Write a key, new or changed, and publish it."""
    await log.conn.insert_rows(
        "api_keys",
        _NAMES,
        [[",".join(key.scopes) if name == "scopes" else getattr(key, name) for name in _NAMES]],
        on_duplicate="expires_at=VALUES(expires_at), revoked_at=VALUES(revoked_at), replaced_by=VALUES(replaced_by)",
    )
    log.record(
        Kind.API_KEY,
        key.id,
        key.state(),
        aggregate_id=key.id,
        merchant_id=key.merchant_id,
        livemode=key.livemode,
    )


def _key(row: Row) -> ApiKey:
    scopes = tuple(Scope(scope) for scope in row.pop("scopes").split(",") if scope)
    livemode, restricted = bool(row.pop("livemode")), bool(row.pop("restricted"))
    return ApiKey(**row, scopes=scopes, livemode=livemode, restricted=restricted)
