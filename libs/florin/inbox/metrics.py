"""What a consumer tells Prometheus."""

from prometheus_client import Counter, Gauge

HANDLED = Counter("florin_consumer_handled", "Events that were handled (or had been before).", ["group"])
FAILED = Counter("florin_consumer_failed", "Tries of an event that failed.", ["group"])
DEAD_LETTERS = Counter("florin_consumer_dead_letters", "Events that were given up.", ["group"])
WAITING = Gauge("florin_consumer_waiting", "Events that wait behind one that failed.", ["group"])
