"""What time does: authorisations expire, answered keys are forgotten, and unfinished ones never."""

import asyncio
from typing import Any

import pytest
from tests.support.payments_bench import Bench, background

from payments.domain.payment import Payment
from payments.domain.states import status_of
from payments.operations import sweep
from payments.store.ledger import balances, check


async def authorized(bench: Bench, bank: str, **fields: Any) -> Payment:
    assert (await bench.pay(bank, manual=True, **fields)).stored.status == 201
    payment = await bench.any_payment()
    assert payment is not None
    return payment


async def pass_a_week(bench: Bench) -> None:
    bench.clock.forward(days=8)
    await bench.execute("UPDATE payments SET expires_at=expires_at - INTERVAL 8 DAY")


async def held_minor(bench: Bench) -> int:
    rows = await balances(bench.database, merchant_id="shop", livemode=False)
    return sum(row["amount_minor"] for row in rows if row["purpose"] == "authorized")


async def events_of(bench: Bench, payment: Payment) -> list[str]:
    rows = await bench.rows("SELECT type FROM outbox WHERE aggregate_id=%s ORDER BY version, n", payment.id)
    return [row["type"] for row in rows]


async def test_expired_authorization_is_released_voided_and_told(bench: Bench) -> None:
    bank = await bench.connector()
    payment = await authorized(bench, bank)
    assert await bench.sweep.expire_authorizations() == 0
    assert await held_minor(bench) == 1000
    await pass_a_week(bench)
    assert await bench.sweep.expire_authorizations() == 1
    await bench.performer.drain(5)
    assert status_of(await bench.payment(payment.id)) == "expired"
    assert await bench.charges(bank) == [("authorize", 1000), ("void", 1000)]
    assert await held_minor(bench) == 0
    assert (await events_of(bench, payment))[-1] == "payment.expired"
    assert await bench.sweep.expire_authorizations() == 0
    assert await check(bench.database) == []


async def test_expiry_after_a_partial_capture_keeps_what_was_captured(bench: Bench) -> None:
    bank = await bench.connector()
    payment = await authorized(bench, bank)
    await bench.capture(payment, 300)
    await pass_a_week(bench)
    await bench.sweep.expire_authorizations()
    assert status_of(await bench.payment(payment.id)) == "partially_captured"
    assert await held_minor(bench) == 0
    assert await bench.charges(bank) == [("authorize", 1000), ("capture", 300)]
    assert await check(bench.database) == []


async def test_void_of_an_expired_authorization_is_repeated_until_done(bench: Bench) -> None:
    bank = await bench.connector()
    payment = await authorized(bench, bank, token="tok_fault_void_cut_before")
    await pass_a_week(bench)
    await bench.sweep.expire_authorizations()
    await bench.performer.drain(5)
    (void,) = [o for o in (await bench.payment(payment.id)).operations() if o.open]
    await bench.repair.ask(payment.id, void.id)
    assert await bench.charges(bank) == [("authorize", 1000), ("void", 1000)]
    assert status_of(await bench.payment(payment.id)) == "expired"


async def test_captures_under_way_keep_nothing_else_from_expiring(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_BATCH", 2)
    bank = await bench.connector()
    stuck = [await authorized(bench, bank, token="tok_fault_capture_cut_after") for _ in range(3)]
    last = await authorized(bench, bank)
    for payment in stuck:
        async with background(bench.capture(payment, 1)):
            await bench.until_unknown(payment.id)
    await pass_a_week(bench)
    await bench.sweep.expire_authorizations()
    assert [status_of(await bench.payment(p.id)) for p in (*stuck, last)] == ["outcome_unknown"] * 3 + ["expired"]


async def test_payment_that_cannot_be_read_keeps_nothing_else_from_expiring(bench: Bench) -> None:
    bank = await bench.connector()
    broken, sound = await authorized(bench, bank), await authorized(bench, bank)
    await pass_a_week(bench)
    await bench.execute("UPDATE payments SET body='{' WHERE id=%s", broken.id)
    await bench.sweep.expire_authorizations()
    assert status_of(await bench.payment(sound.id)) == "expired"


async def test_answered_keys_are_forgotten_in_time_and_unfinished_ones_never(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.store.idempotency._PURGE_BATCH", 2)
    bank = await bench.connector()
    await asyncio.gather(*(bench.pay(bank, key=f"old-{n}") for n in range(5)))
    await bench.execute("UPDATE idempotency_keys SET replied_at=replied_at - INTERVAL 31 DAY")
    await bench.pay(bank, key="young")
    await bench.fault(bank, "error", on="lookup")
    async with background(bench.pay(bank, token="tok_fault_cut_after", key="unfinished")):
        await bench.until_unknown()
        await bench.execute("UPDATE idempotency_keys SET created_at=created_at - INTERVAL 400 DAY")
        assert await bench.sweep.purge_keys() == 5
        left = await bench.rows("SELECT idempotency_key FROM idempotency_keys ORDER BY idempotency_key")
        assert [row["idempotency_key"] for row in left] == ["unfinished", "young"]
