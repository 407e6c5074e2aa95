"""Settle a business day: one CSV file of everything that moved money, with what it cost."""

import csv
import io
from collections.abc import Iterator

from msgspec import Struct

from simulator.domain.cards import find_card
from simulator.domain.fees import Fees, capture_fees, convert, exchange_rate, refund_fees
from simulator.store.book import Book
from simulator.store.disputes import dispute_movements
from simulator.store.operations import Movement, movements_of
from simulator.store.terminals import Register

_NO_FEES = Fees(0, 0, 0)


class SettlementLine(Struct, frozen=True):
    """One line of the file. Amounts are minor units, signed as the merchant sees them; ``net`` is gross less fees."""

    batch_id: str
    line: int
    type: str
    arn: str
    reference: str
    authorization: str
    terminal: str
    mid: str
    scheme: str
    business_date: str
    transaction_currency: str
    transaction_amount_minor: int
    rate: str
    settlement_currency: str
    gross_minor: int
    interchange_minor: int
    scheme_fee_minor: int
    acquirer_fee_minor: int
    net_minor: int


COLUMNS = SettlementLine.__struct_fields__


def settle_day(book: Book, register: Register, day: str, terminal_id: str | None = None) -> str:
    """The settlement file of a day (ISO date, UTC), for one terminal or for all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in settlement_lines(book, register, day):
        if terminal_id in (None, line.terminal):
            writer.writerow([getattr(line, column) for column in COLUMNS])
    return text.getvalue()


def settlement_lines(book: Book, register: Register, day: str) -> Iterator[SettlementLine]:
    """Captures and refunds in the book's order, then chargebacks and their reversals."""
    wanted_currency = {terminal.id: terminal.settlement_currency for terminal in register.all()}
    numbers: dict[str, int] = {}
    moved = [(("capture" if movement.direction > 0 else "refund"), movement) for movement in movements_of(book, day)]
    for kind, movement in [*moved, *dispute_movements(book, day)]:
        currency = wanted_currency.get(movement.terminal) or movement.currency
        if exchange_rate(movement.currency, currency) is None:
            currency = movement.currency
        batch_id = f"{movement.terminal}-{day.replace('-', '')}-{currency}"
        numbers[batch_id] = numbers.get(batch_id, 0) + 1
        yield _line(movement, kind, batch_id=batch_id, number=numbers[batch_id], currency=currency, day=day)


def _line(movement: Movement, kind: str, *, batch_id: str, number: int, currency: str, day: str) -> SettlementLine:
    card = find_card(movement.card).card
    rate = exchange_rate(movement.currency, currency)
    if rate is None:
        raise ValueError(f"There is no rate from {movement.currency} to {currency}.")
    gross_minor = convert(movement.amount_minor, movement.currency, currency, rate)
    fees = _NO_FEES
    if kind == "capture":
        fees = capture_fees(gross_minor, currency, card)
    elif kind == "refund":
        fees = refund_fees(gross_minor, card)
    signed_minor = movement.direction * gross_minor
    return SettlementLine(
        batch_id=batch_id,
        line=number,
        type=kind,
        arn=movement.arn,
        reference=movement.reference,
        authorization=movement.authorization_id,
        terminal=movement.terminal,
        mid=movement.mid,
        scheme=card.scheme,
        business_date=day,
        transaction_currency=movement.currency,
        transaction_amount_minor=movement.direction * movement.amount_minor,
        rate=str(rate),
        settlement_currency=currency,
        gross_minor=signed_minor,
        interchange_minor=fees.interchange_minor,
        scheme_fee_minor=fees.scheme_fee_minor,
        acquirer_fee_minor=fees.acquirer_fee_minor,
        net_minor=signed_minor - fees.total_minor,
    )
