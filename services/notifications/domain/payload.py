"""The body of a webhook: ``{type, timestamp, data}`` as Standard Webhooks has it, under 20 kB."""

from datetime import datetime

import msgspec
from msgspec import Struct

MAX_BODY_BYTES = 20_000
_encoder = msgspec.json.Encoder()


class Payload(Struct, frozen=True):
    """What the merchant's program reads. ``data`` is the whole object as of the event."""

    type: str
    timestamp: datetime
    data: msgspec.Raw


class Thin(Struct, frozen=True):
    """Stands for an object whose snapshot is too large to send; the receiver reads it by its id."""

    id: str
    truncated: bool = True


def encode_payload(event_type: str, occurred_at: datetime, aggregate_id: str, data: msgspec.Raw) -> bytes:
    """The exact bytes that are signed and sent, on every attempt the same."""
    body = _encoder.encode(Payload(event_type, occurred_at, data))
    if len(body) < MAX_BODY_BYTES:
        return body
    thin = msgspec.Raw(_encoder.encode(Thin(aggregate_id)))
    return _encoder.encode(Payload(event_type, occurred_at, thin))
