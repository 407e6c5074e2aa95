"""``florin dead-letters``: what was given up and waits for a person."""

import click

from florin_cli.cells import At, Words
from florin_cli.client import PAGE_MOST, Document
from florin_cli.deliveries import COLUMNS as DELIVERIES
from florin_cli.deliveries import replay_one
from florin_cli.desk import Desk, pass_desk
from florin_cli.parameters import ID, Group
from florin_cli.screen import Column, Screen

_EVENTS = (
    Column("Dead letter", lambda row: row["id"]),
    Column("Since", lambda row: At(row["created_at"])),
    Column("Stream", lambda row: row["stream"]),
    Column("Group", lambda row: row["group"]),
    Column("Event", lambda row: row["event_id"]),
    Column("About", lambda row: row["aggregate_id"]),
    Column("Tries", lambda row: row["tries"]),
    Column("Reason", lambda row: Words(row["reason"])),
)


@click.group("dead-letters", cls=Group)
def dead_letters() -> None:
    """What was given up: events that could not be handled, deliveries whose attempts are exhausted."""


@dead_letters.command("list")
@click.option(
    "--limit", type=click.IntRange(1, PAGE_MOST), default=PAGE_MOST, show_default=True, help="At most so many of each."
)
@pass_desk
def list_dead_letters(desk: Desk, limit: int) -> None:
    """List dead letters, newest first."""
    found = desk.notifications.get("dead_letters", limit=limit)
    desk.screen.show(found, lambda: _paint(desk.screen, found))


@dead_letters.command("replay")
@click.argument("dead_letter", type=ID)
@pass_desk
def replay_dead_letter(desk: Desk, dead_letter: str) -> None:
    """Handle an event again, or send a dead delivery again."""
    if dead_letter.startswith("dlv_"):
        replay_one(desk, dead_letter)
        return
    desk.notifications.post("dead_letters", dead_letter, "replay")
    done = {"id": dead_letter, "replayed": True}
    desk.screen.show(done, lambda: desk.screen.line(f"{dead_letter} was handled."))


def _paint(screen: Screen, found: Document) -> None:
    if not found["events"] and not found["deliveries"]:
        screen.note("Nothing was given up.")
        return
    if found["events"]:
        screen.table(found["events"], _EVENTS, title="Events that could not be handled")
    if found["deliveries"]:
        screen.table(found["deliveries"], DELIVERIES, title="Deliveries that were given up")
    screen.note("florin dead-letters replay ID sends one again; florin replays create sends many.")
