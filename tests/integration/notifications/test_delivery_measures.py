"""What waits at notifications, as a pager sees it."""

from tests.support.metrics import sample
from tests.support.webhooks import Receiver, payment_event, running_desk

from florin.contracts.merchant_config import WebhookOrdering
from florin.database import Database
from notifications.operations.measure import measure_deliveries


async def test_a_delivery_that_could_be_attempted_and_is_not_grows_overdue(db: Database, receiver: Receiver) -> None:
    async with running_desk(db) as desk:
        made = await desk.endpoint(receiver.answer("/hook", 500), ordering=WebhookOrdering.PAYMENT)
        await desk.accept(payment_event("pay_1", 1))
        await receiver.wait("/hook", 1)
        await desk.dispatcher.drain(5)
        await desk.accept(payment_event("pay_1", 2))  # must wait for the first, which failed: that is no delay of ours
        async with db.connection() as conn:
            await conn.execute(
                "UPDATE deliveries SET next_attempt_at=UTC_TIMESTAMP(6) - INTERVAL 1 HOUR WHERE sequence=2"
            )
        await measure_deliveries(db)
        assert sample("florin_webhook_deliveries_pending") == 2
        assert sample("florin_webhook_deliveries_overdue_seconds") == 0
        async with db.connection() as conn:
            await conn.execute(
                "UPDATE deliveries SET next_attempt_at=UTC_TIMESTAMP(6) - INTERVAL 2 HOUR WHERE sequence=1"
            )
        await measure_deliveries(db)
        assert 7200 <= (sample("florin_webhook_deliveries_overdue_seconds") or 0) < 7300
        async with db.connection() as conn:
            await conn.execute("UPDATE endpoints SET state='paused' WHERE id=%s", (made.endpoint.id,))
        await measure_deliveries(db)
        assert sample("florin_webhook_deliveries_overdue_seconds") == 0
