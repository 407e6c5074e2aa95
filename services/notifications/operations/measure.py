"""What delivery counts for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

ATTEMPTS = Counter(
    "florin_webhook_attempts_total",
    "Webhook attempts by what became of the delivery and by the answer (a status, or why there was none).",
    ["state", "answer"],
)
ATTEMPT_DURATION = Histogram(
    "florin_webhook_attempt_duration_seconds",
    "How long attempts take.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30),
)
IN_FLIGHT = Gauge("florin_webhook_attempts_in_flight", "Webhook attempts under way.")
EVENT_AGE = Histogram(
    "florin_webhook_event_age_seconds",
    "Age of an event when its first attempt begins, where there was room at once.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300),
)
