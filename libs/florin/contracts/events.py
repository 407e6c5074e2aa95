"""The envelope of everything that is published: one Event, with a full snapshot of its aggregate inside.

A new field needs a default: readers of yesterday's rows and of tomorrow's writers decode the same Struct.
"""

from datetime import datetime

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an aggregate.

    ``sequence`` is the aggregate's version after it happened, ``n`` counts the events of one decision, so that
    (aggregate_id, sequence, n) orders the events of an aggregate. ``data`` is the whole aggregate as JSON, never a
    difference: a reader may keep the highest version and forget the rest. ``livemode`` is None where the aggregate
    knows no mode, as a merchant.
    """

    id: str
    type: str
    merchant_id: str
    aggregate_id: str
    sequence: int
    occurred_at: datetime
    data: msgspec.Raw
    n: int = 0
    livemode: bool | None = None
    schema_version: int = 1


_decoder = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


def encode_event(event: Event) -> bytes:
    """The event as the JSON that is stored and published."""
    return _encoder.encode(event)


def decode_event(payload: bytes) -> Event:
    """The event in a stored or published payload. Raises msgspec.DecodeError where it is none."""
    return _decoder.decode(payload)


def snapshot(value: object) -> msgspec.Raw:
    """An aggregate as the ``data`` of an event."""
    return msgspec.Raw(_encoder.encode(value))
