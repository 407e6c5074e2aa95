"""Operations of unknown outcome: asked about by our reference, never sent blindly, reversed where they come late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from tests.support.payments_bench import Bench, background, open_bench, open_operation, until
from tests.support.simulator import SimulatorProcess

from payments.domain.payment import OperationState, Payment, Verb
from payments.domain.snapshot import view_payment
from payments.domain.states import status_of
from payments.store.ledger import check

HORIZON_S = 30.0


@asynccontextmanager
async def paying(bench: Bench, *connectors: str, **payment: Any) -> AsyncIterator[tuple[Payment, "asyncio.Task[Any]"]]:
    """A payment whose outcome is not known, and the caller who waits for it."""
    async with background(bench.pay(*connectors, **payment)) as caller:
        yield await until(lambda: unknown(bench)), caller


async def unknown(bench: Bench) -> Payment | None:
    rows = await bench.rows("SELECT payment_id FROM operations WHERE state='unknown' ORDER BY created_at DESC LIMIT 1")
    return await bench.payment(rows[0]["payment_id"]) if rows else None


async def ask(bench: Bench, payment: Payment) -> Payment:
    """Ask about what is open, and see what came of it."""
    await bench.repair.ask(payment.id, open_operation(await bench.payment(payment.id)).id)
    await bench.performer.drain(5)
    return await bench.payment(payment.id)


def past_the_horizon(bench: Bench) -> None:
    bench.clock.forward(seconds=HORIZON_S + 10)


@pytest.mark.parametrize("deduplicates", [True, False])
async def test_what_was_booked_is_found_out_and_not_sent_again(bench: Bench, deduplicates: bool) -> None:
    bank = await bench.connector(deduplicate=False, not_found_final_after_s=None if deduplicates else HORIZON_S)
    async with paying(bench, bank, token="tok_fault_cut_after") as (payment, caller):
        assert status_of(payment) == "outcome_unknown"
        done = await ask(bench, payment)
        assert status_of(done) == "succeeded"
        assert (await caller).stored.status == 201
    assert await bench.charges(bank) == [("authorize", 1000)]
    assert await check(bench.database) == []


async def test_acquirer_that_performs_a_reference_once_gets_it_again(bench: Bench) -> None:
    bank = await bench.connector()
    async with paying(bench, bank, token="tok_fault_cut_before") as (payment, caller):
        assert status_of(await ask(bench, payment)) == "succeeded"
        assert (await caller).stored.status == 201
    assert await bench.charges(bank) == [("authorize", 1000)]


async def test_acquirer_that_would_charge_twice_gets_nothing_twice(bench: Bench) -> None:
    bank = await bench.connector(deduplicate=False, not_found_final_after_s=HORIZON_S)
    sent = await bench.count_requests(bank, "authorize")
    async with paying(bench, bank, token="tok_fault_cut_before") as (payment, caller):
        for _ in range(2):
            assert status_of(await ask(bench, payment)) == "outcome_unknown"
        bench.clock.forward(seconds=HORIZON_S)  # counted from the deadline: before it the request may be on its way
        assert status_of(await ask(bench, payment)) == "outcome_unknown"
        past_the_horizon(bench)
        assert status_of(await ask(bench, payment)) == "requires_confirmation"
        reply = (await caller).stored
        assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (402, "acquirer_unavailable")
    assert await bench.seen(sent) == 1
    assert await bench.charges(bank) == []


@pytest.mark.parametrize("manual", [True, False])
async def test_approval_after_giving_up_is_given_back_at_the_acquirer(bench: Bench, manual: bool) -> None:
    bank = await bench.connector(deduplicate=False, not_found_final_after_s=HORIZON_S)
    token = "tok_fault_cut_after"
    await bench.fault(bank, "hide", on="authorize", delay_ms=60_000)
    async with paying(bench, bank, token=token, manual=manual) as (payment, caller):
        past_the_horizon(bench)
        given_up = await ask(bench, payment)
        assert status_of(given_up) == "requires_confirmation"
        assert (await caller).stored.status == 402
    (booked,) = await bench.simulator.booked(given_up.attempts[0].authorization.reference)
    await bench.call_back(bank, booked)
    await bench.performer.drain(5)
    assert await bench.charges(bank) == [("authorize", 1000), ("void" if manual else "refund", 1000)]
    reversed_ = await bench.payment(payment.id)
    view = view_payment(reversed_)
    assert (view.attempts[0].status, view.captured_minor) == ("reversed", 0)
    assert [o.state for o in reversed_.operations() if o.repairing] == [OperationState.SUCCEEDED]
    events = await bench.rows("SELECT type FROM outbox WHERE aggregate_id=%s", payment.id)
    assert "payment.late_approval_reversed" in {event["type"] for event in events}
    assert await check(bench.database) == []
    await bench.call_back(bank, booked)  # told once more
    await bench.performer.drain(5)
    assert len(await bench.charges(bank)) == 2


async def late_charge(bench: Bench, bank: str) -> Payment:
    """A payment that was given up, then approved: Florin owes a refund, which it has sent."""
    hidden = await bench.fault(bank, "hide", on="authorize", delay_ms=60_000)
    async with paying(bench, bank, token="tok_fault_cut_after") as (payment, _):
        past_the_horizon(bench)
        await ask(bench, payment)
    await bench.heal(hidden)
    (booked,) = await bench.simulator.booked(payment.attempts[0].authorization.reference)
    await bench.call_back(bank, booked)
    await bench.performer.drain(5)
    return await bench.payment(payment.id)


async def test_reversal_is_repeated_until_done_and_books_one_refund(bench: Bench) -> None:
    """The acquirer would refund twice: each repetition waits until the one before can no longer be under way."""
    bank = await bench.connector(deduplicate=False, not_found_final_after_s=HORIZON_S)
    sent = await bench.count_requests(bank, "refund")
    lost = await bench.fault(bank, "cut", on="refund")
    payment = await late_charge(bench, bank)
    assert open_operation(payment).repairing
    for _ in range(2):
        await ask(bench, payment)
        assert await bench.seen(sent) == 1
    past_the_horizon(bench)
    await bench.heal(lost)
    hidden = await bench.fault(bank, "hide", on="refund", delay_ms=1_000)
    cut = await bench.fault(bank, "cut", on="refund", moment="after")
    operation = open_operation(payment)
    await asyncio.gather(*(bench.repair.ask(payment.id, operation.id) for _ in range(3)))
    assert await bench.seen(sent) == 2, "asked thrice at once, sent once"
    await ask(bench, payment)  # it is booked, and the acquirer denies it yet
    assert await bench.seen(sent) == 2
    await bench.heal(hidden, cut)

    async def found_out() -> bool:
        return not any(o.open for o in (await ask(bench, payment)).operations())

    await until(found_out)
    assert await bench.charges(bank) == [("authorize", 1000), ("refund", 1000)]
    assert await check(bench.database) == []


async def test_reversal_is_never_given_up(bench: Bench) -> None:
    bank = await bench.connector(deduplicate=False, not_found_final_after_s=HORIZON_S)
    lost = await bench.fault(bank, "error", on="refund")
    payment = await late_charge(bench, bank)
    for _ in range(2):
        bench.clock.forward(days=1)
        assert open_operation(await ask(bench, payment)).state is OperationState.UNKNOWN
    await bench.heal(lost)
    bench.clock.forward(days=1)
    await ask(bench, payment)
    assert await bench.charges(bank) == [("authorize", 1000), ("refund", 1000)]


async def test_late_approval_after_a_cascade_leaves_one_charge(bench: Bench) -> None:
    first = await bench.connector(deduplicate=False, not_found_final_after_s=HORIZON_S)
    second = await bench.connector()
    await bench.fault(first, "hide", on="authorize", delay_ms=60_000)
    await bench.fault(first, "cut", on="authorize", moment="after")
    async with paying(bench, first, second) as (payment, caller):
        assert await bench.charges(second) == [], "while it is unknown nobody else is asked to charge"
        past_the_horizon(bench)
        assert status_of(await ask(bench, payment)) == "succeeded"
        assert (await caller).stored.status == 201
    (booked,) = await bench.simulator.booked(payment.attempts[0].authorization.reference)
    await bench.call_back(first, booked)
    await bench.performer.drain(5)
    assert await bench.charges(first) == [("authorize", 1000), ("refund", 1000)]
    assert await bench.charges(second) == [("authorize", 1000)]
    done = await bench.payment(payment.id)
    assert (status_of(done), view_payment(done).captured_minor) == ("succeeded", 1000)
    assert await check(bench.database) == []


@pytest.mark.parametrize("deduplicates", [True, False])
async def test_process_that_died_before_sending(bench: Bench, acquirer: SimulatorProcess, deduplicates: bool) -> None:
    bank = await bench.connector(deduplicate=deduplicates, not_found_final_after_s=None if deduplicates else HORIZON_S)
    async with open_bench(bench.database, acquirer, bench.registered, sends=False) as dead:
        async with background(dead.pay(bank, key="k")):
            payment = await until(dead.any_payment)
        assert open_operation(payment).state is OperationState.SENDING
    if deduplicates:
        assert status_of(await ask(bench, payment)) == "succeeded"
        assert await bench.charges(bank) == [("authorize", 1000)]
    else:
        assert status_of(await ask(bench, payment)) == "outcome_unknown"
        past_the_horizon(bench)
        assert status_of(await ask(bench, payment)) == "requires_confirmation"
        assert await bench.charges(bank) == []
    replay = await bench.pay(bank, key="k")
    assert (replay.replayed, replay.stored.status) == (True, 201 if deduplicates else 402)


async def test_repetition_that_could_not_be_sent_says_nothing_of_the_first(
    bench: Bench, acquirer: SimulatorProcess
) -> None:
    """The process died after sending: its operation is booked, though the acquirer denies it, and takes no more now."""
    first, second = await bench.connector(), await bench.connector()
    async with (
        open_bench(bench.database, acquirer, bench.registered, sends=False) as dead,
        background(dead.pay(first, second)),
    ):
        payment = await until(dead.any_payment)
    reference = open_operation(payment).reference
    hidden = await bench.fault(first, "hide", on="authorize", delay_ms=60_000)
    bench.simulator.key = f"key-of-the-terminal-{first}"
    assert (await bench.simulator.authorize(reference, card="tok_visa", capture=True)).status == 200
    throttled = await bench.fault(first, "throttle", on="authorize", status=429)
    asked = await ask(bench, payment)
    assert open_operation(asked, Verb.AUTHORIZE).reference == reference
    assert await bench.charges(second) == []
    await bench.heal(hidden, throttled)
    assert status_of(await ask(bench, payment)) == "succeeded"
    assert await bench.charges(first, second) == [("authorize", 1000)]


async def test_silent_acquirer_delays_nobody_elses_questions(bench: Bench, acquirer: SimulatorProcess) -> None:
    silent, healthy = await bench.connector(total_s=5), await bench.connector()
    asked = await bench.fault(silent, "silence", on="lookup")
    async with open_bench(bench.database, acquirer, bench.registered, sends=False) as dead:
        callers = [asyncio.create_task(dead.pay(name)) for name in (*[silent] * 40, healthy)]
        await until(lambda: dead.rows("SELECT 1 FROM payments HAVING COUNT(*) = 41"))
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)
    await bench.execute("UPDATE operations SET ask_at=NOW(6) - INTERVAL IF(connector=%s, 9, 1) SECOND", silent)
    async with background(bench.repair.run()):
        await until(lambda: bench.rows("SELECT 1 FROM payments WHERE status='succeeded'"), timeout_s=3)
        assert await bench.seen(asked) == 32, "and it is not asked about everything at once"
    assert await bench.charges(healthy) == [("authorize", 1000)]


async def test_payment_that_cannot_be_read_stops_no_other_questions(bench: Bench, acquirer: SimulatorProcess) -> None:
    bank = await bench.connector()
    async with open_bench(bench.database, acquirer, bench.registered, sends=False) as dead:
        callers = [asyncio.create_task(dead.pay(bank)) for _ in range(2)]
        await until(lambda: dead.rows("SELECT 1 FROM payments HAVING COUNT(*) = 2"))
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)
    await bench.execute("UPDATE payments SET body='{' ORDER BY id LIMIT 1")
    async with background(bench.repair.run()) as repair:
        for _ in range(2):
            await bench.execute("UPDATE operations SET ask_at=NOW(6), asked=0 WHERE state='sending'")
            await until(lambda: bench.rows("SELECT 1 FROM payments WHERE status='succeeded'"))
            await until(lambda: bench.rows("SELECT 1 FROM operations WHERE state='sending' AND asked > 0"))
        assert not repair.done()
