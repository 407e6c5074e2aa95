"""The webhook receiver: what it verifies, how it answers, what it remembers."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
BODY = '{"type":"payment.captured","data":{}}'


@pytest.fixture
async def post(simulator, session, shared_simulator):
    await simulator.control("PUT", "/receivers/shop", {"secrets": [SECRET]})

    async def send(*, secret: str = SECRET, body: str = BODY, webhook_id: str = "msg_1", at=None, **headers: str):
        now = at or datetime.now(UTC)
        signed = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(webhook_id, now, body),
            **headers,
        }
        url = f"{shared_simulator.url}/receiver/shop"
        async with session.post(url, data=body.encode(), headers=signed, allow_redirects=False) as reply:
            return reply.status, reply.headers

    return send


async def test_good_webhook(simulator, post) -> None:
    status, _ = await post()
    assert status == 200
    (webhook,) = await simulator.received("shop")
    assert (webhook["verified"], webhook["reason"], webhook["webhook_id"]) == (True, "", "msg_1")
    assert json.loads(webhook["body"]) == json.loads(BODY)


async def test_bad_webhooks_are_kept_with_the_reason(simulator, post) -> None:
    await post(secret=OTHER)
    await post(at=datetime.now(UTC) - timedelta(minutes=6))
    await post(**{"webhook-signature": "nonsense"})
    await post(**{"webhook-signature": ""})
    await post(**{"webhook-timestamp": "soon"})
    received = await simulator.received("shop")
    assert len(received) == 5
    assert not any(webhook["verified"] for webhook in received)
    assert all(webhook["reason"] for webhook in received)


async def test_either_secret_while_one_rotates(simulator, post) -> None:
    await simulator.control("PUT", "/receivers/shop", {"secrets": [OTHER, SECRET]})
    await post(secret=SECRET)
    await post(secret=OTHER)
    assert [webhook["verified"] for webhook in await simulator.received("shop")] == [True, True]


async def test_without_a_secret_nothing_is_verified(simulator, session, shared_simulator) -> None:
    async with session.post(f"{shared_simulator.url}/receiver/stranger", data=b"\xff") as reply:
        assert reply.status == 200
    (webhook,) = await simulator.received("stranger")
    assert not webhook["verified"]


async def test_secret_that_is_none_verifies_nothing(simulator, post) -> None:
    await simulator.control("PUT", "/receivers/shop", {"secrets": ["whsec_" + "=" * 16, "whsec_" + "a" * 17]})
    assert (await post())[0] == 200
    (webhook,) = await simulator.received("shop")
    assert not webhook["verified"]


@pytest.mark.parametrize(
    ("answer", "header"),
    [
        ({"status": 410}, None),
        ({"status": 429, "retry_after_s": 30}, ("Retry-After", "30")),
        ({"status": 302, "location": "http://169.254.169.254/"}, ("Location", "http://169.254.169.254/")),
    ],
)
async def test_answers_as_told_for_as_often_as_told(simulator, post, answer, header) -> None:
    await simulator.control("PUT", "/receivers/shop", {"secrets": [SECRET], "answer": {**answer, "count": 1}})
    status, headers = await post()
    assert status == answer["status"]
    if header:
        assert headers[header[0]] == header[1]
    assert (await post())[0] == 200
    assert [webhook["status"] for webhook in await simulator.received("shop")] == [answer["status"], 200]


async def test_page_escapes_what_strangers_sent(simulator, session, shared_simulator, post) -> None:
    await post(body='{"x":"<script>alert(1)</script>"}', webhook_id="<b>")
    async with session.get(f"{shared_simulator.url}/receiver") as reply:
        page = await reply.text()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "<b>" not in page


async def test_listing_by_pages_and_by_id(simulator, post) -> None:
    for number in range(5):
        await post(webhook_id=f"msg_{number % 2}")
    first = (await simulator.call("GET", "/receiver/shop?limit=3")).json()
    rest = (await simulator.call("GET", f"/receiver/shop?limit=3&after={first['next_after']}")).json()
    assert (len(first["received"]), len(rest["received"]), rest["next_after"]) == (3, 2, None)
    assert len((await simulator.call("GET", "/receiver/shop?webhook_id=msg_1")).json()["received"]) == 2
    summary = next(each for each in (await simulator.control("GET", "/receivers")).json() if each["name"] == "shop")
    assert (summary["received"], summary["verified"], summary["distinct"]) == (5, 5, 2)
