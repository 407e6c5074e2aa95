"""What a relay tells Prometheus."""

from prometheus_client import Counter, Gauge

UNPUBLISHED = Gauge("florin_outbox_unpublished", "Rows that wait to be published; counted up to a limit.", ["stream"])
UNPUBLISHED_AGE = Gauge(
    "florin_outbox_unpublished_age_seconds", "Age of the oldest row that waits to be published.", ["stream"]
)
LAG = Gauge(
    "florin_stream_lag_seconds",
    "Age of the first published event that a group has not processed. Told by the replica that relays the partition.",
    ["stream", "group"],
)
PUBLISHED = Counter("florin_outbox_published", "Rows that were published.", ["stream"])
REPUBLISHED = Counter("florin_outbox_republished", "Rows made unpublished again because entries were lost.", ["stream"])
TRANSPORT_DOWN = Gauge("florin_outbox_transport_down", "1 while the transport of the streams does not answer.")
