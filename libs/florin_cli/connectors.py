"""``florin connectors``: how acquirers are reached."""

import click

from florin_cli.cells import At, Words, mode_of
from florin_cli.client import Paging
from florin_cli.desk import Desk, pass_desk
from florin_cli.failure import Misused
from florin_cli.parameters import FILE, ID, Group, paged, read_document
from florin_cli.screen import Column

_COLUMNS = (
    Column("Connector", lambda row: row["name"]),
    Column("Adapter", lambda row: row["spec"]["adapter"]),
    Column("Mode", lambda row: mode_of(row["spec"]["livemode"])),
    Column("Address", lambda row: Words(row["spec"]["baseUrl"])),
    Column("Account", lambda row: row["spec"]["merchantAccount"]),
    Column("Secret", lambda row: (row["spec"]["secretRef"] or {}).get("name")),
    Column("Time-out", lambda row: f"{row['spec']['timeouts']['totalSeconds']:g} s"),
    Column("Changed", lambda row: At(row["updated_at"])),
)


@click.group(cls=Group)
def connectors() -> None:
    """Connectors to acquirers."""


@connectors.command("list")
@paged
@pass_desk
def list_connectors(desk: Desk, paging: Paging) -> None:
    """List connectors by name, from z to a."""
    page = desk.merchants.pages("connectors", paging=paging)
    empty = "There are no connectors yet: florin connectors put makes one."
    desk.screen.show(page, lambda: desk.screen.listing(page, _COLUMNS, empty=empty))


@connectors.command("get")
@click.argument("name", type=ID)
@pass_desk
def get_connector(desk: Desk, name: str) -> None:
    """Print a connector as the document that `put` takes."""
    connector = desk.merchants.get("connectors", name)
    desk.screen.show(connector, lambda: desk.screen.document(connector["spec"]))


@connectors.command("put")
@FILE
@pass_desk
def put_connector(desk: Desk, file: str) -> None:
    """Make or change the connector that the document names."""
    spec = read_document(file)
    spec = spec["spec"] if isinstance(spec.get("spec"), dict) else spec
    name = spec.get("name")
    if not isinstance(name, str) or not name:
        raise Misused(f"{file} has no name: a connector's document says it in the field name.")
    connector = desk.merchants.put("connectors", ID.convert(name, None, None), body=spec)
    desk.screen.show(connector, lambda: desk.screen.line(f"The connector {name} is stored."))
