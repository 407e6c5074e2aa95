"""Decisions as SQL: the multi-row statements that store a batch of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from florin.contracts.events import Event
from florin.database.connection import insert_statement
from florin.ids import new_id, shard_of
from florin.outbox import outbox_rows
from payments.domain.decision import Context, Decision
from payments.domain.payment import Operation, OperationState, Payment
from payments.domain.snapshot import view_payment, view_refund_event
from payments.store.encoding import encode_payment
from payments.store.spending import SPENDING_ADDED, SPENDING_COLUMNS, spending_rows

FIRST_QUESTION_AFTER = timedelta(seconds=1)
"""How soon an operation of unknown outcome is asked about."""

_encode = msgspec.json.Encoder().encode
_PAYMENT_COLUMNS = (
    "id",
    "livemode",
    "merchant_id",
    "version",
    "config_version",
    "status",
    "amount_minor",
    "currency",
    "merchant_reference",
    "expires_at",
    "created_at",
    "body",
)
_PAYMENT_CHANGES = "version=VALUES(version), status=VALUES(status), expires_at=VALUES(expires_at), body=VALUES(body)"
_OPERATION_COLUMNS = (
    "id",
    "payment_id",
    "livemode",
    "merchant_id",
    "verb",
    "state",
    "repairing",
    "amount_minor",
    "currency",
    "connector",
    "reference",
    "created_at",
    "finished_at",
    "ask_at",
)
_OPERATION_CHANGES = "state=VALUES(state), finished_at=VALUES(finished_at), ask_at=VALUES(ask_at)"
_DECISION_COLUMNS = ("id", "payment_id", "version", "kind", "status", "actor", "detail", "occurred_at")
_LEDGER_COLUMNS = (
    "decision_id",
    "line",
    "livemode",
    "merchant_id",
    "connector",
    "currency",
    "purpose",
    "amount_minor",
    "payment_id",
    "operation_id",
)
_REFERENCE_COLUMNS = ("connector", "kind", "value", "operation_id", "payment_id")
_REPLY_COLUMNS = ("key_id", "status", "reply", "replied_at")
# MySQL assigns from left to right: `reply` comes last, because the others look whether it was there already.
_REPLY_ONCE = (
    "status=IF(reply IS NULL, VALUES(status), status), replied_at=IF(reply IS NULL, VALUES(replied_at), replied_at), "
    "reply=IF(reply IS NULL, VALUES(reply), reply)"
)


class StoredReply(msgspec.Struct, frozen=True):
    """An HTTP reply as it is kept on an idempotency key: status and body, byte for byte."""

    status: int
    body: bytes


class Snapshot(msgspec.Struct, frozen=True):
    """The payment as merchants see it, made once for its row, its events and its reply."""

    status: str
    expires_at: datetime | None
    body: bytes


class Write(msgspec.Struct, frozen=True):
    """One decision that is to be stored, with what it replaces and what is derived from it."""

    context: Context
    before: Payment | None
    decision: Decision
    snapshot: Snapshot
    traceparent: str | None
    replies: dict[str, StoredReply]


def snapshot_of(payment: Payment) -> Snapshot:
    """Derive and encode it."""
    view = view_payment(payment)
    return Snapshot(view.status, view.expires_at, _encode(view))


def statements_for(writes: Sequence[Write]) -> list[str]:
    """Every statement of a batch, empty ones left out; the order is that of the tables' locks."""
    new = [_payment_row(write) for write in writes if write.before is None]
    changed = [_payment_row(write) for write in writes if write.before is not None]
    statements = [
        insert_statement("payments", _PAYMENT_COLUMNS, new),
        insert_statement("payments", _PAYMENT_COLUMNS, changed, on_duplicate=_PAYMENT_CHANGES),
        insert_statement("decisions", _DECISION_COLUMNS, map(_decision_row, writes)),
        insert_statement(
            "operations", _OPERATION_COLUMNS, _each(writes, _operation_rows), on_duplicate=_OPERATION_CHANGES
        ),
        insert_statement("ledger_entries", _LEDGER_COLUMNS, _each(writes, _ledger_rows)),
        insert_statement("external_references", _REFERENCE_COLUMNS, _each(writes, _reference_rows), ignore=True),
        *_outbox_statements(writes),
        insert_statement(
            "daily_spending", SPENDING_COLUMNS, _each(writes, _spending_rows), on_duplicate=SPENDING_ADDED
        ),
        insert_statement("idempotency_keys", _REPLY_COLUMNS, _each(writes, _reply_rows), on_duplicate=_REPLY_ONCE),
    ]
    return [statement for statement in statements if statement]


def stream_of(*, livemode: bool) -> str:
    """The stream of payments' events in a mode."""
    return "payments.live" if livemode else "payments.test"


def _each(writes: Sequence[Write], rows_of: Any) -> Iterator[tuple[Any, ...]]:
    for write in writes:
        yield from rows_of(write)


def _payment_row(write: Write) -> tuple[Any, ...]:
    payment = write.decision.payment
    return (
        payment.id,
        payment.livemode,
        payment.merchant_id,
        payment.version,
        payment.config_version,
        write.snapshot.status,
        payment.amount_minor,
        payment.currency,
        payment.merchant_reference or None,
        write.snapshot.expires_at,
        payment.created_at,
        encode_payment(payment),
    )


def _decision_row(write: Write) -> tuple[Any, ...]:
    decision, payment = write.decision, write.decision.payment
    return (
        write.context.decision_id,
        payment.id,
        payment.version,
        decision.kind,
        write.snapshot.status,
        write.context.actor,
        _encode(decision.detail),
        write.context.at,
    )


def _changed_operations(write: Write) -> list[Operation]:
    known = {operation.id: operation for operation in write.before.operations()} if write.before else {}
    return [o for o in write.decision.payment.operations() if known.get(o.id) is not o]


def _ask_at(operation: Operation, at: datetime) -> datetime | None:
    if operation.state is OperationState.SENDING:
        return operation.deadline_at
    return at + FIRST_QUESTION_AFTER if operation.state is OperationState.UNKNOWN else None


def _operation_rows(write: Write) -> Iterator[tuple[Any, ...]]:
    payment = write.decision.payment
    for operation in _changed_operations(write):
        yield (
            operation.id,
            payment.id,
            payment.livemode,
            payment.merchant_id,
            operation.verb,
            operation.state,
            operation.repairing,
            operation.amount_minor,
            operation.currency,
            operation.connector,
            operation.reference,
            operation.created_at,
            operation.finished_at,
            _ask_at(operation, write.context.at),
        )


def _ledger_rows(write: Write) -> Iterator[tuple[Any, ...]]:
    payment = write.decision.payment
    for number, line in enumerate(write.decision.lines):
        yield (
            write.context.decision_id,
            number,
            payment.livemode,
            payment.merchant_id,
            line.connector,
            line.currency,
            line.purpose,
            line.amount_minor,
            payment.id,
            line.operation_id,
        )


def _reference_rows(write: Write) -> Iterator[tuple[Any, ...]]:
    sent = set()
    for operation in _changed_operations(write):
        if operation.state is not OperationState.SUCCEEDED or operation.network is None:
            continue
        if operation.reference in sent:  # the capture in an authorisation with capture: one thing at the acquirer
            continue
        sent.add(operation.reference)
        told = {
            "acquirer_id": operation.acquirer_id,
            "auth_code": operation.network.auth_code,
            "rrn": operation.network.rrn,
            "arn": operation.network.arn,
            "network_transaction_id": operation.network.network_transaction_id,
        }
        for kind, value in told.items():
            if value:
                yield (operation.connector, kind, value[:128], operation.id, write.decision.payment.id)


def _outbox_statements(writes: Sequence[Write]) -> Iterator[str]:
    columns: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = []
    for write in writes:
        payment = write.decision.payment
        columns, more = outbox_rows(stream_of(livemode=payment.livemode), _events(write), write.traceparent)
        rows.extend(more)
    yield insert_statement("outbox", columns, rows)


def _events(write: Write) -> list[Event]:
    payment = write.decision.payment
    shard = shard_of(payment.merchant_id)
    return [
        Event(
            id=new_id("evt", livemode=payment.livemode, shard=shard),
            type=announcement.type,
            merchant_id=payment.merchant_id,
            aggregate_id=payment.id,
            sequence=payment.version,
            n=n,
            livemode=payment.livemode,
            occurred_at=write.context.at,
            data=msgspec.Raw(
                _encode(view_refund_event(payment, announcement.operation_id))
                if announcement.operation_id
                else write.snapshot.body
            ),
        )
        for n, announcement in enumerate(write.decision.events)
    ]


def _spending_rows(write: Write) -> Iterator[tuple[Any, ...]]:
    yield from spending_rows(write.before, write.decision.payment)


def _reply_rows(write: Write) -> Iterator[tuple[Any, ...]]:
    for key_id, reply in write.replies.items():
        yield (key_id, reply.status, reply.body, write.context.at)
