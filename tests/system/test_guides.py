"""The pages do what they say: guides for merchants and developers, and what runbooks tell to look at."""

import asyncio

import pytest
from tests.support.guides import follow
from tests.support.platform import ROOT, Shop

RUNBOOKS = ROOT / "docs/runbooks"


FOLLOWED = (
    "take-a-payment",
    "call-the-api",
    "idempotency",
    "order-and-duplicates",
    "receive-webhooks",
    "test-with-the-simulator",
    "operate-with-florin",
    "add-an-acquirer",
)


@pytest.mark.parametrize("name", FOLLOWED)
async def test_commands_of_the_guide_do_what_it_says(shop: Shop, name: str) -> None:
    await follow(ROOT / f"docs/guides/{name}.md", shop)


async def test_commands_of_every_runbook_can_be_run(shop: Shop) -> None:
    payment = (await shop.pay()).ok()["id"]
    together = asyncio.Semaphore(2)

    async def run(name: str) -> None:
        async with together:
            await follow(RUNBOOKS / name, shop, PAYMENT=payment)

    async with asyncio.TaskGroup() as pages:
        for page in RUNBOOKS.glob("*.md"):
            pages.create_task(run(page.name))
