"""Which acquirer is tried, when another one is, and when one is left alone."""

import asyncio
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.support.payments_bench import CALLBACK_SECRET, Bench, background, until

from devtools.ports import any_free_port
from florin.contracts.connector import Breaker
from florin.secrets import LeasedSecret
from florin.settings import Secret
from payments.operations.submit import Reply
from payments.store.ledger import check


def decoded(reply: Reply) -> Any:
    return msgspec.json.decode(reply.stored.body)


async def tried(bench: Bench) -> list[str]:
    """The connectors that the newest payment was sent to."""
    payment = await bench.any_payment()
    assert payment is not None
    return [attempt.route.connector for attempt in payment.attempts]


def nowhere() -> str:
    return f"http://127.0.0.1:{any_free_port()}"


@pytest.mark.parametrize(
    ("token", "cascades"),
    [
        ("tok_declined_issuer_unavailable", True),
        ("tok_declined_processing_error", True),
        ("tok_declined", False),
        ("tok_declined_insufficient_funds", False),
        ("tok_declined_lost", False),
        ("tok_declined_suspected_fraud", False),
        ("tok_declined_cvc", False),
        ("tok_3ds_challenge", False),
        ("tok_mastercard_declined_never", False),
    ],
)
async def test_only_some_declines_go_to_the_next_acquirer(bench: Bench, token: str, cascades: bool) -> None:
    first, second = await bench.connector(), await bench.connector()
    reply = await bench.pay(first, second, token=token)
    assert reply.stored.status == 402
    assert await tried(bench) == ([first, second] if cascades else [first])
    asked = (await bench.simulator.control("GET", f"/operations?terminal={second}")).json()["operations"]
    assert len(asked) == cascades
    assert await check(bench.database) == []


async def test_acquirer_that_cannot_be_reached_is_passed_over(bench: Bench) -> None:
    first, second = await bench.connector(base_url=nowhere()), await bench.connector()
    assert (await bench.pay(first, second)).stored.status == 201
    assert await bench.charges(second) == [("authorize", 1000)]
    assert await tried(bench) == [first, second]


async def test_throttled_payment_goes_to_the_next_acquirer(bench: Bench) -> None:
    first, second = await bench.connector(), await bench.connector()
    await bench.fault(first, "throttle", on="authorize", status=429)
    assert (await bench.pay(first, second)).stored.status == 201
    assert await bench.charges(first, second) == [("authorize", 1000)]


async def test_nobody_reached_is_402_and_nothing_moved(bench: Bench) -> None:
    bank = await bench.connector(base_url=nowhere())
    reply = await bench.pay(bank)
    problem = decoded(reply)
    assert (reply.stored.status, problem["code"], problem["retryable"]) == (402, "acquirer_unavailable", True)
    assert problem["payment"]["status"] == "requires_confirmation"


@pytest.mark.parametrize("token", ["tok_fault_cut_before", "tok_fault_500_after", "tok_fault_timeout_before"])
async def test_unknown_is_never_tried_elsewhere(bench: Bench, token: str) -> None:
    first, second = await bench.connector(), await bench.connector()
    await bench.fault(first, "error", on="lookup")
    async with background(bench.pay(first, second, token=token)):
        await bench.until_unknown()
    assert await tried(bench) == [first]
    assert await bench.charges(second) == []


async def test_breaker_opens_after_failures_and_lets_one_call_try(bench: Bench) -> None:
    policy = Breaker(failure_threshold=3, open_seconds=0.4)
    first, second = await bench.connector(breaker=policy), await bench.connector()
    seen = await bench.count_requests(first, "authorize")
    cut = await bench.fault(first, "error", on="authorize")
    async with background(_pay_three(bench, first)):
        await until(lambda: bench.rows("SELECT 1 FROM operations WHERE state='unknown' HAVING COUNT(*) = 3"))
    await bench.heal(cut)
    assert (await bench.pay(first, second)).stored.status == 201
    assert await bench.seen(seen) == 3, "the breaker withheld the fourth"
    assert await bench.charges(second) == [("authorize", 1000)]
    assert decoded(await bench.pay(first))["code"] == "acquirer_unavailable"
    await asyncio.sleep(0.4)
    assert [(await bench.pay(first)).stored.status for _ in range(2)] == [201, 201]
    assert await bench.charges(first) == [("authorize", 1000)] * 2


async def _pay_three(bench: Bench, bank: str) -> None:
    await asyncio.gather(*(bench.pay(bank) for _ in range(3)))


async def test_lookups_that_fail_withhold_no_payments(bench: Bench) -> None:
    bank = await bench.connector(breaker=Breaker(failure_threshold=2, open_seconds=60))
    await bench.fault(bank, "error", on="lookup")
    async with background(bench.pay(bank, token="tok_fault_cut_after")):
        await bench.until_unknown()
    for _ in range(3):
        await bench.connectors.find(bank, "REFERENCE")
    assert (await bench.pay(bank)).stored.status == 201


async def test_lookups_that_work_do_not_hide_that_payments_fail(bench: Bench) -> None:
    bank = await bench.connector(breaker=Breaker(failure_threshold=2, open_seconds=60))
    await bench.fault(bank, "error", on="authorize")
    for count in (1, 2):
        async with background(bench.pay(bank)):
            unknown = f"SELECT 1 FROM operations WHERE state='unknown' HAVING COUNT(*) = {count}"
            await until(lambda: bench.rows(unknown))  # noqa: B023 - awaited at once
        await bench.connectors.find(bank, "REFERENCE")
    assert decoded(await bench.pay(bank))["code"] == "acquirer_unavailable"


async def test_credentials_that_cannot_be_read_are_passed_over(bench: Bench) -> None:
    first, second = await bench.connector(), await bench.connector()
    bench.registered.secrets[first] = LeasedSecret(version=2, current=Secret("not what it should be"))
    assert (await bench.pay(first, second)).stored.status == 201
    assert await bench.charges(first, second) == [("authorize", 1000)]


async def test_new_credentials_are_used_at_once_whatever_the_earlier_ones_were(bench: Bench) -> None:
    bank = await bench.connector()
    good = bench.registered.secrets[bank]
    stale = msgspec.json.encode({"terminal_key": "no-longer-valid-key", "callback_secret": CALLBACK_SECRET}).decode()
    for version, earlier in enumerate((Secret(stale), Secret("never readable")), start=2):
        bench.registered.secrets[bank] = LeasedSecret(version=version, current=earlier)
        assert (await bench.pay(bank)).stored.status == 402
        bench.registered.secrets[bank] = replace(good, version=version + 2, previous=(earlier,))
        assert (await bench.pay(bank)).stored.status == 201


async def test_new_specification_is_used_at_once(bench: Bench) -> None:
    bank = await bench.connector(base_url=nowhere())
    assert (await bench.pay(bank)).stored.status == 402
    bench.registered.specs[bank] = replace(bench.registered.specs[bank], base_url=bench.url)
    assert (await bench.pay(bank)).stored.status == 201
