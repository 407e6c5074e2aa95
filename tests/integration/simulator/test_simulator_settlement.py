"""The settlement file adds up to the book, per currency."""

import csv
import io
from collections import defaultdict
from datetime import UTC, datetime


async def settlement(simulator) -> list[dict]:
    day = datetime.now(UTC).date().isoformat()
    answer = await simulator.control("GET", f"/settlements/{day}")
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


async def sell(simulator) -> None:
    await simulator.authorize("A1", amount_minor=10_000)
    await simulator.perform("captures", reference="C1", authorization="A1", amount_minor=2_500)
    await simulator.perform("captures", reference="C2", authorization="A1", amount_minor=7_001 - 1)
    await simulator.perform("refunds", reference="F1", authorization="A1", amount_minor=1_234)
    await simulator.authorize("S1", amount_minor=999, currency="JPY", card="tok_jcb", capture=True)
    await simulator.authorize("S2", amount_minor=12_345, currency="KWD", card="tok_mastercard", capture=True)
    await simulator.authorize("S3", amount_minor=5_000, currency="EUR", card="tok_visa_eu", capture=True)
    await simulator.authorize("S4", amount_minor=777, currency="EUR", card="tok_declined", capture=True)
    await simulator.authorize("S5", amount_minor=100, currency="EUR")


async def test_file_equals_the_book(simulator) -> None:
    await sell(simulator)
    lines = await settlement(simulator)
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line["transaction_currency"]] += int(line["transaction_amount_minor"])
        fees = sum(int(line[name]) for name in ("interchange_minor", "scheme_fee_minor", "acquirer_fee_minor"))
        assert int(line["net_minor"]) == int(line["gross_minor"]) - fees
        assert line["gross_minor"] == line["transaction_amount_minor"]  # settled in its own currency
        (booked,) = await simulator.booked(line["reference"])
        assert (line["arn"], booked["fee_minor"]) == (booked["arn"], fees)
    book = (await simulator.control("GET", "/sums")).json()
    assert dict(sums) == {line["currency"]: line["captured_minor"] - line["refunded_minor"] for line in book}
    assert [line["reference"] for line in lines] == ["C1", "C2", "F1", "S1", "S2", "S3"]
    assert [line["line"] for line in lines if line["settlement_currency"] == "EUR"] == ["1", "2", "3", "4"]


async def test_settled_in_one_currency_at_the_stated_rate(simulator) -> None:
    await simulator.control("PATCH", "/terminals/default", {"settlement_currency": "EUR"})
    try:
        await simulator.authorize("S1", amount_minor=1_600, currency="JPY", capture=True)
        await simulator.authorize("S2", amount_minor=3_400, currency="KWD", capture=True)
        await simulator.authorize("S3", amount_minor=500, currency="XAF", capture=True)  # no rate: its own currency
        lines = await settlement(simulator)
    finally:
        await simulator.control("PATCH", "/terminals/default", {"settlement_currency": None})
    assert [(line["settlement_currency"], line["rate"], line["gross_minor"]) for line in lines] == [
        ("EUR", "0.00625000", "1000"),
        ("EUR", "2.94117647", "1000"),
        ("XAF", "1", "500"),
    ]


async def test_chargebacks_and_their_reversals_are_lines(simulator) -> None:
    await simulator.authorize("S1", capture=True)
    dispute = (await simulator.control("POST", "/disputes", {"authorization": "S1"})).json()
    await simulator.control("POST", f"/disputes/{dispute['id']}/end", {"won": True})
    lines = await settlement(simulator)
    assert [(line["type"], line["gross_minor"]) for line in lines] == [
        ("capture", "1000"),
        ("chargeback", "-1000"),
        ("chargeback_reversal", "1000"),
    ]


async def test_no_such_day(simulator) -> None:
    assert (await simulator.control("GET", "/settlements/yesterday")).status == 404
    empty = await simulator.control("GET", "/settlements/2020-01-01")
    assert empty.body.count(b"\n") == 1
