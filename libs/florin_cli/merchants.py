"""``florin merchants``: who exists, and whether they may."""

import click

from florin_cli.cells import Also, At, Cell, State, Words
from florin_cli.client import Document, Paging
from florin_cli.desk import Desk, pass_desk
from florin_cli.merchant_config import config
from florin_cli.parameters import ID, YES, Group, paged
from florin_cli.screen import Column, Row

MERCHANT = click.argument("merchant", type=ID)
_COLUMNS = (
    Column("Merchant", lambda row: row["id"]),
    Column("Name", lambda row: Words(row["display_name"])),
    Column("Status", lambda row: State(row["status"])),
    Column("Configuration", lambda row: _version(row)),
    Column("Owner", lambda row: owner_of(row)),
    Column("Created", lambda row: At(row["created_at"])),
)


@click.group(cls=Group)
def merchants() -> None:
    """Merchants and their configurations."""


merchants.add_command(config)


@merchants.command("list")
@paged
@pass_desk
def list_merchants(desk: Desk, paging: Paging) -> None:
    """List merchants by id, from z to a."""
    page = desk.merchants.pages("merchants", paging=paging)
    empty = "There are no merchants yet: florin merchants create makes one."
    desk.screen.show(page, lambda: desk.screen.listing(page, _COLUMNS, empty=empty))


@merchants.command("show")
@MERCHANT
@pass_desk
def show_merchant(desk: Desk, merchant: str) -> None:
    """Show a merchant."""
    _show(desk, desk.merchants.get("merchants", merchant))


@merchants.command("create")
@MERCHANT
@click.option("--name", help="The name for people; the id where none is given.")
@pass_desk
def create_merchant(desk: Desk, merchant: str, name: str | None) -> None:
    """Make a merchant, or give one another name.

    Its first configuration follows with `florin merchants config put`, its keys with `florin keys create`.
    """
    _show(desk, desk.merchants.put("merchants", merchant, body={"display_name": name}))


@merchants.command("disable")
@MERCHANT
@YES
@pass_desk
def disable_merchant(desk: Desk, merchant: str, yes: bool) -> None:
    """Refuse all of a merchant's keys from now on. Nothing is erased."""
    desk.confirm(f"Refuse every key of {merchant} from now on?", yes=yes)
    _show(desk, desk.merchants.post("merchants", merchant, "disable"))


@merchants.command("enable")
@MERCHANT
@pass_desk
def enable_merchant(desk: Desk, merchant: str) -> None:
    """Accept a disabled merchant's keys again."""
    _show(desk, desk.merchants.post("merchants", merchant, "enable"))


def owner_of(row: Row) -> Cell:
    """The resource that a configuration is the content of."""
    owner = row["owner"]
    return f"{owner['uid']} generation {owner['generation']}" if owner else Also("by hand")


def _version(row: Row) -> Cell:
    return f"version {row['config_version']}" if row["config_version"] is not None else Also("none yet")


def _show(desk: Desk, merchant: Document) -> None:
    named: dict[str, Cell] = {
        "Merchant": merchant["id"],
        "Name": Words(merchant["display_name"]),
        "Status": State(merchant["status"]),
        "Configuration": _version(merchant),
        "Owner": owner_of(merchant),
        "Created": At(merchant["created_at"]),
        "Changed": At(merchant["updated_at"]),
    }
    if glass := merchant["break_glass"]:
        named["Edited by hand"] = Words(f"until {desk.screen.painter.time(glass['until'])}: {glass['reason']}")
    desk.screen.show(merchant, lambda: desk.screen.fields(named))
