"""``florin keys``: API keys, each shown once."""

from datetime import datetime

import click

from florin.contracts.api_keys import Scope
from florin_cli.cells import Also, At, Cell, State, Words, listed, mode_of
from florin_cli.client import Document, Paging
from florin_cli.desk import Desk, pass_desk
from florin_cli.parameters import (
    ANY_MODE,
    DURATION,
    FUTURE,
    ID,
    ONE_MODE,
    OWN_MERCHANT,
    YES,
    Group,
    paged,
)
from florin_cli.screen import Column, Row

_KEY = click.argument("key", type=ID)
_EXPIRES = click.option(
    "--expires-at", type=FUTURE, metavar="TIME", help="When it ends: a time, or how far away (90d)."
)
_COLUMNS = (
    Column("Key", lambda row: row["id"]),
    Column("Mode", lambda row: mode_of(row["livemode"])),
    Column("Status", lambda row: State(row["status"])),
    Column("Looks like", lambda row: row["hint"]),
    Column("Name", lambda row: Words(row["name"])),
    Column("Scopes", lambda row: _scopes(row)),
    Column("Created", lambda row: At(row["created_at"])),
    Column("Ends", lambda row: At(row["revoked_at"] or row["expires_at"])),
)


@click.group(cls=Group)
def keys() -> None:
    """API keys of a merchant."""


@keys.command("list")
@OWN_MERCHANT
@ANY_MODE
@paged
@pass_desk
def list_keys(desk: Desk, merchant: str | None, livemode: bool | None, paging: Paging) -> None:
    """List keys; those of one mode newest first."""
    merchant = desk.merchant(merchant)
    page = desk.merchants.pages("merchants", merchant, "keys", paging=paging, livemode=livemode)
    desk.screen.show(page, lambda: desk.screen.listing(page, _COLUMNS, empty=f"{merchant} has no such keys."))


@keys.command("create")
@OWN_MERCHANT
@ONE_MODE
@click.option("--name", default="", help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="A right; the key then has no other.",
)
@click.option("--rate-limit", type=click.IntRange(1, 10_000), help="Requests a second.")
@_EXPIRES
@pass_desk
def create_key(
    desk: Desk,
    merchant: str | None,
    livemode: bool,
    name: str,
    scopes: tuple[str, ...],
    rate_limit: int | None,
    expires_at: datetime | None,
) -> None:
    """Make a key and print it, this once. Without scopes it has every right."""
    body = {
        "livemode": livemode,
        "name": name,
        "restricted": bool(scopes),
        "scopes": scopes,
        "expires_at": expires_at,
        **({"rate_limit_per_second": rate_limit} if rate_limit else {}),
    }
    _show(desk, desk.merchants.post("merchants", desk.merchant(merchant), "keys", body=body))


@keys.command("rotate")
@_KEY
@OWN_MERCHANT
@click.option(
    "--overlap", "overlap_s", type=DURATION, default="24h", show_default=True, help="How long the old one still works."
)
@_EXPIRES
@pass_desk
def rotate_key(desk: Desk, key: str, merchant: str | None, overlap_s: int, expires_at: datetime | None) -> None:
    """Replace a key by a fresh one with the same rights, and print that, this once."""
    body = {"overlap_seconds": overlap_s, "expires_at": expires_at}
    _show(desk, desk.merchants.post("merchants", desk.merchant(merchant), "keys", key, "rotate", body=body))


@keys.command("revoke")
@_KEY
@OWN_MERCHANT
@YES
@pass_desk
def revoke_key(desk: Desk, key: str, merchant: str | None, yes: bool) -> None:
    """Revoke a key for ever."""
    merchant = desk.merchant(merchant)
    desk.confirm(f"Revoke {key} of {merchant} for ever?", yes=yes)
    _show(desk, desk.merchants.post("merchants", merchant, "keys", key, "revoke"))


def _scopes(row: Row) -> Cell:
    return Words(listed(row["scopes"])) if row["restricted"] else Also("all")


def _show(desk: Desk, key: Document) -> None:
    named: dict[str, Cell] = {
        "Key": key["id"],
        "Merchant": key["merchant_id"],
        "Mode": mode_of(key["livemode"]),
        "Name": Words(key["name"]),
        "Status": State(key["status"]),
        "Scopes": _scopes(key),
        "Rate": f"{key['rate_limit_per_second']} requests a second",
        "Created": At(key["created_at"]),
        "Expires": At(key["expires_at"]),
        "Revoked": At(key["revoked_at"]),
        "Secret": key["secret"] or Also(key["hint"]),
    }

    def paint() -> None:
        desk.screen.fields(named)
        if key["secret"]:
            desk.screen.note("This is the only time that the secret is shown.", style="yellow")

    desk.screen.show(key, paint)
