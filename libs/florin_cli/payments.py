"""``florin payments``: a merchant's payments, one of them, its story and its postings."""

import click

from florin_cli.cells import Also, Amount, At, Cell, State, Words, listed, mode_of
from florin_cli.client import Document, Paging
from florin_cli.desk import Desk, pass_desk
from florin_cli.failure import Exit
from florin_cli.parameters import ID, ONE_MODE, OWN_MERCHANT, Group, paged
from florin_cli.screen import Column, Row, Screen
from florin_cli.timeline import paint_timeline

_PAYMENT = click.argument("payment", type=ID)
_LISTED = (
    Column("Payment", lambda row: row["id"]),
    Column("Created", lambda row: At(row["created_at"])),
    Column("Status", lambda row: State(row["status"])),
    Column("Amount", lambda row: Amount(row["amount_minor"], row["currency"])),
    Column("Captured", lambda row: _some(row, "captured_minor")),
    Column("Refunded", lambda row: _some(row, "refunded_minor")),
    Column("Card", lambda row: _card(row["payment_method"])),
    Column("Reference", lambda row: Words(row["merchant_reference"])),
)
_ATTEMPTS = (
    Column("Attempt", lambda row: row["id"]),
    Column("Time", lambda row: At(row["created_at"])),
    Column("Connector", lambda row: row["connector"]),
    Column("Status", lambda row: State(row["status"])),
    Column("Reference", lambda row: row["acquirer_reference"]),
    Column("Acquirer's id", lambda row: row["acquirer_id"]),
    Column("Auth code", lambda row: row["auth_code"]),
    Column("Decline", lambda row: _decline(row["decline"])),
)
_REFUNDS = (
    Column("Refund", lambda row: row["id"]),
    Column("Time", lambda row: At(row["created_at"])),
    Column("Status", lambda row: State(row["status"])),
    Column("Amount", lambda row: Amount(row["amount_minor"], row["currency"])),
    Column("Reason", lambda row: Words(row["reason"])),
    Column("Decline", lambda row: _decline(row["decline"])),
)
_DISPUTES = (
    Column("Dispute", lambda row: row["id"]),
    Column("Opened", lambda row: At(row["opened_at"])),
    Column("Status", lambda row: State(row["status"])),
    Column("Amount", lambda row: Amount(row["amount_minor"], row["currency"])),
    Column("Reason code", lambda row: row["reason_code"]),
)
_ENTRIES = (
    Column("Posted", lambda row: At(row["recorded_at"])),
    Column("Account", lambda row: row["purpose"]),
    Column("Connector", lambda row: row["connector"]),
    Column("Debit", lambda row: Amount(row["amount_minor"], row["currency"]) if row["amount_minor"] >= 0 else None),
    Column("Credit", lambda row: Amount(-row["amount_minor"], row["currency"]) if row["amount_minor"] < 0 else None),
    Column("Operation", lambda row: row["operation_id"]),
    Column("Decision", lambda row: Also(row["decision_id"])),
)


@click.group(cls=Group)
def payments() -> None:
    """Payments, their stories and their postings."""


@payments.command("list")
@OWN_MERCHANT
@ONE_MODE
@click.option("--status", metavar="STATUS", help="Only those in this status, such as outcome_unknown.")
@paged
@pass_desk
def list_payments(desk: Desk, merchant: str | None, livemode: bool, status: str | None, paging: Paging) -> None:
    """List a merchant's payments in one mode, newest first."""
    merchant = desk.merchant(merchant)
    page = desk.payments.pages("payments", paging=paging, merchant_id=merchant, livemode=livemode, status=status)
    empty = f"{merchant} has no such payments in {'live' if livemode else 'test'} mode."
    desk.screen.show(page, lambda: desk.screen.listing(page, _LISTED, empty=empty))


@payments.command("show")
@_PAYMENT
@pass_desk
def show_payment(desk: Desk, payment: str) -> None:
    """Show a payment with its attempts, refunds and disputes."""
    found = desk.payments.get("payments", payment)
    desk.screen.show(found, lambda: _paint(desk.screen, found))


@payments.command("timeline")
@_PAYMENT
@pass_desk
def tell_timeline(desk: Desk, payment: str) -> None:
    """Tell a payment's story: every decision, operation, callback and webhook with its time."""
    timeline = desk.payments.get("payments", payment, "timeline")
    if desk.screen.json:
        desk.screen.document(timeline)
    else:
        paint_timeline(desk.screen, desk.payments.get("payments", payment), timeline)


@payments.command("entries")
@_PAYMENT
@pass_desk
def list_entries(desk: Desk, payment: str) -> None:
    """List what a payment posted to the ledger."""
    entries = desk.payments.get("payments", payment, "entries")
    empty = "This payment posted nothing."
    desk.screen.show(entries, lambda: desk.screen.listing({"data": entries}, _ENTRIES, empty=empty))


@payments.command("ask")
@_PAYMENT
@pass_desk
def ask_acquirer(desk: Desk, payment: str) -> int:
    """Ask the acquirer now about whatever is unknown of a payment. Exit status 1: it still is."""
    found = desk.payments.post("payments", payment, "ask")
    desk.screen.show(found, lambda: _paint(desk.screen, found))
    return Exit.FINDING if found["status"] in ("outcome_unknown", "conflicted") else Exit.OK


def _paint(screen: Screen, payment: Document) -> None:
    def amount(name: str) -> Cell:
        return _some(payment, name)

    named: dict[str, Cell] = {
        "Payment": payment["id"],
        "Merchant": payment["merchant_id"],
        "Mode": mode_of(payment["livemode"]),
        "Status": State(payment["status"]),
        "Conflict": Words(payment["conflict"]),
        "Amount": Amount(payment["amount_minor"], payment["currency"]),
        "Authorized": amount("authorized_minor"),
        "Captured": amount("captured_minor"),
        "Can be captured": amount("capturable_minor"),
        "Refunded": amount("refunded_minor"),
        "Refund pending": amount("refund_pending_minor"),
        "Card": _card(payment["payment_method"]),
        "Last decline": _decline(payment["last_decline"]),
        "Capture": payment["capture_method"],
        "Reference": Words(payment["merchant_reference"]),
        "Description": Words(payment["description"]),
        "Metadata": Words(listed(f"{name}={value}" for name, value in payment["metadata"].items())),
        "Created": At(payment["created_at"]),
        "Expires": At(payment["expires_at"]),
        "Canceled": At(payment["canceled_at"]),
        "Cancellation": Words(payment["cancellation_reason"]),
        "Configuration": f"version {payment['config_version']}",
    }
    screen.fields(named)
    for name, columns in (("attempts", _ATTEMPTS), ("refunds", _REFUNDS), ("disputes", _DISPUTES)):
        if payment[name]:
            screen.table(payment[name], columns, title=name.capitalize())


def _some(payment: Row, name: str) -> Cell:
    return Amount(payment[name], payment["currency"]) if payment[name] else None


def _card(card: Row | None) -> Cell:
    if card is None:
        return None
    return f"{card['scheme']} ···· {card['last4']}" if card["last4"] else str(card["token"])


def _decline(decline: Row | None) -> Cell:
    if decline is None:
        return None
    said = f"{decline['reason']}: {decline['message']}" if decline["message"] else decline["reason"]
    code = f" (code {decline['raw_code']})" if decline["raw_code"] else ""
    return Words(f"{said}{code}; advice: {decline['action']}")
