"""``florin ledger``: the proof that the books hold together."""

from itertools import groupby

import click
from rich.text import Text

from florin_cli.cells import plain
from florin_cli.client import Document
from florin_cli.desk import Desk, pass_desk
from florin_cli.failure import Exit
from florin_cli.parameters import Group
from florin_cli.screen import Column, Row, Screen

_CHECK_TIMEOUT_S = 1200.0


@click.group(cls=Group)
def ledger() -> None:
    """The ledger."""


@ledger.command("check")
@pass_desk
def check_ledger(desk: Desk) -> int:
    """Prove the whole ledger: every transaction sums to zero, and it agrees with payments.

    Exit status 1: it does not; the rows that break it are printed.
    """
    report = desk.payments.patient(_CHECK_TIMEOUT_S).get("ledger", "check")
    desk.screen.show(report, lambda: _paint(desk.screen, report))
    return Exit.FINDING if report["faults"] else Exit.OK


def _paint(screen: Screen, report: Document) -> None:
    faults = report["faults"]
    size = f"{report['entries']:,} entries in {report['transactions']:,} transactions"
    if not faults:
        screen.line(Text.assemble(("✓ ", "green"), f"The ledger holds: {size}; each sums to zero."))
        return
    screen.line(Text.assemble(("✗ ", "red"), f"The ledger does not hold: {len(faults)} rows break it, of {size}."))
    for rule, broken in groupby(faults, key=lambda fault: str(fault["rule"])):
        rows = [fault["row"] for fault in broken]
        screen.table(rows, [_column(name) for name in rows[0]], title=rule)
    screen.note("florin payments timeline and florin payments entries show how a payment came to it.")


def _column(name: str) -> Column:
    def cell(row: Row) -> str:
        return plain(row.get(name, ""))

    return Column(name, cell)
