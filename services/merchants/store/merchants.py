"""Rows of ``merchants``."""

from datetime import datetime

from msgspec import Struct

from florin.contracts.directory import Kind, MerchantState
from florin.database import Connection, Row
from florin.errors import NotFound
from florin.service import PageRequest
from merchants.domain.ownership import Owner
from merchants.store.changes import ChangeLog

_COLUMNS = (
    "id, display_name, disabled_at, disabled_by_owner, config_version, spec_hash, owner_uid, owner_generation,"
    " owner_resource, owner_version, break_glass_until, break_glass_reason, created_at, updated_at"
)


class Merchant(Struct, frozen=True, kw_only=True):
    """A merchant as stored, with who owns the configuration."""

    id: str
    display_name: str
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None = None
    disabled_by_owner: bool = False
    config_version: int | None = None
    spec_hash: str | None = None
    owner: Owner | None = None
    owner_version: int | None = None
    break_glass_until: datetime | None = None
    break_glass_reason: str | None = None


async def find_merchant(conn: Connection, merchant_id: str) -> Merchant | None:
    """The merchant with this id."""
    row = await conn.fetch_one(f"SELECT {_COLUMNS} FROM merchants WHERE id=%s", (merchant_id,))
    return _merchant(row) if row else None


async def get_merchant(conn: Connection, merchant_id: str) -> Merchant:
    """The merchant with this id. Raises NotFound."""
    merchant = await find_merchant(conn, merchant_id)
    if merchant is None:
        raise no_merchant(merchant_id)
    return merchant


def no_merchant(merchant_id: str) -> NotFound:
    """The error of asking for a merchant that is not there."""
    return NotFound(f"There is no merchant {merchant_id!r}.", param="merchant_id")


async def list_merchants(conn: Connection, page: PageRequest) -> list[Merchant]:
    """Merchants by id, from z to a."""
    where, order = ("id > %s", "ASC") if page.backwards else ("id < %s", "DESC")
    condition = f"WHERE {where}" if page.cursor else ""
    params = [page.cursor, page.fetch] if page.cursor else [page.fetch]
    rows = await conn.fetch_all(f"SELECT {_COLUMNS} FROM merchants {condition} ORDER BY id {order} LIMIT %s", params)
    return [_merchant(row) for row in rows]


async def save_merchant(log: ChangeLog, merchant: Merchant) -> None:
    """Write the merchant as it is now."""
    owner = merchant.owner
    await log.conn.insert_rows(
        "merchants",
        tuple(name.strip() for name in _COLUMNS.split(",")),
        [
            (
                merchant.id,
                merchant.display_name,
                merchant.disabled_at,
                merchant.disabled_by_owner,
                merchant.config_version,
                merchant.spec_hash,
                owner.uid if owner else None,
                owner.generation if owner else None,
                owner.resource if owner else "",
                merchant.owner_version,
                merchant.break_glass_until,
                merchant.break_glass_reason,
                merchant.created_at,
                merchant.updated_at,
            )
        ],
        on_duplicate=",".join(
            f"{name}=VALUES({name})"
            for name in (part.strip() for part in _COLUMNS.split(","))
            if name not in ("id", "created_at")
        ),
    )


def tell_merchant(log: ChangeLog, merchant: Merchant) -> None:
    """Publish what the other services know of a merchant."""
    log.record(
        Kind.MERCHANT,
        merchant.id,
        MerchantState(merchant.id, merchant.display_name, merchant.disabled_at is not None),
        aggregate_id=merchant.id,
        merchant_id=merchant.id,
    )


def _merchant(row: Row) -> Merchant:
    uid, generation, resource = row.pop("owner_uid"), row.pop("owner_generation"), row.pop("owner_resource")
    row["disabled_by_owner"] = bool(row["disabled_by_owner"])
    return Merchant(**row, owner=Owner(uid, generation, resource) if uid is not None else None)
