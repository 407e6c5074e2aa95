"""Idempotency keys: claimed with the first decision that they cause, answered once, kept for a time, then purged."""

from datetime import datetime
from hashlib import blake2b

from msgspec import Struct

from florin.database import Connection, Database, Row
from florin.errors import Conflict, InvalidRequest
from payments.store.statements import StoredReply

CLAIM_COLUMNS = (
    "key_id",
    "livemode",
    "merchant_id",
    "idempotency_key",
    "route",
    "request_hash",
    "decision_id",
    "payment_id",
)
_PURGE_BATCH = 1000


class IdempotencyKeyReused(InvalidRequest):
    """The key was used before with another body, or on another endpoint. Use a new key for a new request."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key belongs to another request"
    contradicts = True


class IdempotencyKeyInFlight(Conflict):
    """The first request with this key has not been answered yet. Send the same request again shortly."""

    code = "idempotency_key_in_flight"
    title = "A request with this Idempotency-Key is in flight"
    retryable = True


class Claim(Struct, frozen=True):
    """A merchant's key with what it stands for. ``request_hash`` is of the body, ``route`` names the endpoint."""

    key_id: str
    livemode: bool
    merchant_id: str
    idempotency_key: str
    route: str
    request_hash: str


def claim_of(*, livemode: bool, merchant_id: str, idempotency_key: str, route: str, body: bytes) -> Claim:
    """The claim of a request. The key's id is a hash, 128 bits, of mode, merchant and key."""
    name = f"{'live' if livemode else 'test'}\n{merchant_id}\n{idempotency_key}"
    return Claim(
        key_id=blake2b(name.encode(), digest_size=16).hexdigest(),
        livemode=livemode,
        merchant_id=merchant_id,
        idempotency_key=idempotency_key,
        route=route,
        request_hash=blake2b(body, digest_size=32).hexdigest(),
    )


def reply_of_earlier(claim: Claim, row: Row) -> StoredReply:
    """What a key that was claimed before answers now. Raises IdempotencyKeyReused, IdempotencyKeyInFlight."""
    if row["route"] != claim.route:
        raise IdempotencyKeyReused(
            f"This Idempotency-Key was used for {row['route']}; use a new key for another endpoint.",
            param="Idempotency-Key",
        )
    if row["request_hash"] != claim.request_hash:
        raise IdempotencyKeyReused(
            "This Idempotency-Key was used with another body; use a new key for a new request.", param="Idempotency-Key"
        )
    if row["reply"] is None:
        raise IdempotencyKeyInFlight("The first request with this Idempotency-Key is still being worked on.")
    return StoredReply(row["status"], row["reply"])


async def find_reply(database: Database, key_id: str) -> StoredReply | None:
    """The reply stored on a key, or None while it is owed."""
    async with database.connection() as conn:
        row = await conn.fetch_one("SELECT status, reply FROM idempotency_keys WHERE key_id=%s", (key_id,))
    return StoredReply(row["status"], row["reply"]) if row and row["reply"] is not None else None


async def is_claimed(database: Database, key_id: str) -> bool:
    """Whether a key has been used, answered or not."""
    async with database.connection() as conn:
        return await conn.fetch_one("SELECT 1 AS one FROM idempotency_keys WHERE key_id=%s", (key_id,)) is not None


async def purge_keys(conn: Connection, replied_before: datetime) -> int:
    """Forget a batch of keys that were answered before a time; unfinished keys are never forgotten."""
    return await conn.execute(
        "DELETE FROM idempotency_keys WHERE replied_at < %s AND reply IS NOT NULL ORDER BY replied_at LIMIT %s",
        (replied_before, _PURGE_BATCH),
    )
