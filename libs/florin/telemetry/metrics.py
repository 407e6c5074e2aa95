"""Prometheus metrics that every service has. A service's own metrics live beside the code they count."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "florin_http_requests", "Requests answered, by route template (never by path).", ("method", "route", "status")
)
REQUEST_DURATION = Histogram(
    "florin_http_request_duration_seconds",
    "From the end of a request's head to the end of its answer.",
    ("method", "route"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REQUESTS_IN_FLIGHT = Gauge("florin_http_requests_in_flight", "Requests under way.")
REQUESTS_REFUSED = Counter("florin_http_requests_refused", "Requests refused before any handler ran.", ("reason",))
LOOP_LAG = Histogram(
    "florin_event_loop_lag_seconds",
    "How late the event loop came back to a task that slept, four times a second.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
BACKGROUND_CRASHES = Counter("florin_background_crashes", "Background tasks that died and were restarted.", ("task",))
BACKGROUND_RUNNING = Gauge("florin_background_running", "Background tasks that are running.", ("task",))
