"""/admin/v1/connectors: how acquirers are reached."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta, Struct

from florin.contracts.connector import ConnectorSpec
from florin.contracts.merchant_config_rules import spec_hash, unknown_fields
from florin.service import PAGE, Page, page_of
from merchants.api.dependencies import PathName, UseBox, UseChanges, UseDb, UsePage, UseSettings
from merchants.domain.errors import ConnectorInvalid
from merchants.domain.handed import HandedSecret
from merchants.domain.ownership import Owner, Write
from merchants.operations.put_connector import put_connector, release_connector
from merchants.store.connectors import Connector, get_connector, list_connectors


class PutConnector(ConnectorSpec, frozen=True, rename="camel"):
    """A connector to store. Without ``owner`` it is a hand edit."""

    owner: Annotated[Owner | None, Meta(description="The resource that this is the content of.")] = None
    adopt: Annotated[bool, Meta(description="Take the connector over from another owner, or from nobody.")] = False
    secrets: Annotated[
        tuple[HandedSecret, ...], Meta(max_length=4, description="Secrets of the owner that the connector names.")
    ] = ()

    def write(self) -> Write[ConnectorSpec]:
        """What the operations know it as."""
        return Write(
            ConnectorSpec(*(getattr(self, name) for name in ConnectorSpec.__struct_fields__)), self.owner, self.adopt
        )


class ReleaseConnector(Struct, frozen=True, forbid_unknown_fields=True):
    """The owner that lets go; none: whoever it is."""

    uid: str | None = None


class ConnectorView(Struct, frozen=True):
    """A connector."""

    name: str
    spec: ConnectorSpec
    spec_hash: str
    owner: Owner | None
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
        box: UseBox,
        settings: UseSettings,
        name: PathName,
        data: JSONBody[PutConnector],
    ) -> Response[ConnectorView]:
        """Make a connector (201) or change one (200). Saying the same again changes nothing."""
        unknown = unknown_fields(msgspec.json.decode(await request.body()), data)
        if unknown:
            raise ConnectorInvalid(unknown)
        connector, created = await put_connector(
            changes, box, name, data.write(), data.secrets, plain_hosts=settings.plain_hosts
        )
        return Response(_view(connector), status_code=201 if created else 200)

    @get("/{name:str}")
    async def read(self, db: UseDb, name: PathName) -> ConnectorView:
        """Read a connector."""
        async with db.connection() as conn:
            return _view(await get_connector(conn, name))

    @post("/{name:str}/release", status_code=200)
    async def release(self, changes: UseChanges, name: PathName, data: JSONBody[ReleaseConnector]) -> ConnectorView:
        """Let the owner go: the connector stays as it is and may be changed by hand."""
        return _view(await release_connector(changes, name, data.uid))


def _view(connector: Connector) -> ConnectorView:
    return ConnectorView(
        connector.name,
        connector.spec,
        spec_hash(connector.spec),
        connector.owner,
        connector.created_at,
        connector.updated_at,
    )
