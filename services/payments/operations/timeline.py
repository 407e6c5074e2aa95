"""A payment's story: every decision, operation, callback and delivery with its time, in one order."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from florin.contracts.deliveries import PaymentDeliveries
from florin.database import Database
from payments.gateways.deliveries import DeliveriesClient
from payments.store.callbacks import list_callbacks
from payments.store.timeline import list_decisions, list_operations


class TimelineEntry(Struct, frozen=True):
    """One thing that happened: ``kind`` is decision, sent, answered, callback, webhook or webhook_attempt."""

    at: datetime
    kind: str
    what: str
    detail: dict[str, Any] = {}


class Timeline(Struct, frozen=True):
    """A payment's story. ``deliveries_complete`` is False where notifications could not be asked."""

    payment_id: str
    data: list[TimelineEntry]
    deliveries_complete: bool


async def tell_timeline(database: Database, deliveries: DeliveriesClient, payment_id: str) -> Timeline:
    """Gather and sort."""
    told = await deliveries.of_payment(payment_id)
    entries = [
        *_decisions(await list_decisions(database, payment_id)),
        *_operations(await list_operations(database, payment_id)),
        *_callbacks(await list_callbacks(database, payment_id)),
        *(_deliveries(told) if told else ()),
    ]
    return Timeline(payment_id, sorted(entries, key=lambda entry: entry.at), told is not None)


def _decisions(rows: list[dict[str, Any]]) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            row["occurred_at"],
            "decision",
            row["kind"],
            {
                "decision_id": row["id"],
                "sequence": row["version"],
                "status": row["status"],
                "actor": row["actor"],
                "recorded_at": row["recorded_at"],
                **msgspec.json.decode(row["detail"]),
            },
        )
        for row in rows
    ]


def _operations(rows: list[dict[str, Any]]) -> list[TimelineEntry]:
    entries = []
    for row in rows:
        detail = {
            "operation_id": row["id"],
            "connector": row["connector"],
            "reference": row["reference"],
            "amount_minor": row["amount_minor"],
            "currency": row["currency"],
            "asked": row["asked"],
        }
        entries.append(TimelineEntry(row["created_at"], "sent", row["verb"], detail))
        if row["finished_at"]:
            entries.append(TimelineEntry(row["finished_at"], "answered", f"{row['verb']} {row['state']}", detail))
    return entries


def _callbacks(rows: list[dict[str, Any]]) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            row["received_at"],
            "callback",
            row["result"],
            {"connector": row["connector"], "callback_id": row["callback_id"], "reference": row["reference"]},
        )
        for row in rows
    ]


def _deliveries(told: PaymentDeliveries) -> list[TimelineEntry]:
    entries = []
    for delivery in told.data:
        detail: dict[str, Any] = {
            "delivery_id": delivery.id,
            "endpoint_id": delivery.endpoint_id,
            "event_id": delivery.event_id,
            "state": delivery.state,
        }
        entries.append(TimelineEntry(delivery.created_at, "webhook", delivery.event_type, detail))
        entries.extend(
            TimelineEntry(
                attempt.started_at,
                "webhook_attempt",
                f"{delivery.event_type}: {attempt.status or attempt.failure}",
                {
                    "delivery_id": delivery.id,
                    "number": attempt.number,
                    "status": attempt.status,
                    "duration_ms": attempt.duration_ms,
                },
            )
            for attempt in delivery.attempts
        )
    return entries
