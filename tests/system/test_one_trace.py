"""A payment is one trace, from the HTTP request through outbox and stream to the webhook's attempt."""

import json

from tests.support.platform import Platform, Shop, eventually

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_request_and_webhook_attempt_share_a_trace(platform: Platform, shop: Shop) -> None:
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    body = {"amount_minor": 1000, "currency": "EUR", "confirm": True, "payment_method": {"token": "tok_visa"}}
    (await shop.post("/v1/payments", body, headers=headers)).ok()

    async def whole() -> set[str]:
        spans = [json.loads(line) for path in platform.folder.glob("traces*") for line in path.read_text().splitlines()]
        names = {(span["service"], span["name"]) for span in spans if span["trace_id"] == TRACE}
        services = {service for service, _ in names}
        return (
            names
            if {"florin-payments", "florin-notifications"} <= services and any("webhook" in n for _, n in names)
            else set()
        )

    names = await eventually(whole, timeout_s=20)
    assert ("florin-payments", "perform authorize") in names

    async def told() -> list[dict]:
        return await shop.received()

    webhooks = await eventually(told)
    assert any(TRACE in json.dumps(webhook["headers"]) for webhook in webhooks)
