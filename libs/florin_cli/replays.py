"""``florin replays``: sending many deliveries again, as a job that survives restarts."""

import time
from datetime import datetime

import click

from florin_cli.cells import At, Cell, State, Words, listed, mode_of
from florin_cli.client import Document, Paging
from florin_cli.deliveries import STATES
from florin_cli.desk import Desk, pass_desk
from florin_cli.parameters import ANY_MERCHANT, ID, ONE_MODE, OWN_MERCHANT, PAST, Group, paged
from florin_cli.screen import Column, Row

_PAUSE_S = 0.5
_STATES = click.Choice([state for state in STATES.choices if state != "pending"])
_COLUMNS = (
    Column("Replay", lambda row: row["id"]),
    Column("Begun", lambda row: At(row["created_at"])),
    Column("Merchant", lambda row: row["merchant_id"]),
    Column("State", lambda row: State(row["state"])),
    Column("Looked at", lambda row: row["examined"]),
    Column("Sent again", lambda row: row["replayed"]),
    Column("By", lambda row: row["actor"]),
    Column("What", lambda row: Words(_selection(row))),
)


@click.group(cls=Group)
def replays() -> None:
    """Replays of many deliveries."""


@replays.command("list")
@ANY_MERCHANT
@paged
@pass_desk
def list_replays(desk: Desk, merchant: str | None, paging: Paging) -> None:
    """List replays, newest first within a merchant."""
    page = desk.notifications.pages("replays", paging=paging, merchant_id=merchant)
    desk.screen.show(page, lambda: desk.screen.listing(page, _COLUMNS, empty="There are no replays."))


@replays.command("show")
@click.argument("replay", type=ID)
@pass_desk
def show_replay(desk: Desk, replay: str) -> None:
    """Show a replay and how far it has come."""
    _show(desk, desk.notifications.get("replays", replay))


@replays.command("create")
@OWN_MERCHANT
@ONE_MODE
@click.option("--state", "states", type=_STATES, multiple=True, help="In which state; dead where none is named.")
@click.option("--endpoint", type=ID, metavar="ENDPOINT", help="Only to this endpoint.")
@click.option("--payment", type=ID, metavar="PAYMENT", help="Only about this payment.")
@click.option("--event", "events", multiple=True, metavar="PATTERN", help="Only these, such as refund.*")
@click.option("--since", type=PAST, metavar="TIME", help="Recorded at or after this: a time, or how long ago (2h).")
@click.option("--until", type=PAST, metavar="TIME", help="Recorded before this.")
@click.option("--wait", is_flag=True, help="Until it is done.")
@pass_desk
def create_replay(
    desk: Desk,
    merchant: str | None,
    livemode: bool,
    states: tuple[str, ...],
    endpoint: str | None,
    payment: str | None,
    events: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    wait: bool,
) -> None:
    """Send deliveries of a merchant again: by default everything that failed for good."""
    body: Document = {
        "merchant_id": desk.merchant(merchant),
        "livemode": livemode,
        "states": states or ("dead",),
        "endpoint_id": endpoint,
        "payment_id": payment,
        "events": events,
        "since": since,
        "until": until,
    }
    replay = desk.notifications.post("replays", body=body)
    while wait and replay["state"] == "running":
        time.sleep(_PAUSE_S)
        replay = desk.notifications.get("replays", replay["id"])
    _show(desk, replay)


def _selection(row: Row) -> str:
    parts = [listed(row["states"]), listed(row["events"]), row["endpoint_id"] or "", row["payment_id"] or ""]
    parts += [f"{name} {row[name]}" for name in ("since", "until") if row[name]]
    return "; ".join(part for part in parts if part)


def _show(desk: Desk, replay: Document) -> None:
    named: dict[str, Cell] = {
        "Replay": replay["id"],
        "Merchant": replay["merchant_id"],
        "Mode": mode_of(replay["livemode"]),
        "State": State(replay["state"]),
        "What": Words(_selection(replay)),
        "Looked at": replay["examined"],
        "Sent again": replay["replayed"],
        "By": replay["actor"],
        "Begun": At(replay["created_at"]),
        "Finished": At(replay["finished_at"]),
    }
    desk.screen.show(replay, lambda: desk.screen.fields(named))
