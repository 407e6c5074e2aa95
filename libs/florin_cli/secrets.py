"""``florin secrets``: what merchants and connectors must know and nobody may read. Values are never arguments."""

import sys

import click

from florin_cli.cells import At
from florin_cli.client import Document
from florin_cli.desk import Desk, pass_desk
from florin_cli.failure import Misused
from florin_cli.parameters import DURATION, ID, Group, merchant_option, read_bytes
from florin_cli.screen import Column

_OF_MERCHANT = merchant_option("The merchant that it is of.")
_OF_CONNECTOR = click.option("--connector", "-c", type=ID, metavar="CONNECTOR", help="The connector that it is of.")
_COLUMNS = (
    Column("Secret", lambda row: row["name"]),
    Column("Of", lambda row: row["scope"]),
    Column("Version", lambda row: row["secret_version"]),
    Column("Stored", lambda row: At(row["created_at"])),
)


@click.group(cls=Group)
def secrets() -> None:
    """Secrets of merchants and connectors."""


@secrets.command("list")
@_OF_MERCHANT
@_OF_CONNECTOR
@pass_desk
def list_secrets(desk: Desk, merchant: str | None, connector: str | None) -> None:
    """List secrets, without their values."""
    found = desk.merchants.get(*_owner(merchant, connector), "secrets")
    desk.screen.show(found, lambda: desk.screen.listing(found, _COLUMNS, empty="There are no secrets yet."))


@secrets.command("put")
@click.argument("name", type=ID)
@_OF_MERCHANT
@_OF_CONNECTOR
@click.option("--file", "-f", "file", metavar="FILE", help="A file that holds the value; standard input if not given.")
@click.option(
    "--overlap",
    "overlap_s",
    type=DURATION,
    default="24h",
    show_default=True,
    help="How long the value before it still counts.",
)
@pass_desk
def put_secret(
    desk: Desk, name: str, merchant: str | None, connector: str | None, file: str | None, overlap_s: int
) -> None:
    """Store a secret. Its value is read from standard input, a file, or a prompt that does not show it.

    One line break at its end is left out.
    """
    owner = _owner(merchant, connector)
    body: Document = {"value": _value(file), "overlap_seconds": overlap_s}
    stored = desk.merchants.put(*owner, "secrets", name, body=body)
    sentence = f"Version {stored['secret_version']} of {stored['name']} of {stored['scope']} is stored."
    desk.screen.show(stored, lambda: desk.screen.line(sentence))


def _owner(merchant: str | None, connector: str | None) -> tuple[str, str]:
    if merchant and not connector:
        return "merchants", merchant
    if connector and not merchant:
        return "connectors", connector
    raise Misused("Whose secret? Name one with --merchant, or one with --connector.")


def _value(file: str | None) -> str:
    if file is None and sys.stdin.isatty():
        return str(click.prompt("Value", hide_input=True, err=True))
    try:
        value = read_bytes(file or "-").decode()
    except UnicodeDecodeError:
        raise Misused("The value is not UTF-8.") from None
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise Misused("The value is empty.")
    return value
