"""What a pager needs to know of payments: each number follows the thing that it stands for."""

import asyncio
from datetime import timedelta

from tests.support.metrics import sample
from tests.support.payments_bench import Bench, background, until

from florin.contracts.connector import Breaker
from payments.operations.audit import Audit, prove_ledger
from payments.operations.measure import measure_waiting


async def test_operations_without_an_answer_are_counted_by_connector(bench: Bench) -> None:
    bank = await bench.connector(total_s=0.3)
    await bench.fault(bank, "silence")
    async with background(bench.pay(bank)):
        await bench.until_unknown()
        await bench.execute(
            "UPDATE operations SET asked=1, ask_at=NOW(6), created_at=NOW(6) - INTERVAL 1 HOUR WHERE state='unknown'"
        )
        await measure_waiting(bench.database)
    assert sample("florin_operations_unanswered", connector=bank) == 1
    assert 3600 <= (sample("florin_operations_unanswered_age_seconds", connector=bank) or 0) < 3700
    await bench.execute("UPDATE operations SET ask_at=NULL")
    await measure_waiting(bench.database)
    assert sample("florin_operations_unanswered", connector=bank) is None


async def test_callbacks_that_are_not_applied_grow_old(bench: Bench) -> None:
    await measure_waiting(bench.database)
    assert sample("florin_callbacks_owed_age_seconds") == 0
    await bench.execute(
        "INSERT INTO callbacks (connector, callback_id, reference, body, apply_at, received_at) "
        "VALUES ('bank', 'one', 'R', '{}', NOW(6), NOW(6) - INTERVAL 10 MINUTE)"
    )
    await measure_waiting(bench.database)
    assert 600 <= (sample("florin_callbacks_owed_age_seconds") or 0) < 700


async def test_calls_and_the_breaker_are_told_by_connector(bench: Bench) -> None:
    bank = await bench.connector(total_s=0.3, breaker=Breaker(failure_threshold=1, open_seconds=60))
    calls = {"connector": bank, "call": "AuthorizeRequest"}
    await bench.pay(bank)
    assert sample("florin_acquirer_call_duration_seconds_count", **calls, outcome="Approved") == 1
    assert sample("florin_acquirer_breaker_open", connector=bank) == 0
    await bench.fault(bank, "silence")
    async with background(bench.pay(bank)):
        await bench.until_unknown()
    assert sample("florin_acquirer_call_duration_seconds_count", **calls, outcome="Unknown") == 1
    assert sample("florin_acquirer_breaker_open", connector=bank) == 1


async def test_a_ledger_that_does_not_hold_is_told(bench: Bench) -> None:
    await bench.pay(await bench.connector())
    assert (await prove_ledger(bench.database)).faults == []
    assert sample("florin_ledger_faults") == 0
    await bench.execute("UPDATE ledger_entries SET amount_minor=amount_minor+1 LIMIT 1")
    assert len((await prove_ledger(bench.database)).faults) >= 1
    assert (sample("florin_ledger_faults") or 0) >= 1


async def test_the_ledger_is_checked_by_the_clock(bench: Bench) -> None:
    before = sample("florin_ledger_checked_timestamp_seconds")
    async with background(Audit(bench.database, every=timedelta(seconds=0.2), first_s=0).run()):
        await until(lambda: _now(sample("florin_ledger_checked_timestamp_seconds") != before))
        once = sample("florin_ledger_checked_timestamp_seconds")
        await until(lambda: _now(sample("florin_ledger_checked_timestamp_seconds") != once))


async def test_zero_hours_is_never(bench: Bench) -> None:
    await asyncio.wait_for(Audit(bench.database, every=timedelta(), first_s=0).run(), 5)


async def _now(value: bool) -> bool:
    return value
