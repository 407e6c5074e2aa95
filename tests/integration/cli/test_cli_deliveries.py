"""Deliveries, replays and dead letters, from the terminal on the running platform."""

import secrets

from tests.support.florin_command import Florin
from tests.support.platform import Platform, Shop, eventually


async def captured(florin: Florin, payment: str, state: str = "delivered") -> str:
    """The id of the delivery that tells of a payment's capture, once it is in a state."""

    async def found() -> str:
        chosen = ("--payment", payment, "--event", "payment.captured", "--state", state)
        page = (await florin("deliveries", "list", *chosen, "--json")).json()
        return page["data"][0]["id"] if page["data"] else ""

    return str(await eventually(found))


async def received(shop: Shop, payment: str) -> int:
    return sum(payment in str(webhook) and "payment.captured" in str(webhook) for webhook in await shop.received())


async def test_delivery_is_shown_and_sent_again(florin: Florin, shop: Shop) -> None:
    payment = (await shop.pay()).ok()["id"]
    delivery = await captured(florin, payment)
    assert await received(shop, payment) == 1
    shown = (await florin("deliveries", "show", delivery)).ok()
    assert payment in shown
    assert "payment.captured" in shown
    assert f"/receiver/{shop.merchant_id}" in shown
    assert delivery in (await florin("deliveries", "replay", delivery)).ok()

    async def twice() -> bool:
        return await received(shop, payment) == 2

    await eventually(twice)
    listed = (await florin("deliveries", "list", "--merchant", shop.merchant_id, "--since", "1h")).ok()
    assert delivery in listed
    none = await florin("deliveries", "list", "--merchant", shop.merchant_id, "--until", "1h", "--live")
    assert none.ok() == ""


async def test_dead_deliveries_are_listed_and_sent_again_by_a_replay(florin: Florin, shop: Shop) -> None:
    await shop.configure(retryPolicy={"maxAttempts": 1})
    receiver = {"secrets": [shop.webhook_secret], "answer": {"status": 500}}
    (await shop.control("PUT", f"/receivers/{shop.merchant_id}", receiver)).ok()
    payment = (await shop.pay()).ok()["id"]
    delivery = await captured(florin, payment, "dead")
    dead = (await florin("dead-letters", "list")).ok()
    assert delivery in dead
    assert "Deliveries that were given up" in dead
    assert "attempts_exhausted" in (await florin("deliveries", "show", delivery)).ok()

    receiver = {"secrets": [shop.webhook_secret]}
    (await shop.control("PUT", f"/receivers/{shop.merchant_id}", receiver)).ok()
    (await florin("dead-letters", "replay", delivery)).ok()
    await captured(florin, payment, "delivered")
    replay = (
        await florin("replays", "create", "--payment", payment, "--state", "delivered", "--wait", "--json")
    ).json()
    assert replay["state"] == "done"
    assert replay["replayed"] >= 1
    assert replay["id"] in (await florin("replays", "list", "--merchant", shop.merchant_id)).ok()
    assert "operator" in (await florin("replays", "show", replay["id"])).ok()


async def test_event_that_could_not_be_handled_is_listed_and_refused_with_its_reason(
    florin: Florin, platform: Platform
) -> None:
    letter = f"dl_{secrets.token_hex(8)}"
    table = f"`{platform.databases['notifications']}`.dead_letters"
    platform.mariadb.execute(
        f"INSERT INTO {table} (id, group_name, stream, partition_no, event_id, aggregate_id, payload, reason, tries, "
        f"created_at) VALUES ('{letter}', 'notifications', 'payments', 0, '{letter}', 'pay_x', 'no event', "
        "'DecodeError \\u001b[31m', 12, NOW(6))"
    )
    try:
        listed = (await florin("dead-letters", "list")).ok()
        again = await florin("dead-letters", "replay", letter)
    finally:
        platform.mariadb.execute(f"DELETE FROM {table} WHERE id='{letter}'")
    assert letter in listed
    assert "Events that could not be handled" in listed
    assert (again.status, "code dead_letter_unreadable" in again.err) == (4, True)
