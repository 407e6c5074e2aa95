"""Acquirers' callbacks: only authentic ones are kept, each is applied once, whenever and in whatever order it comes."""

import secrets
from datetime import timedelta
from typing import Any

import pytest
from tests.support.metrics import sample
from tests.support.payments_bench import Bench, background, open_bench, open_operation, signed_callback, until
from tests.support.simulator import SimulatorProcess

from florin.errors import NotFound
from payments.domain.payment import Payment
from payments.domain.states import status_of
from payments.gateways.port import CallbackRejected
from payments.store.ledger import check


async def unknown_charge(bench: Bench, bank: str) -> tuple[Payment, Any]:
    """A payment whose outcome nobody will be told by a lookup, and what the acquirer's book says of it."""
    await bench.fault(bank, "error", on="lookup")
    async with background(bench.pay(bank, token="tok_fault_cut_after")):
        await bench.until_unknown()
    payment = await bench.any_payment()
    assert payment is not None
    (booked,) = await bench.simulator.booked(open_operation(payment).reference)
    return payment, booked


async def stored(bench: Bench) -> int:
    return len(await bench.rows("SELECT 1 FROM callbacks"))


async def test_only_authentic_callbacks_are_stored(bench: Bench) -> None:
    bank = await bench.connector()
    payment, booked = await unknown_charge(bench, bank)
    good, body = signed_callback(booked, "clb_1")
    forged, _ = signed_callback(booked, "clb_1", secret="another-secret-of-somebody")
    old, old_body = signed_callback(booked, "clb_1", age_s=301)
    future, future_body = signed_callback(booked, "clb_1", age_s=-301)
    unreadable = signed_callback({"reference": "R1", "id": "x", "status": "approved"}, "clb_1")
    for headers, sent in (
        (forged, body),
        (old, old_body),
        (future, future_body),
        (good, body[:-1]),
        (good, body + b" "),
        ({}, body),
        ({"simulator-signature": "t=,v1="}, body),
        ({"simulator-signature": good["simulator-signature"].replace("v1=", "v1=\xe9")}, body),
        unreadable,
    ):
        with pytest.raises(CallbackRejected):
            await bench.callbacks.receive(bank, headers, sent)
    with pytest.raises(NotFound):
        await bench.callbacks.receive("nobody", good, body)
    assert await stored(bench) == 0
    assert await bench.callbacks.receive(bank, good, body)
    assert await stored(bench) == 1
    async with bench.applying():
        await until(lambda: bench.rows("SELECT 1 FROM payments WHERE status='succeeded'"))
    assert status_of(await bench.payment(payment.id)) == "succeeded"


async def test_callback_alone_completes_a_payment_however_often_it_comes(bench: Bench) -> None:
    bank = await bench.connector()
    payment, booked = await unknown_charge(bench, bank)
    await bench.call_back(bank, booked)
    await bench.call_back(bank, booked)  # a further message about the same
    headers, body = signed_callback(booked, "clb_twice")
    assert await bench.callbacks.receive(bank, headers, body)
    assert not await bench.callbacks.receive(bank, headers, body)
    async with bench.applying():
        await until(lambda: bench.callback("clb_twice", "apply_at IS NULL"))
    results = [row["result"] for row in await bench.rows("SELECT result FROM callbacks ORDER BY received_at")]
    assert results == ["applied", "already known", "already known"]
    assert status_of(await bench.payment(payment.id)) == "succeeded"
    assert len(await bench.rows("SELECT 1 FROM decisions WHERE kind='authorize_succeeded'")) == 1
    assert await check(bench.database) == []


async def test_callbacks_in_the_wrong_order_end_right(bench: Bench) -> None:
    bank = await bench.connector()
    payment, booked = await unknown_charge(bench, bank)
    await bench.call_back(bank, booked)
    processing = {"status": "processing", "id": booked["id"], "reference": booked["reference"]}
    headers, body = signed_callback(processing, "clb_late", type="processing")
    await bench.callbacks.receive(bank, headers, body)
    async with bench.applying():
        await until(lambda: bench.callback("clb_late", "apply_at IS NULL"))
    assert status_of(await bench.payment(payment.id)) == "succeeded"


async def test_callback_that_contradicts_what_was_told_is_for_a_person(bench: Bench) -> None:
    bank = await bench.connector()
    payment, booked = await unknown_charge(bench, bank)
    await bench.call_back(bank, booked)
    before = sample("florin_payments_conflicted_total") or 0
    await bench.call_back(bank, {**booked, "status": "declined", "network_code": "05"})
    assert sample("florin_payments_conflicted_total") == before + 1
    assert status_of(await bench.payment(payment.id)) == "conflicted"
    assert await check(bench.database) == []


async def test_callback_survives_a_death_between_storing_and_applying(bench: Bench, acquirer: SimulatorProcess) -> None:
    bank = await bench.connector()
    payment, booked = await unknown_charge(bench, bank)
    headers, body = signed_callback(booked, "clb_1")
    async with open_bench(bench.database, acquirer, bench.registered) as dead:
        assert await dead.callbacks.receive(bank, headers, body)
    assert status_of(await bench.payment(payment.id)) == "outcome_unknown"
    async with bench.applying():
        await until(lambda: bench.rows("SELECT 1 FROM payments WHERE status='succeeded'"))


async def test_callback_for_an_unknown_reference_is_kept_tried_again_and_closed(bench: Bench) -> None:
    bank = await bench.connector()
    _, booked = await unknown_charge(bench, bank)
    headers, body = signed_callback({**booked, "reference": "NOBODYS-REFERENCE"}, "clb_1")
    await bench.callbacks.receive(bank, headers, body)
    async with bench.applying():
        row = await until(lambda: bench.callback("clb_1", "tries >= 2"))
        assert row["result"] == "received"
        await until(lambda: bench.callback("clb_1", "apply_at > NOW(6)"))
        await bench.execute("UPDATE callbacks SET tries=12, apply_at=NOW(6)")
        row = await until(lambda: bench.callback("clb_1", "apply_at IS NULL"))
    assert row["result"] == "no operation has this reference"
    assert row["payment_id"] is None


async def test_pauses_between_tries_grow(bench: Bench) -> None:
    bank = await bench.connector()
    _, booked = await unknown_charge(bench, bank)
    headers, body = signed_callback({**booked, "reference": "NOBODYS-REFERENCE"}, "clb_1")
    await bench.callbacks.receive(bank, headers, body)
    await bench.execute("UPDATE callbacks SET tries=6")
    async with bench.applying():
        row = await until(lambda: bench.callback("clb_1", "tries=7"))
    assert row["apply_at"] - row["received_at"] > timedelta(seconds=63)


async def test_callback_that_cannot_be_applied_stops_no_other(bench: Bench) -> None:
    bank = await bench.connector()
    payment, booked = await unknown_charge(bench, bank)
    await bench.execute(
        "INSERT INTO callbacks (connector, callback_id, reference, body, apply_at) "
        "VALUES (%s, 'poison', 'x', '{', NOW(6))",
        bank,
    )
    async with background(bench.callbacks.run()) as inbox:
        await until(lambda: bench.callback("poison", "tries > 0"))
        for _ in range(3):
            headers, body = signed_callback(booked, f"clb_{secrets.token_hex(4)}")
            await bench.execute("UPDATE callbacks SET apply_at=NOW(6) WHERE callback_id='poison'")
            await bench.callbacks.receive(bank, headers, body)
        await until(lambda: bench.rows("SELECT 1 FROM callbacks HAVING SUM(apply_at IS NULL) = 3"), timeout_s=3)
        assert not inbox.done()
    assert status_of(await bench.payment(payment.id)) == "succeeded"
