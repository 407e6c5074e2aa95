"""Rows of ``connectors``."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from florin.contracts.connector import ConnectorSpec
from florin.contracts.directory import ConnectorState, Kind
from florin.database import Connection, Row
from florin.errors import NotFound
from florin.service import PageRequest
from merchants.domain.ownership import Owner
from merchants.store.changes import ChangeLog

_COLUMNS = "name, spec, owner_uid, owner_generation, owner_resource, created_at, updated_at"


class Connector(Struct, frozen=True):
    """A connector as stored."""

    name: str
    spec: ConnectorSpec
    created_at: datetime
    updated_at: datetime
    owner: Owner | None = None


async def find_connectors(conn: Connection, names: Iterable[str]) -> dict[str, ConnectorSpec]:
    """The connectors of these names that exist."""
    rows = await conn.fetch_all("SELECT name, spec FROM connectors WHERE name IN %s", (sorted(set(names)),))
    return {row["name"]: msgspec.json.decode(row["spec"], type=ConnectorSpec) for row in rows}


async def find_connector(conn: Connection, name: str) -> Connector | None:
    """The connector of this name."""
    row = await conn.fetch_one(f"SELECT {_COLUMNS} FROM connectors WHERE name=%s", (name,))
    return _connector(row) if row else None


async def get_connector(conn: Connection, name: str) -> Connector:
    """The connector of this name. Raises NotFound."""
    connector = await find_connector(conn, name)
    if connector is None:
        raise NotFound(f"There is no connector {name!r}.")
    return connector


async def list_connectors(conn: Connection, page: PageRequest) -> list[Connector]:
    """Connectors by name, from z to a."""
    where, order = ("name > %s", "ASC") if page.backwards else ("name < %s", "DESC")
    rows = await conn.fetch_all(
        f"SELECT {_COLUMNS} FROM connectors {f'WHERE {where}' if page.cursor else ''} "
        f"ORDER BY name {order} LIMIT {page.fetch}",
        [page.cursor] if page.cursor else [],
    )
    return [_connector(row) for row in rows]


async def save_connector(log: ChangeLog, connector: Connector) -> None:
    """Write a connector, new or changed."""
    owner = connector.owner
    row = (
        connector.name,
        msgspec.json.encode(connector.spec),
        owner.uid if owner else None,
        owner.generation if owner else None,
        owner.resource if owner else "",
        connector.created_at,
        connector.updated_at,
    )
    await log.conn.insert_rows(
        "connectors",
        tuple(_COLUMNS.split(", ")),
        [row],
        on_duplicate="spec=VALUES(spec), owner_uid=VALUES(owner_uid), owner_generation=VALUES(owner_generation), "
        "owner_resource=VALUES(owner_resource), updated_at=VALUES(updated_at)",
    )


def tell_connector(log: ChangeLog, connector: Connector) -> None:
    """Publish what the other services know of a connector."""
    log.record(
        Kind.CONNECTOR,
        connector.name,
        ConnectorState(connector.name, connector.spec),
        aggregate_id=connector.name,
    )


def _connector(row: Row) -> Connector:
    spec = msgspec.json.decode(row["spec"], type=ConnectorSpec)
    uid = row["owner_uid"]
    owner = Owner(uid, row["owner_generation"], row["owner_resource"]) if uid is not None else None
    return Connector(row["name"], spec, row["created_at"], row["updated_at"], owner)
