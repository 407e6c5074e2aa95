"""Receive a webhook as a careful merchant does: verify it with the official library, remember it, answer."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace
from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError

from simulator.domain.receivers import Receiver, ReceiverAnswer
from simulator.store.book import Book
from simulator.store.received import Received, find_receiver, insert_received, put_receiver

KEPT_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent", "traceparent")


def receive(book: Book, name: str, headers: Mapping[str, str], body: bytes, now: datetime) -> ReceiverAnswer:
    """Store a webhook with the verdict on its signature; returns how to answer it."""
    receiver = find_receiver(book, name)
    reason = why_not_verified(receiver, headers, body)
    insert_received(
        book,
        Received(
            number=0,
            receiver=name,
            webhook_id=headers.get("webhook-id", ""),
            received_at=now,
            verified=not reason,
            reason=reason,
            status=_answer_of(receiver).status,
            headers={kept: headers[kept] for kept in KEPT_HEADERS if kept in headers},
            body="",
        ),
        body,
    )
    _count_down(book, name, receiver)
    return _answer_of(receiver)


def why_not_verified(receiver: Receiver, headers: Mapping[str, str], body: bytes) -> str:
    """What speaks against a webhook; empty where one of the receiver's secrets verifies it."""
    reason = "the receiver has no secret"
    for secret in receiver.secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, EmptyWebhookSecretError, ValueError) as error:
            reason = str(error) or type(error).__name__
        else:
            return "" if _is_json(body) else "the body is not JSON"
    return reason


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except ValueError:
        return False
    return True


def _answer_of(receiver: Receiver) -> ReceiverAnswer:
    return ReceiverAnswer() if receiver.answer.count == 0 else receiver.answer


def _count_down(book: Book, name: str, receiver: Receiver) -> None:
    if receiver.answer.count:
        counted = replace(receiver.answer, count=receiver.answer.count - 1)
        put_receiver(book, name, replace(receiver, answer=counted))
