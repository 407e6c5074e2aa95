"""Each fault, by token and by rule, over real HTTP: what the client sees, and what the book says."""

import asyncio
import time

import aiohttp
import pytest
from tests.support.simulator import SimulatorClient, SimulatorProcess

SHORT = aiohttp.ClientTimeout(total=0.4)


@pytest.fixture
async def impatient(simulator: SimulatorClient, shared_simulator: SimulatorProcess):
    async with aiohttp.ClientSession(timeout=SHORT) as session:
        yield SimulatorClient(session, shared_simulator.url)


@pytest.mark.parametrize(("moment", "booked"), [("before", 0), ("after", 1)])
async def test_timeout_token(simulator, impatient, moment, booked) -> None:
    with pytest.raises(TimeoutError):
        await impatient.authorize("R1", card=f"tok_fault_timeout_{moment}")
    assert len(await simulator.booked("R1")) == booked
    assert (await simulator.look_up("R1")).status == (200 if booked else 404)
    again = await simulator.authorize("R1", card=f"tok_fault_timeout_{moment}")
    assert again.json()["status"] == "approved"
    assert again.headers.get("simulator-replayed") == ("true" if booked else None)
    assert len(await simulator.booked("R1")) == 1


@pytest.mark.parametrize(("moment", "booked"), [("before", 0), ("after", 1)])
async def test_cut_token(simulator, moment, booked) -> None:
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await simulator.authorize("R1", card=f"tok_fault_cut_{moment}")
    assert len(await simulator.booked("R1")) == booked


@pytest.mark.parametrize(("moment", "booked"), [("before", 0), ("after", 1)])
async def test_500_token(simulator, moment, booked) -> None:
    answer = await simulator.authorize("R1", card=f"tok_fault_500_{moment}")
    assert (answer.status, answer.json()["code"]) == (500, "simulated_fault")
    assert len(await simulator.booked("R1")) == booked


async def test_throttled_token(simulator) -> None:
    answer = await simulator.authorize("R1", card="tok_fault_throttled")
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    assert await simulator.booked("R1") == []
    assert (await simulator.authorize("R1", card="tok_fault_throttled")).status == 200


async def test_slow_token_books_at_once(simulator, impatient, eventually) -> None:
    began = time.monotonic()
    assert (await simulator.authorize("R1", card="tok_fault_slow_200")).status == 200
    assert time.monotonic() - began >= 0.2
    with pytest.raises(TimeoutError):
        await impatient.authorize("R2", card="tok_fault_slow_5000")
    assert len(await simulator.booked("R2")) == 1


async def test_not_found_then_found(simulator, impatient, eventually) -> None:
    with pytest.raises(TimeoutError):
        await impatient.authorize("R1", card="tok_fault_not_found_then_found")
    assert (await simulator.look_up("R1")).json()["code"] == "operation_not_found"
    assert len(await simulator.booked("R1")) == 1

    async def found() -> bool:
        return (await simulator.look_up("R1")).status == 200

    assert await eventually(found)


@pytest.mark.parametrize("kind", ["capture", "refund", "void"])
async def test_tokens_of_later_operations(simulator, kind) -> None:
    card = f"tok_fault_{kind}_500_after"
    authorized = (await simulator.authorize("R1", card=card, capture=kind == "refund")).json()
    assert authorized["status"] == "approved"
    body = {"reference": "R2", "authorization": authorized["id"], "amount_minor": 300}
    if kind == "void":
        del body["amount_minor"]
    assert (await simulator.perform(f"{kind}s", **body)).status == 500
    assert len(await simulator.booked("R2")) == 1
    assert (await simulator.perform(f"{kind}s", **body)).headers["simulator-replayed"] == "true"


async def order(simulator: SimulatorClient, effect: str, *, fault: dict | None = None, **rule) -> str:
    answer = await simulator.control("POST", "/faults", {"fault": {"effect": effect, **(fault or {})}, **rule})
    assert answer.status == 201, answer.body
    return answer.json()["id"]


async def test_rule_is_counted_and_limited(simulator) -> None:
    await order(simulator, "error", fault={"status": 502}, operation="authorize", count=2)
    statuses = [(await simulator.authorize(f"R{n}")).status for n in range(4)]
    assert statuses == [502, 502, 200, 200]
    (rule,) = (await simulator.control("GET", "/faults")).json()
    assert (rule["seen"], rule["struck"]) == (2, 2)


async def test_rule_for_one_operation_and_terminal(simulator) -> None:
    await order(simulator, "throttle", operation="capture", terminal="default")
    assert (await simulator.authorize("R1")).status == 200
    assert (await simulator.perform("captures", reference="R2", authorization="R1", amount_minor=1)).status == 429
    await simulator.control("DELETE", "/faults")
    await order(simulator, "throttle", terminal="another")
    assert (await simulator.perform("captures", reference="R2", authorization="R1", amount_minor=1)).status == 200


async def test_outage_meets_lookups_too_until_it_ends(simulator) -> None:
    rule = await order(simulator, "outage", fault={"retry_after_s": 7})
    answers = [await simulator.authorize("R1"), await simulator.look_up("R1")]
    assert [(answer.status, answer.headers["retry-after"]) for answer in answers] == [(503, "7"), (503, "7")]
    assert (await simulator.control("DELETE", f"/faults/{rule}")).status == 204
    assert (await simulator.authorize("R1")).status == 200
    assert (await simulator.control("DELETE", f"/faults/{rule}")).status == 404


async def test_probability_is_repeatable(simulator) -> None:
    async def run() -> list[int]:
        await simulator.control("POST", "/reset", {})
        await order(simulator, "error", probability=0.5, seed=7)
        return [(await simulator.authorize(f"R{n}")).status for n in range(30)]

    first = await run()
    assert first == await run()
    assert 5 < first.count(500) < 25


async def test_latency_before_and_lost_answer_by_rule(simulator, impatient) -> None:
    await order(simulator, "delay", fault={"delay_ms": 150}, count=1)
    began = time.monotonic()
    assert (await simulator.authorize("R1")).status == 200
    assert time.monotonic() - began >= 0.15
    await order(simulator, "silence", fault={"moment": "after"}, count=1)
    with pytest.raises(TimeoutError):
        await impatient.authorize("R2")
    assert len(await simulator.booked("R2")) == 1


async def test_without_deduplication_every_request_charges(simulator) -> None:
    await simulator.control("PATCH", "/terminals/default", {"deduplicate": False})
    first = (await simulator.authorize("R1", capture=True)).json()
    second = (await simulator.authorize("R1", capture=True)).json()
    assert first["id"] != second["id"]
    assert len(await simulator.booked("R1")) == 2
    (euros,) = (await simulator.control("GET", "/sums")).json()
    assert euros["captured_minor"] == 2000


async def test_concurrent_repetitions_charge_once(simulator) -> None:
    answers = await asyncio.gather(*(simulator.authorize("R1", capture=True) for _ in range(50)))
    assert len({answer.body for answer in answers}) == 1
    assert sum("simulator-replayed" in answer.headers for answer in answers) == 49
    assert len(await simulator.booked("R1")) == 1
