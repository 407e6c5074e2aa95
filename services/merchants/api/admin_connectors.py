"""/admin/v1/connectors: how acquirers are reached."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from msgspec import Struct

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config_rules import unknown_fields
from florin.service import PAGE, Page, page_of
from merchants.api.dependencies import PathName, UseChanges, UseDb, UsePage, UseSettings
from merchants.domain.errors import ConnectorInvalid
from merchants.operations.put_connector import put_connector
from merchants.store.connectors import Connector, get_connector, list_connectors


class ConnectorView(Struct, frozen=True):
    """A connector."""

    name: str
    spec: ConnectorSpec
    created_at: datetime
    updated_at: datetime


class AdminConnectors(Controller):
    """Connectors."""

    path = "/connectors"
    tags = ("Connectors",)
    dependencies = {"page": PAGE}  # noqa: RUF012 - Litestar's way

    @get("/")
    async def list(self, db: UseDb, page: UsePage) -> Page[ConnectorView]:
        """List connectors by name, from z to a."""
        async with db.connection() as conn:
            found = await list_connectors(conn, page)
        return page_of([_view(connector) for connector in found], page, lambda view: view.name)

    @put("/{name:str}", responses={201: ResponseSpec(ConnectorView, description="Made.")})
    async def put(
        self,
        request: Request[Any, Any, Any],
        changes: UseChanges,
        settings: UseSettings,
        name: PathName,
        data: JSONBody[ConnectorSpec],
    ) -> Response[ConnectorView]:
        """Make a connector (201) or change one (200). Saying the same again changes nothing."""
        unknown = unknown_fields(msgspec.json.decode(await request.body()), data)
        if unknown:
            raise ConnectorInvalid(unknown)
        connector, created = await put_connector(changes, name, data, allow_loopback=settings.allow_loopback_urls)
        return Response(_view(connector), status_code=201 if created else 200)

    @get("/{name:str}")
    async def read(self, db: UseDb, name: PathName) -> ConnectorView:
        """Read a connector."""
        async with db.connection() as conn:
            return _view(await get_connector(conn, name))


def _view(connector: Connector) -> ConnectorView:
    return ConnectorView(connector.name, connector.spec, connector.created_at, connector.updated_at)
