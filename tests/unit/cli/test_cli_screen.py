"""How things look on a screen: amounts, times, and text that strangers wrote."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin_cli.cells import Amount, At, Cell, Painter, State, Words, money, plain
from florin_cli.client import Paging, Service
from florin_cli.screen import Column, Screen
from florin_cli.timeline import paint_timeline

ID = "pay_test_3f01jd3x4m8c5v9k2q7r0s6t1w8y"


@pytest.mark.parametrize(
    ("amount_minor", "currency", "shown"),
    [
        (1999, "EUR", "19.99 EUR"),
        (5, "EUR", "0.05 EUR"),
        (0, "EUR", "0.00 EUR"),
        (1999, "JPY", "1999 JPY"),
        (1999, "KWD", "1.999 KWD"),
        (-500, "EUR", "-5.00 EUR"),
        (999_999_999_999, "EUR", "9999999999.99 EUR"),
        (1999, "ZZZ", "1999 minor units of ZZZ"),
    ],
)
def test_amounts_have_their_currencys_decimals(amount_minor: int, currency: str, shown: str) -> None:
    assert money(amount_minor, currency) == shown


@given(st.text())
def test_text_of_strangers_cannot_act_on_the_terminal(text: str) -> None:
    assert plain(text).isprintable()
    assert text.isprintable() <= (plain(text) == text)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (None, "-"),
        ("", "-"),
        (At(None), "-"),
        (At("2026-01-31T12:00:05.987654Z"), "2026-01-31 12:00:05Z"),
        (At("2026-01-31T12:00:05+05:30"), "2026-01-31 06:30:05Z"),
        (True, "yes"),
        (12345, "12,345"),
        (State("succeeded"), "succeeded"),
        (Words("a\nb\x1b[2J"), "a\\nb\\x1b[2J"),
        ("[red]text", "[red]text"),
    ],
)
def test_cells(cell: Cell, shown: str) -> None:
    assert Painter(local=False).text(cell).plain == shown


def test_narrow_terminal_folds_free_text_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    columns = (
        Column("Payment", lambda row: row["id"]),
        Column("Created", lambda row: At("2026-01-31T12:00:05Z")),
        Column("About", lambda row: Words(row["about"])),
        Column("Amount", lambda row: Amount(1999, "EUR")),
    )
    Screen(width=60).table([{"id": ID, "about": "word " * 20}], columns)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == [ID, "2026-01-31", "12:00:05Z", *["word"] * 5, "19.99", "EUR"]
    assert sum(line.count("word") for line in lines) == 20
    assert len(lines) == 1 + 4


def test_story_is_told_whatever_its_entries_hold(capsys: pytest.CaptureFixture[str]) -> None:
    payment = {"id": ID, "status": "succeeded", "amount_minor": 1, "currency": "EUR", "merchant_id": "shop"}
    entries = [
        _entry("2026-01-31T23:59:59.9994Z", "decision", "create", status="processing", actor="key:\x1b[2J"),
        _entry("2026-02-01T00:00:00Z", "webhook_attempt", "payment.created: None", **_attempt(None)),
        _entry("2026-02-01T00:00:01Z", "of_a_later_version", "something", new="yes", empty=None),
    ]
    paint_timeline(Screen(), payment, {"data": entries, "deliveries_complete": False})
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"{ID}  0.01 EUR  succeeded  shop",
        "",
        "Saturday, 2026-01-31 (UTC)",
        "23:59:59.999  ● decided   create → processing         by key:\\x1b[2J",
        "",
        "Sunday, 2026-02-01 (UTC)",
        "00:00:00.000  ↗ attempt   payment.created: under way  number 1, dlv_1",
        "00:00:01.000  · of_a_later_version something                   new yes",
    ]
    assert "webhooks are missing" in told.err


@given(st.integers(0, 450), st.none() | st.integers(1, 450))
def test_pages_are_followed_until_enough(there: int, most: int | None) -> None:
    service = _Paged(there)
    page = service.pages("things", paging=Paging(most))
    wanted = there if most is None else min(most, there)
    assert page["data"] == list(range(wanted))
    assert page["has_more"] == (wanted < there)
    assert all(1 <= limit <= 100 for limit in service.limits)


class _Paged(Service):
    """A list of numbers, each its own cursor, as `florin.service.pages` answers it."""

    def __init__(self, there: int) -> None:
        self.there = there
        self.limits: list[int] = []

    def get(self, *path: str, **query: Any) -> Any:
        limit, after = query["limit"], query["starting_after"]
        self.limits.append(limit)
        start = 0 if after is None else int(after) + 1
        data = list(range(start, min(start + limit, self.there)))
        more = start + limit < self.there
        return {"data": data, "has_more": more, "next_cursor": str(data[-1]) if more else None}


def _entry(at: str, kind: str, what: str, **detail: Any) -> dict[str, Any]:
    return {"at": at, "kind": kind, "what": what, "detail": detail}


def _attempt(status: int | None) -> dict[str, Any]:
    return {"delivery_id": "dlv_1", "number": 1, "status": status, "duration_ms": None}
