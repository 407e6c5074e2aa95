"""What came of attempts, written in groups."""

from collections.abc import Sequence

import msgspec

from florin.database import Connection
from notifications.domain.delivery import Result
from notifications.domain.outcome import DeliveryState

_ATTEMPT_COLUMNS = (
    "delivery_id",
    "number",
    "livemode",
    "started_at",
    "duration_us",
    "status",
    "failure",
    "detail",
    "url",
    "request_headers",
    "excerpt",
)
# An attempt that was taken for interrupted, and whose process lived after all, is put right.
_PUT_RIGHT = ",".join(f"{name}=VALUES({name})" for name in _ATTEMPT_COLUMNS[3:])
_encoder = msgspec.json.Encoder()


async def save_results(conn: Connection, results: Sequence[Result]) -> list[Result]:
    """Record attempts and verdicts; the results by which a delivery died.

    A verdict counts only while its attempt is the delivery's latest, so recording a result twice changes nothing.
    """
    await conn.insert_rows(
        "attempts",
        _ATTEMPT_COLUMNS,
        [
            (
                attempt.delivery_id,
                attempt.number,
                attempt.livemode,
                attempt.started_at,
                attempt.duration_us,
                attempt.outcome.status,
                attempt.outcome.failure,
                attempt.outcome.detail[:200],
                attempt.url,
                _encoder.encode(attempt.request_headers).decode(),
                attempt.outcome.excerpt[:1024],
            )
            for attempt in (result.attempt for result in results)
        ],
        on_duplicate=_PUT_RIGHT,
    )
    delivered = [
        (result.claim.delivery_id, result.claim.attempt)
        for result in results
        if result.verdict.state is DeliveryState.DELIVERED
    ]
    if delivered:
        # The pairs are the fence; the plain list beside them is what the primary key can be searched by.
        await conn.execute(
            "UPDATE deliveries SET state='delivered', reason=NULL, next_attempt_at=NULL, claimed_by=NULL, "
            "finished_at=UTC_TIMESTAMP(6) WHERE id IN %s AND (id, attempts) IN %s AND state='pending'",
            ([delivery_id for delivery_id, _ in delivered], delivered),
        )
    return [
        result
        for result in results
        if result.verdict.state is not DeliveryState.DELIVERED
        and await _save_failure(conn, result)
        and result.verdict.state is DeliveryState.DEAD
    ]


async def _save_failure(conn: Connection, result: Result) -> int:
    verdict = result.verdict
    if verdict.state is DeliveryState.PENDING:
        return await conn.execute(
            "UPDATE deliveries SET claimed_by=NULL, next_attempt_at=UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND "
            "WHERE id=%s AND attempts=%s AND state='pending'",
            (round(verdict.pause_s * 1e6), result.claim.delivery_id, result.claim.attempt),
        )
    return await conn.execute(
        "UPDATE deliveries SET state=%s, reason=%s, claimed_by=NULL, next_attempt_at=NULL, "
        "finished_at=UTC_TIMESTAMP(6) WHERE id=%s AND attempts=%s AND state='pending'",
        (verdict.state, verdict.reason, result.claim.delivery_id, result.claim.attempt),
    )
