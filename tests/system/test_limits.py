"""The merchant's limits, also when many requests come at once."""

import asyncio

from tests.support.platform import Platform, open_shop

LIMITS = {"limits": [{"currency": "EUR", "perTransactionMinor": 5000, "dailyMinor": 10_000}]}


async def test_daily_limit_holds_under_concurrency_and_declines_do_not_count(platform: Platform) -> None:
    async with open_shop(platform, **LIMITS) as shop:
        large = await shop.pay(amount_minor=5001)
        assert (large.status, large.json()["code"]) == (400, "amount_limit_exceeded")
        declined = await asyncio.gather(*(shop.pay("tok_declined", amount_minor=4000) for _ in range(6)))
        assert {answer.status for answer in declined} <= {402, 409}  # in flight they count
        assert (await shop.pay("tok_declined", amount_minor=4000)).status == 402

        answers = await asyncio.gather(*(shop.pay(amount_minor=3000) for _ in range(10)))
        assert sorted(answer.status for answer in answers) == [201] * 3 + [409] * 7
        refused = [answer.json() for answer in answers if answer.status == 409]
        assert {(problem["code"], problem["left_minor"]) for problem in refused} == {("daily_limit_exceeded", 1000)}
        assert (await shop.pay(amount_minor=1000)).status == 201
        assert (await shop.pay(amount_minor=1, currency="JPY")).status == 201


async def test_daily_limit_holds_for_later_confirmation(platform: Platform) -> None:
    async with open_shop(platform, **LIMITS) as shop:
        (await shop.pay(amount_minor=5000)).ok()
        (await shop.pay(amount_minor=4000)).ok()
        waiting = (await shop.pay(amount_minor=2000, confirm=False)).ok()
        assert waiting["status"] == "requires_confirmation"
        refused = await shop.post(f"/v1/payments/{waiting['id']}/confirm", {})
        assert (refused.status, refused.json()["code"]) == (409, "daily_limit_exceeded")
