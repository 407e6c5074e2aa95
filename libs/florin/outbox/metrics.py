"""What a relay tells Prometheus."""

from prometheus_client import Counter, Gauge

UNPUBLISHED = Gauge("florin_outbox_unpublished", "Rows that wait to be published, up to a limit", ["stream"])
PUBLISHED = Counter("florin_outbox_published", "Rows that were published", ["stream"])
REPUBLISHED = Counter("florin_outbox_republished", "Rows made unpublished again because entries were lost", ["stream"])
TRANSPORT_DOWN = Gauge("florin_outbox_transport_down", "1 while the transport of the streams does not answer")
