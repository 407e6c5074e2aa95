"""Rows of ``merchant_configs``: one for each version, never changed."""

from datetime import datetime

import msgspec
from msgspec import Struct

from florin.contracts.directory import ConfigState, Kind
from florin.contracts.merchant_config import MerchantConfig
from florin.database import Connection, Row
from florin.errors import NotFound
from florin.service import PageRequest
from merchants.domain.ownership import Owner
from merchants.store.changes import ChangeLog

_COLUMNS = "config_version, merchant_id, spec, owner_uid, owner_generation, reason, created_at"


class ConfigVersion(Struct, frozen=True, kw_only=True):
    """One version of a merchant's configuration and where it came from (no owner: by hand)."""

    config_version: int
    merchant_id: str
    spec: MerchantConfig
    created_at: datetime
    owner: Owner | None = None
    reason: str | None = None


async def find_config(conn: Connection, merchant_id: str, version: int | None) -> ConfigVersion | None:
    """A version of a merchant's configuration."""
    row = await conn.fetch_one(
        f"SELECT {_COLUMNS} FROM merchant_configs WHERE merchant_id=%s AND config_version=%s", (merchant_id, version)
    )
    return _config(row) if row else None


async def get_config(conn: Connection, merchant_id: str, version: int | None) -> ConfigVersion:
    """A version of a merchant's configuration. Raises NotFound."""
    config = await find_config(conn, merchant_id, version)
    if config is None:
        raise NotFound(
            f"The merchant {merchant_id!r} has no configuration {version}."
            if version
            else f"The merchant {merchant_id!r} has no configuration yet."
        )
    return config


async def list_configs(conn: Connection, merchant_id: str, page: PageRequest) -> list[ConfigVersion]:
    """A merchant's versions, newest first. The cursor is a version."""
    where, order = (">", "ASC") if page.backwards else ("<", "DESC")
    condition = f"AND config_version {where} %s" if page.cursor else ""
    params: list[str | int] = [merchant_id, page.fetch]
    if page.cursor:
        params.insert(1, int(page.cursor) if page.cursor.isdecimal() and len(page.cursor) < 19 else 0)
    rows = await conn.fetch_all(
        f"SELECT {_COLUMNS} FROM merchant_configs WHERE merchant_id=%s {condition} "
        f"ORDER BY config_version {order} LIMIT %s",
        params,
    )
    return [_config(row) for row in rows]


async def add_config(log: ChangeLog, config: ConfigVersion) -> None:
    """Write a new version and publish it. Its number is from `ChangeLog.next_version`."""
    owner = config.owner
    await log.conn.insert_rows(
        "merchant_configs",
        tuple(name.strip() for name in _COLUMNS.split(",")),
        [
            (
                config.config_version,
                config.merchant_id,
                msgspec.json.encode(config.spec),
                owner.uid if owner else None,
                owner.generation if owner else None,
                config.reason,
                config.created_at,
            )
        ],
    )
    log.record(
        Kind.CONFIG,
        f"{config.merchant_id}/{config.config_version}",
        ConfigState(config.merchant_id, config.config_version, config.spec),
        aggregate_id=config.merchant_id,
        merchant_id=config.merchant_id,
        version=config.config_version,
    )


def _config(row: Row) -> ConfigVersion:
    uid, generation = row.pop("owner_uid"), row.pop("owner_generation")
    spec = msgspec.json.decode(row.pop("spec"), type=MerchantConfig)
    return ConfigVersion(**row, spec=spec, owner=Owner(uid, generation) if uid is not None else None)
