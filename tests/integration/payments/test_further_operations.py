"""Captures, refunds and cancellations while something else about the payment is unknown or under way."""

import asyncio
import time
from typing import Any

import msgspec
import pytest
from tests.support.payments_bench import Bench, background, open_bench, open_operation, until
from tests.support.simulator import SimulatorProcess

from payments.domain.errors import (
    CaptureExceedsAuthorized,
    OperationInFlight,
    PaymentStateConflict,
    RefundExceedsCaptured,
)
from payments.domain.payment import Payment
from payments.domain.snapshot import view_payment
from payments.domain.states import status_of
from payments.operations.submit import Reply
from payments.store.idempotency import IdempotencyKeyInFlight
from payments.store.ledger import check


async def authorized(bench: Bench, bank: str, **fields: Any) -> Payment:
    return await paid(bench, bank, manual=True, **fields)


async def paid(bench: Bench, bank: str, **fields: Any) -> Payment:
    assert (await bench.pay(bank, **fields)).stored.status == 201
    payment = await bench.any_payment()
    assert payment is not None
    return payment


def body_of(reply: Reply) -> Any:
    return msgspec.json.decode(reply.stored.body)


async def test_unknown_capture_is_asked_about_before_a_refund(bench: Bench) -> None:
    """No repair loop runs here: the refund itself finds out that the money was taken."""
    bank = await bench.connector()
    payment = await authorized(bench, bank, token="tok_fault_capture_cut_after")
    async with background(bench.capture(payment)) as capturer:
        await bench.until_unknown()
        refunded = await bench.refund(payment, 400)
        assert (refunded.stored.status, body_of(refunded)["status"]) == (201, "succeeded")
        assert (await capturer).stored.status == 200
    assert await bench.charges(bank) == [("authorize", 1000), ("capture", 1000), ("refund", 400)]
    assert await check(bench.database) == []


async def test_unknown_authorization_is_asked_about_before_a_cancellation(bench: Bench) -> None:
    bank = await bench.connector()
    async with background(bench.pay(bank, token="tok_fault_cut_after", manual=True)):
        await bench.until_unknown()
        payment = await bench.any_payment()
        assert payment is not None
        assert body_of(await bench.cancel(payment))["status"] == "canceled"
    assert await bench.charges(bank) == [("authorize", 1000), ("void", 1000)]


async def test_what_is_unknown_counts_as_captured(bench: Bench) -> None:
    bank = await bench.connector()
    payment = await authorized(bench, bank)
    cut = await bench.fault(bank, "cut", on="capture", moment="after")
    denied = await bench.fault(bank, "error", on="lookup")
    async with background(bench.capture(payment, 600)) as first:
        await bench.until_unknown()
        await bench.heal(cut)
        with pytest.raises(CaptureExceedsAuthorized):
            await bench.capture(payment, 401)
        with pytest.raises(OperationInFlight):
            await bench.cancel(payment)
        second = body_of(await bench.capture(payment, 400))
        assert second["captured_minor"] == 400
        await bench.heal(denied)
        await bench.repair.ask(payment.id, open_operation(await bench.payment(payment.id)).id)
        assert (await first).stored.status == 200
    view = view_payment(await bench.payment(payment.id))
    assert (view.status, view.captured_minor) == ("succeeded", 1000)
    assert await bench.charges(bank) == [("authorize", 1000), ("capture", 600), ("capture", 400)]
    assert await check(bench.database) == []


async def test_racing_refunds_give_back_no_more_than_was_captured(bench: Bench, acquirer: SimulatorProcess) -> None:
    bank = await bench.connector()
    payment = await paid(bench, bank)
    async with open_bench(bench.database, acquirer, bench.registered) as other:
        replicas = [bench, other] * 6
        results = await asyncio.gather(*(r.refund(payment, 300) for r in replicas), return_exceptions=True)
    assert sum(isinstance(result, Reply) for result in results) == 3
    assert all(isinstance(result, Reply | RefundExceedsCaptured) for result in results), results
    assert [kind for kind, _ in await bench.charges(bank)] == ["authorize", "refund", "refund", "refund"]
    assert await check(bench.database) == []


async def test_capture_and_cancellation_at_once_end_as_one_of_them(bench: Bench) -> None:
    bank = await bench.connector()
    for _ in range(5):
        payment = await authorized(bench, bank)
        done = await asyncio.gather(bench.capture(payment), bench.cancel(payment), return_exceptions=True)
        assert sum(isinstance(result, Reply) for result in done) == 1, done
        refusal = next(result for result in done if not isinstance(result, Reply))
        assert isinstance(refusal, OperationInFlight | PaymentStateConflict)
        assert status_of(await bench.payment(payment.id)) in ("succeeded", "canceled")
    kinds = [kind for kind, _ in await bench.charges(bank)]
    assert (kinds.count("authorize"), kinds.count("capture") + kinds.count("void")) == (5, 5)
    assert await check(bench.database) == []


async def test_cancellation_waits_until_the_acquirer_has_answered(bench: Bench) -> None:
    bank = await bench.connector(total_s=3)
    async with background(bench.pay(bank, token="tok_fault_slow_800", manual=True)) as payer:
        payment = await until(bench.any_payment)
        with pytest.raises(OperationInFlight) as refused:
            await bench.cancel(payment)
        assert refused.value.code == "operation_in_flight"
        with pytest.raises(PaymentStateConflict):
            await bench.capture(payment)
        assert (await payer).stored.status == 201
    assert await bench.charges(bank) == [("authorize", 1000)]


async def test_repeated_request_is_not_kept_waiting_by_questions(bench: Bench) -> None:
    bank = await bench.connector(total_s=3)
    payment = await authorized(bench, bank, token="tok_fault_capture_cut_after")
    silent = await bench.fault(bank, "silence", on="lookup")
    async with background(bench.capture(payment, key="k")):
        await bench.until_unknown()
        began = time.monotonic()
        with pytest.raises(IdempotencyKeyInFlight):
            await bench.capture(payment, key="k")
        assert time.monotonic() - began < 2
        assert await bench.seen(silent) == 0


async def test_caller_learns_what_another_replica_found_out(bench: Bench, acquirer: SimulatorProcess) -> None:
    bank = await bench.connector()
    async with (
        open_bench(bench.database, acquirer, bench.registered) as other,
        background(bench.pay(bank, token="tok_fault_cut_after")) as payer,
    ):
        await bench.until_unknown()
        payment = await until(bench.any_payment)
        await other.repair.ask(payment.id, open_operation(payment).id)
        async with asyncio.timeout(3):
            assert (await payer).stored.status == 201


async def test_partly_approved_charge_is_what_it_is(bench: Bench) -> None:
    bank = await bench.connector()
    payment = await paid(bench, bank, token="tok_partial_approval")
    view = view_payment(payment)
    assert (view.status, view.captured_minor) == ("partially_captured", 500)
    assert (await bench.refund(payment)).stored.status == 201
    assert await bench.charges(bank) == [("authorize", 500), ("refund", 500)]
    assert await check(bench.database) == []
