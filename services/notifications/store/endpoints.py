"""Table ``endpoints``."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict

from florin.contracts.merchant_config import RetryPolicy, WebhookOrdering
from florin.database import Connection, Row, literal
from notifications.domain.endpoint import Endpoint, EndpointState

_COLUMNS = tuple(field.name for field in msgspec.structs.fields(Endpoint))
_SELECT = f"SELECT {','.join(_COLUMNS)} FROM endpoints"
_JSON = ("events", "retry_policy", "default_retry_policy")
_encoder = msgspec.json.Encoder()
_events = msgspec.json.Decoder(tuple[str, ...])
_policy = msgspec.json.Decoder(RetryPolicy)


def _endpoint(row: Row) -> Endpoint:
    own_policy = row["retry_policy"]
    return Endpoint(
        **{
            **row,
            "livemode": bool(row["livemode"]),
            "state": EndpointState(row["state"]),
            "ordering": WebhookOrdering(row["ordering"]),
            "events": _events.decode(row["events"]),
            "retry_policy": _policy.decode(own_policy) if own_policy else None,
            "default_retry_policy": _policy.decode(row["default_retry_policy"]),
        }
    )


def _values(endpoint: Endpoint) -> dict[str, Any]:
    values = asdict(endpoint)
    for name in _JSON:
        values[name] = None if values[name] is None else _encoder.encode(values[name]).decode()
    return values


async def insert_endpoint(conn: Connection, endpoint: Endpoint) -> None:
    """Raises DuplicateKey where the configuration's endpoint of this name exists."""
    values = _values(endpoint)
    await conn.insert_rows("endpoints", _COLUMNS, [[values[name] for name in _COLUMNS]])


async def update_endpoint(conn: Connection, endpoint: Endpoint) -> None:
    """Write an endpoint that the caller has locked and whose version it has raised; its health begins anew.

    Whatever was changed, the next attempt finds out how the endpoint does now.
    """
    values = {**_values(endpoint), "failures": 0, "blocked_until": None}
    del values["id"]
    assignments = ",".join(f"{name}=%s" for name in values)
    await conn.execute(f"UPDATE endpoints SET {assignments} WHERE id=%s", [*values.values(), endpoint.id])


async def find_endpoint(
    conn: Connection, endpoint_id: str, merchant_id: str, *, livemode: bool, lock: bool = False
) -> Endpoint | None:
    """A merchant's endpoint in one mode, unless it was deleted; ``lock`` holds it until the transaction ends."""
    row = await conn.fetch_one(
        f"{_SELECT} WHERE id=%s AND merchant_id=%s AND livemode=%s AND state<>'deleted'{' FOR UPDATE' if lock else ''}",
        (endpoint_id, merchant_id, livemode),
    )
    return _endpoint(row) if row else None


async def find_endpoints(conn: Connection, ids: Collection[str], *, lock: bool = False) -> dict[str, Endpoint]:
    """Endpoints by id, deleted ones as well."""
    if not ids:
        return {}
    rows = await conn.fetch_all(f"{_SELECT} WHERE id IN %s ORDER BY id{' FOR UPDATE' if lock else ''}", (sorted(ids),))
    return {row["id"]: _endpoint(row) for row in rows}


async def endpoints_of_merchants(conn: Connection, merchant_ids: Collection[str]) -> list[Endpoint]:
    """Every endpoint of these merchants that is not deleted, in both modes."""
    if not merchant_ids:
        return []
    rows = await conn.fetch_all(
        f"{_SELECT} WHERE merchant_id IN %s AND livemode IN (0,1) AND state<>'deleted'", (sorted(merchant_ids),)
    )
    return [_endpoint(row) for row in rows]


async def managed_endpoints(conn: Connection, merchant_id: str) -> list[Endpoint]:
    """The endpoints that the merchant's configuration has made, deleted ones as well; locked."""
    rows = await conn.fetch_all(
        f"{_SELECT} WHERE merchant_id=%s AND livemode IN (0,1) AND name IS NOT NULL ORDER BY id FOR UPDATE",
        (merchant_id,),
    )
    return [_endpoint(row) for row in rows]


async def set_default_retries(conn: Connection, merchant_id: str, policy: RetryPolicy) -> None:
    """Give all endpoints of a merchant the policy of its configuration; a new version tells lanes to look."""
    encoded = _encoder.encode(policy).decode()
    await conn.execute(
        "UPDATE endpoints SET default_retry_policy=%s, version=version+1 "
        "WHERE merchant_id=%s AND default_retry_policy<>%s",
        (encoded, merchant_id, encoded),
    )


async def list_endpoints(
    conn: Connection, merchant_id: str, *, livemode: bool, cursor: str | None, backwards: bool, limit: int
) -> list[Endpoint]:
    """Newest first, or from the cursor towards newer ones."""
    behind = "" if cursor is None else f" AND id {'>' if backwards else '<'} {literal(cursor)}"
    rows = await conn.fetch_all(
        f"{_SELECT} WHERE merchant_id={literal(merchant_id)} AND livemode={literal(livemode)} AND state<>'deleted'"
        f"{behind} ORDER BY id {'ASC' if backwards else 'DESC'} LIMIT {int(limit)}"
    )
    return [_endpoint(row) for row in rows]


async def count_endpoints(conn: Connection, merchant_id: str, *, livemode: bool) -> int:
    """How many endpoints a merchant has in one mode."""
    row = await conn.fetch_one(
        "SELECT COUNT(*) AS found FROM endpoints WHERE merchant_id=%s AND livemode=%s AND state<>'deleted'",
        (merchant_id, livemode),
    )
    return int(row["found"]) if row else 0


async def save_health(conn: Connection, healths: Sequence[tuple[str, int, int, float]]) -> None:
    """Failures in a row and seconds of rest, for each (endpoint id, its version, failures, rest).

    An endpoint that was edited meanwhile keeps the clean slate that the edit gave it.
    """
    for endpoint_id, version, failures, rest_s in sorted(healths):
        await conn.execute(
            "UPDATE endpoints SET failures=%s, blocked_until="
            "IF(%s > 0, UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND, NULL) WHERE id=%s AND version=%s",
            (failures, round(rest_s * 1e6), round(rest_s * 1e6), endpoint_id, version),
        )
