"""docs/reference/events.md: every event that payments publishes."""

from payments.domain.events import MEANING, EventType

_HEAD = """# Events of payments

Each event carries the whole object as it was then: a payment, or for `refund.*` the refund and its payment. They come
at least once, as [Standard Webhooks](https://www.standardwebhooks.com/), and can be read from `GET /v1/events`. An
event whose id was seen before is no news; of two snapshots of a payment the one with the higher `sequence` is newer.

This page is made from the code: `./dev generate`.

| event | what it tells |
|---|---|
"""


def render() -> str:
    """The page."""
    return _HEAD + "".join(f"| `{event}` | {MEANING[event]} |\n" for event in EventType)
