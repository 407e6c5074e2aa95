"""``florin deliveries``: what was told to merchants' endpoints, and what came of it."""

from datetime import datetime

import click

from florin_cli.cells import Also, At, Cell, State, Words, mode_of
from florin_cli.client import Document, Paging
from florin_cli.desk import Desk, pass_desk
from florin_cli.parameters import ANY_MERCHANT, ANY_MODE, ID, PAST, Group, paged
from florin_cli.screen import Column, Row, Screen

STATES = click.Choice(["pending", "delivered", "dead", "cancelled"])
COLUMNS = (
    Column("Delivery", lambda row: row["id"]),
    Column("Created", lambda row: At(row["created_at"])),
    Column("State", lambda row: State(state_of(row))),
    Column("Event", lambda row: row["event_type"]),
    Column("Attempts", lambda row: row["attempts"]),
    Column("Next attempt", lambda row: At(row["next_attempt_at"])),
    Column("About", lambda row: row["payment_id"]),
    Column("Endpoint", lambda row: Also(row["endpoint_id"])),
)
_ATTEMPTS = (
    Column("Number", lambda row: row["number"]),
    Column("Began", lambda row: At(row["started_at"])),
    Column("Took", lambda row: f"{row['duration_ms']:.0f} ms" if row["duration_ms"] is not None else None),
    Column("Outcome", lambda row: _outcome(row)),
    Column("Detail", lambda row: Words(row["detail"])),
    Column("Answer", lambda row: Words(row["response_excerpt"])),
)


@click.group(cls=Group)
def deliveries() -> None:
    """Webhook deliveries of all merchants."""


@deliveries.command("list")
@ANY_MERCHANT
@ANY_MODE
@click.option("--endpoint", type=ID, metavar="ENDPOINT", help="Only to this endpoint.")
@click.option("--payment", type=ID, metavar="PAYMENT", help="Only about this payment.")
@click.option("--event", metavar="TYPE", help="Only of this type, such as payment.captured.")
@click.option("--state", type=STATES, help="Only in this state.")
@click.option("--since", type=PAST, metavar="TIME", help="Recorded at or after this: a time, or how long ago (2h).")
@click.option("--until", type=PAST, metavar="TIME", help="Recorded before this.")
@paged
@pass_desk
def list_deliveries(
    desk: Desk,
    merchant: str | None,
    livemode: bool | None,
    endpoint: str | None,
    payment: str | None,
    event: str | None,
    state: str | None,
    since: datetime | None,
    until: datetime | None,
    paging: Paging,
) -> None:
    """List deliveries, newest first within a merchant."""
    page = desk.notifications.pages(
        "deliveries",
        paging=paging,
        merchant_id=merchant,
        livemode=livemode,
        endpoint_id=endpoint,
        payment_id=payment,
        event_type=event,
        state=state,
        since=since,
        until=until,
    )
    desk.screen.show(page, lambda: desk.screen.listing(page, COLUMNS, empty="There are no such deliveries."))


@deliveries.command("show")
@click.argument("delivery", type=ID)
@pass_desk
def show_delivery(desk: Desk, delivery: str) -> None:
    """Show a delivery with every attempt."""
    found = desk.notifications.get("deliveries", delivery)
    desk.screen.show(found, lambda: _paint(desk.screen, found))


@deliveries.command("replay")
@click.argument("delivery", type=ID)
@pass_desk
def replay_delivery(desk: Desk, delivery: str) -> None:
    """Send a delivery again that is delivered, dead or cancelled."""
    replay_one(desk, delivery)


def replay_one(desk: Desk, delivery: str) -> None:
    """Ask for it, and say so."""
    found = desk.notifications.post("deliveries", delivery, "replay")
    sentence = f"{delivery} is on its way again; florin deliveries show {delivery} says how it went."
    desk.screen.show(found, lambda: desk.screen.line(sentence))


def state_of(delivery: Row) -> str:
    """A delivery's state; one whose request is under way right now says that."""
    return "attempting" if delivery["attempting"] else str(delivery["state"])


def _outcome(attempt: Row) -> Cell:
    status, failure = attempt["status"], attempt["failure"]
    if failure:
        return f"{failure} ({status})" if status else State(failure)
    return State("pending") if status is None else str(status)


def _paint(screen: Screen, detail: Document) -> None:
    delivery, attempts = detail["delivery"], detail["attempts"]
    screen.fields(
        {
            "Delivery": delivery["id"],
            "Mode": mode_of(delivery["livemode"]),
            "State": State(state_of(delivery)),
            "Reason": delivery["reason"],
            "Event": f"{delivery['event_type']} ({delivery['event_id']})",
            "About": delivery["payment_id"],
            "Endpoint": delivery["endpoint_id"],
            "Address": Words(attempts[-1]["url"]) if attempts else None,
            "Created": At(delivery["created_at"]),
            "Next attempt": At(delivery["next_attempt_at"]),
            "Finished": At(delivery["finished_at"]),
        }
    )
    if attempts:
        screen.table(attempts, _ATTEMPTS, title="Attempts")
