"""Payments, their stories and the ledger, from the terminal on the running platform."""

import asyncio
import re

from tests.support.florin_command import Florin
from tests.support.platform import Platform, Shop, eventually


async def test_list_and_show_write_amounts_with_their_currencys_decimals(florin: Florin, shop: Shop) -> None:
    euros = (await shop.pay(amount_minor=1999, merchant_reference="order-1")).ok()
    dinars = (await shop.pay(amount_minor=1999, currency="KWD")).ok()
    yen = (await shop.pay(amount_minor=1999, currency="JPY")).ok()
    listed = await florin("payments", "list")
    lines = {line.split()[0]: line for line in listed.ok().splitlines()[1:]}
    assert list(lines) == [yen["id"], dinars["id"], euros["id"]]
    assert "  19.99 EUR  " in lines[euros["id"]]
    assert "order-1" in lines[euros["id"]]
    assert "  1.999 KWD  " in lines[dinars["id"]]
    assert "  1999 JPY  " in lines[yen["id"]]

    shown = (await florin("payments", "show", euros["id"])).ok()
    assert re.search(r"^Amount +19\.99 EUR$", shown, re.MULTILINE)
    assert re.search(r"^Card +visa ···· 4242$", shown, re.MULTILINE)
    assert euros["attempts"][0]["acquirer_reference"] in shown
    assert (await florin("payments", "show", euros["id"], "--json")).json()["id"] == euros["id"]


async def test_lists_are_followed_over_pages(florin: Florin, shop: Shop) -> None:
    made = await asyncio.gather(*(shop.pay(confirm=False) for _ in range(103)))
    ids = {answer.ok()["id"] for answer in made}
    few = await florin("payments", "list", "--limit", "2")
    shown = [line.split()[0] for line in few.ok().splitlines()[1:]]
    assert len(shown) == 2
    assert f"--after {shown[-1]}" in few.err
    following = (await florin("payments", "list", "--limit", "101", "--after", shown[-1], "--json")).json()
    found = [payment["id"] for payment in following["data"]]
    assert (len(found), following["has_more"]) == (101, False)
    assert {*shown, *found} == ids
    everything = (await florin("payments", "list", "--all", "--json")).json()
    assert [payment["id"] for payment in everything["data"]] == [*shown, *found]
    none = await florin("payments", "list", "--live")
    assert (none.ok(), "no such payments in live mode" in none.err) == ("", True)


async def test_timeline_tells_how_a_lost_answer_was_found_out(florin: Florin, shop: Shop) -> None:
    payment = (await shop.pay("tok_fault_not_found_then_found", amount_minor=900)).json()["id"]

    async def known() -> bool:
        asked = await florin("payments", "ask", payment)
        assert asked.status in (0, 1), asked
        return asked.status == 0

    await eventually(known)

    async def told() -> str:
        story = (await florin("payments", "timeline", payment)).ok()
        return story if "payment.captured: 200" in story else ""

    story = await eventually(told)
    title, _, day, *lines = story.splitlines()
    assert title.split() == [payment, "9.00", "EUR", "succeeded", shop.merchant_id]
    assert day.endswith("(UTC)")
    clocks = [line.split()[0] for line in lines]
    assert clocks == sorted(clocks)
    order = [
        "● decided   create → processing",
        "→ sent      authorize 9.00 EUR",
        "● decided   authorize unknown → outcome_unknown",
        "● decided   authorize succeeded → succeeded",
        "↗ attempt   payment.captured: 200",
    ]
    places = [[at for at, line in enumerate(lines) if part in line][:1] for part in order]
    assert all(places), story
    assert places == sorted(places), story


async def test_entries_are_debits_and_credits(florin: Florin, shop: Shop) -> None:
    payment = (await shop.pay(amount_minor=1000)).ok()["id"]
    entries = (await florin("payments", "entries", payment, "--json")).json()
    assert sum(entry["amount_minor"] for entry in entries) == 0
    table = (await florin("payments", "entries", payment)).ok()
    assert len(table.splitlines()) == 1 + len(entries)
    assert re.search(r"merchant_payable +simulator +- +10\.00 EUR", table)


async def test_ledger_check_prints_what_breaks_it(florin: Florin, shop: Shop, platform: Platform) -> None:
    payment = (await shop.pay(amount_minor=1000)).ok()["id"]
    assert "✓ The ledger holds" in (await florin("ledger", "check")).ok()
    table = f"`{platform.databases['payments']}`.ledger_entries"
    one = f"payment_id='{payment}' AND purpose='merchant_payable'"
    platform.mariadb.execute(f"UPDATE {table} SET amount_minor=amount_minor+1 WHERE {one}")
    try:
        broken = await florin("ledger", "check")
        machine = await florin("ledger", "check", "--json")
    finally:
        platform.mariadb.execute(f"UPDATE {table} SET amount_minor=amount_minor-1 WHERE {one}")
    assert (broken.status, machine.status) == (1, 1)
    assert "do not sum to zero" in broken.out
    assert payment in broken.out
    assert '"faults"' in machine.out
    (await florin("ledger", "check")).ok()


async def test_status_shows_every_service(florin: Florin) -> None:
    status = await florin("status")
    words = [line.split()[:3] for line in status.ok().splitlines()[1:]]
    ready = [[name, "ready", "ok"] for name in ("payments", "merchants", "notifications")]
    assert words == [*ready, ["simulator", "ready", "-"]]
    stranger = await florin("status", environ={"FLORIN_ADMIN_TOKEN": "other"})
    assert (stranger.status, stranger.out.count("refused")) == (1, 3)
    down = await florin("status", "--json", environ={"FLORIN_PAYMENTS_URL": "http://127.0.0.1:1"})
    assert down.status == 1
    assert '"unreachable"' in down.out


async def test_times_are_utc_unless_local_ones_are_asked_for(florin: Florin, shop: Shop) -> None:
    shown = (await florin("merchants", "show", shop.merchant_id)).ok()
    assert re.search(r"^Created +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$", shown, re.MULTILINE)
    local = await florin("merchants", "show", shop.merchant_id, "--local", environ={"TZ": "Asia/Kolkata"})
    assert re.search(r"^Created +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+05:30$", local.ok(), re.MULTILINE)
    setting = await florin(
        "merchants", "show", shop.merchant_id, environ={"TZ": "Asia/Kolkata", "FLORIN_TIMES": "local"}
    )
    assert setting.ok() == local.out
