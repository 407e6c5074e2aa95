"""Callbacks: signed, and twice, late, early, out of order on demand; disputes."""

import hashlib
import hmac
import json

import pytest
from aiohttp import web
from tests.support.simulator import CALLBACK_SECRET


@pytest.fixture
async def merchant(simulator, shared_simulator):
    """Where callbacks go: the simulator's own receiver, of the kind that any name has."""
    await simulator.control("PUT", "/receivers/callbacks", {})
    return f"{shared_simulator.url}/receiver/callbacks"


def bodies(webhooks: list) -> list[dict]:
    return [json.loads(webhook["body"]) for webhook in webhooks]


async def at_least(simulator, eventually, count: int) -> list[dict]:
    async def enough():
        received = await simulator.received("callbacks")
        return received if len(received) >= count else None

    return bodies(await eventually(enough))


async def settled(simulator, eventually) -> None:
    """Nothing is owed any more."""

    async def none_queued() -> bool:
        callbacks = (await simulator.control("GET", "/callbacks")).json()
        return all(callback["state"] == "delivered" for callback in callbacks)

    assert await eventually(none_queued)


async def test_normal_operations_are_not_called_back(simulator, merchant) -> None:
    await simulator.authorize("R1")
    assert (await simulator.control("GET", "/callbacks")).json() == []


@pytest.mark.parametrize(("card", "expected"), [("tok_visa", "succeeded"), ("tok_declined", "failed")])
async def test_terminal_may_ask_for_all(simulator, merchant, eventually, card, expected) -> None:
    await simulator.control("PATCH", "/terminals/default", {"callbacks": "all"})
    answer = await simulator.authorize("R1", card=card)
    (body,) = await at_least(simulator, eventually, 1)
    assert (body["type"], body["terminal"], body["sequence"]) == (f"operation.{expected}", "default", 2)
    assert body["data"] == answer.json()


async def test_terminal_may_want_none(simulator, merchant) -> None:
    await simulator.control("PATCH", "/terminals/default", {"callbacks": "none"})
    await simulator.authorize("R1", card="tok_fault_500_after")
    assert (await simulator.control("GET", "/callbacks")).json() == []


async def test_lost_answer_is_called_back_with_a_good_signature(simulator, eventually, session) -> None:
    taken: list[tuple[str, bytes]] = []

    async def take(request: web.Request) -> web.Response:
        taken.append((request.headers["Simulator-Signature"], await request.read()))
        return web.Response(status=500 if len(taken) == 1 else 204)  # the first delivery fails, and is repeated

    application = web.Application()
    application.router.add_post("/there", take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        url = f"http://127.0.0.1:{port}/there"
        assert (await simulator.authorize("R1", card="tok_fault_500_after", callback_url=url)).status == 500
        await settled(simulator, eventually)
    finally:
        await runner.cleanup()
    assert len(taken) == 2
    assert taken[0][1] == taken[1][1]
    for signature, body in taken:
        timestamp, digest = (part.split("=", 1)[1] for part in signature.split(","))
        signed = timestamp.encode() + b"." + body
        assert hmac.new(CALLBACK_SECRET.encode(), signed, hashlib.sha256).hexdigest() == digest


async def test_twice(simulator, merchant, eventually) -> None:
    await simulator.authorize("R1", card="tok_fault_callback_twice")
    first, second = await at_least(simulator, eventually, 2)
    assert first == second


async def test_late(simulator, merchant, eventually) -> None:
    told = (await simulator.authorize("R1", card="tok_fault_callback_late")).json()
    assert told["status"] == "approved"
    assert await simulator.received("callbacks") == []
    (owed,) = (await simulator.control("GET", "/callbacks")).json()
    assert owed["state"] == "queued"
    assert (await at_least(simulator, eventually, 1))[0]["data"] == told


async def test_before_the_answer(simulator, merchant) -> None:
    told = (await simulator.authorize("R1", card="tok_fault_callback_before_answer")).json()
    (body,) = bodies(await simulator.received("callbacks"))
    assert body["data"] == told


async def test_reordered(simulator, merchant, eventually) -> None:
    await simulator.authorize("R1", card="tok_fault_callback_reordered")
    received = await at_least(simulator, eventually, 2)
    assert [(body["type"], body["sequence"]) for body in received] == [
        ("operation.succeeded", 2),
        ("operation.processing", 1),
    ]
    assert {body["data"]["reference"] for body in received} == {"R1"}


async def test_dropped_by_rule(simulator, merchant) -> None:
    await simulator.control("PATCH", "/terminals/default", {"callbacks": "all"})
    await simulator.control("POST", "/faults", {"fault": {"effect": "callback_dropped"}})
    await simulator.authorize("R1")
    assert (await simulator.control("GET", "/callbacks")).json() == []


async def test_dispute_on_demand(simulator, merchant, eventually) -> None:
    await simulator.authorize("R1", capture=True)
    await simulator.perform("refunds", reference="R2", authorization="R1", amount_minor=300)
    dispute = (await simulator.control("POST", "/disputes", {"authorization": "R1"})).json()
    assert (dispute["state"], dispute["amount_minor"], dispute["reason_code"]) == ("opened", 700, "10.4")
    assert (await simulator.control("POST", "/disputes", {"authorization": "R1"})).status == 409
    ended = (await simulator.control("POST", f"/disputes/{dispute['id']}/end", {"won": True})).json()
    assert ended["state"] == "won"
    assert (await simulator.control("POST", f"/disputes/{dispute['id']}/end", {"won": True})).status == 409
    told = await at_least(simulator, eventually, 2)
    assert [(body["type"], body["data"]["reference"], body["data"]["amount_minor"]) for body in told] == [
        ("dispute.opened", "R1", 700),
        ("dispute.won", "R1", 700),
    ]


async def test_nothing_captured_nothing_disputed(simulator) -> None:
    await simulator.authorize("R1")
    refused = await simulator.control("POST", "/disputes", {"authorization": "R1"})
    assert (refused.status, refused.json()["code"]) == (409, "nothing_to_dispute")
    assert (await simulator.control("POST", "/disputes", {"authorization": "R0"})).status == 404
    assert (await simulator.control("GET", "/disputes")).json() == []


async def test_card_that_disputes_later(simulator, merchant, eventually) -> None:
    await simulator.control("PUT", "/conduct", {"dispute_delay_ms": 100})
    await simulator.authorize("R1", card="tok_disputed_later")
    assert (await simulator.control("GET", "/disputes")).json() == []
    await simulator.perform("captures", reference="R2", authorization="R1", amount_minor=400)
    await simulator.perform("captures", reference="R3", authorization="R1", amount_minor=600)
    (body,) = await at_least(simulator, eventually, 1)
    assert (body["type"], body["data"]["reference"]) == ("dispute.opened", "R1")
    assert len((await simulator.control("GET", "/disputes")).json()) == 1
