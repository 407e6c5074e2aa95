"""``florin merchants config``: read, plan and put a merchant's configuration, and see how far it has come.

The document is the ``spec``, as `get` prints it. A file may also hold it as its member ``spec``, as a Kubernetes
resource and the answers under ``--json`` do.
"""

import time
from typing import Any

import click
from rich.text import Text

from florin_cli.cells import Also, At, Cell, State, Words, changed, listed, plain
from florin_cli.client import Document, Paging
from florin_cli.desk import Desk, pass_desk
from florin_cli.failure import Exit
from florin_cli.parameters import DURATION, FILE, ID, Group, paged, read_document
from florin_cli.screen import Column, Row, Screen

_MERCHANT = click.argument("merchant", type=ID)
_PROPAGATION_WAIT_S = 60.0
_PROPAGATION_PAUSE_S = 0.25
_VERSIONS = (
    Column("Version", lambda row: Text(str(row["config_version"]))),
    Column("Stored", lambda row: At(row["created_at"])),
    Column("By", lambda row: _author(row)),
    Column("Hash", lambda row: Also(row["spec_hash"][:12])),
)
_REPLICAS = (
    Column("Service", lambda row: row["service"]),
    Column("Replica", lambda row: row["replica"]),
    Column("Has come to", lambda row: Text(str(row["floor"]))),
    Column("Lease until", lambda row: At(row["lease_until"])),
)


def _write_options(run: Any) -> Any:
    for option in (
        click.option("--adopt", is_flag=True, help="Take it over from another owner, or from nobody."),
        click.option("--for", "for_s", type=DURATION, default="1h", show_default=True, help="How long that holds."),
        click.option("--break-glass", metavar="REASON", help="Edit by hand although a resource owns it."),
        FILE,
        _MERCHANT,
    ):
        run = option(run)
    return run


@click.group(cls=Group)
def config() -> None:
    """A merchant's configuration."""


@config.command("get")
@_MERCHANT
@click.option("--version", type=click.IntRange(min=1), help="An earlier one.")
@pass_desk
def get_config(desk: Desk, merchant: str, version: int | None) -> None:
    """Print a configuration as the document that `put` takes."""
    path = ("config", "versions", str(version)) if version else ("config",)
    stored = desk.merchants.get("merchants", merchant, *path)

    def paint() -> None:
        painter = desk.screen.painter
        desk.screen.note(f"Version {stored['config_version']} of {painter.time(stored['created_at'])}.")
        desk.screen.document(stored["spec"])

    desk.screen.show(stored, paint)


@config.command("plan")
@_write_options
@pass_desk
def plan_config(desk: Desk, /, merchant: str, **options: Any) -> int:
    """Show what `put` would change, and what would be refused. Exit status 1: it would be refused."""
    plan = desk.merchants.put("merchants", merchant, "config", body=_body(**options), dryRun=True)
    desk.screen.show(plan, lambda: _paint_plan(desk.screen, plan))
    return Exit.OK if plan["accepted"] else Exit.FINDING


@config.command("put")
@_write_options
@click.option("--wait", is_flag=True, help="Until every replica works with it. Exit status 1: not within a minute.")
@pass_desk
def put_config(desk: Desk, /, merchant: str, wait: bool, **options: Any) -> int:
    """Store a configuration; the same again changes nothing."""
    stored = desk.merchants.put("merchants", merchant, "config", body=_body(**options))
    version = stored["config_version"]

    def paint() -> None:
        changed = f"Version {version} is stored." if stored["changed"] else f"Version {version} says that already."
        desk.screen.line(changed)

    desk.screen.show(stored, paint)
    return _wait(desk, merchant) if wait else Exit.OK


@config.command("history")
@_MERCHANT
@paged
@pass_desk
def list_versions(desk: Desk, merchant: str, paging: Paging) -> None:
    """List all versions, newest first."""
    page = desk.merchants.pages("merchants", merchant, "config", "versions", paging=paging)
    desk.screen.show(page, lambda: desk.screen.listing(page, _VERSIONS, empty=f"{merchant} has no configuration yet."))


@config.command("propagation")
@_MERCHANT
@pass_desk
def show_propagation(desk: Desk, merchant: str) -> int:
    """Show whether every replica works with the configuration in force. Exit status 1: not all do."""
    propagation = desk.merchants.get("merchants", merchant, "propagation")
    desk.screen.show(propagation, lambda: _paint_propagation(desk.screen, propagation))
    return Exit.OK if propagation["state"] == "propagated" else Exit.FINDING


@config.command("release")
@_MERCHANT
@pass_desk
def release_config(desk: Desk, merchant: str) -> None:
    """Let the owner go: the configuration stays in force and may be edited by hand."""
    released = desk.merchants.post("merchants", merchant, "config", "release")
    desk.screen.show(released, lambda: desk.screen.line(f"{merchant} has no owner now."))


def _body(*, file: str, adopt: bool, break_glass: str | None, for_s: int) -> Document:
    document = read_document(file)
    spec = document["spec"] if isinstance(document.get("spec"), dict) else document
    glass = {"break_glass": {"reason": break_glass, "ttl_seconds": for_s}} if break_glass else {}
    return {"spec": spec, "adopt": adopt, **glass}


def _wait(desk: Desk, merchant: str) -> int:
    deadline = time.monotonic() + _PROPAGATION_WAIT_S
    while True:
        propagation = desk.merchants.get("merchants", merchant, "propagation")
        if propagation["state"] == "propagated":
            desk.screen.note("Every replica works with it.")
            return Exit.OK
        if time.monotonic() > deadline:
            sentence = f"It is {propagation['state']}: florin merchants config propagation {merchant} says where."
            desk.screen.note(sentence, style="red")
            return Exit.FINDING
        time.sleep(_PROPAGATION_PAUSE_S)


def _author(row: Row) -> Cell:
    if owner := row["owner"]:
        return f"{owner['uid']} generation {owner['generation']}"
    return Words(f"by hand: {row['reason']}") if row["reason"] else Also("by hand")


def _paint_plan(screen: Screen, plan: Document) -> None:
    version = plan["config_version"]
    for change in plan["changes"]:
        screen.line(changed(change))
    if not plan["changes"]:
        screen.line(f"Nothing changes: version {version} says that already." if version else "Nothing changes.")
    for violation in plan["violations"]:
        screen.line(Text(f"✗ {plain(violation['path'])}: {plain(violation['message'])}", style="red"))
    if conflict := plan["conflict"]:
        screen.line(Text(f"✗ {plain(conflict['detail'])} ({conflict['code']})", style="red"))
    against = f"against version {version}" if version else "the first version"
    differ = "1 field differs" if len(plan["changes"]) == 1 else f"{len(plan['changes'])} fields differ"
    screen.note(f"{differ}, {against}; nothing was written.")
    if not plan["accepted"]:
        screen.note("It would be refused.", style="red")


def _paint_propagation(screen: Screen, propagation: Document) -> None:
    version = propagation["config_version"]
    screen.fields(
        {
            "Merchant": propagation["merchant_id"],
            "Version": Text(str(version)) if version else Also("none yet"),
            "State": State(propagation["state"]),
            "Not heard of": listed(propagation["missing_services"]),
        }
    )
    if propagation["replicas"]:
        screen.table(propagation["replicas"], _REPLICAS, title="Replicas")
