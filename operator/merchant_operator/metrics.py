"""What Prometheus is told of the operator."""

from prometheus_client import Counter, Gauge, Histogram

RECONCILES = Counter("florin_operator_reconciles", "Looks at a resource, by how they ended.", ("kind", "outcome"))
RECONCILE_DURATION = Histogram(
    "florin_operator_reconcile_duration_seconds",
    "One look at a resource and what followed from it.",
    ("kind",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
QUEUE = Gauge("florin_operator_queue_depth", "Resources that are due and wait for a worker.", ("lane",))
RESOURCES = Gauge("florin_operator_resources", "Resources, by their condition Ready.", ("kind", "ready"))
API_REQUESTS = Counter(
    "florin_operator_api_requests", "Requests to the API server, watches apart.", ("method", "status")
)
MERCHANTS_REQUESTS = Counter("florin_operator_merchants_requests", "Requests to merchants.", ("method", "outcome"))
BREAKER_OPEN = Gauge("florin_operator_breaker_open", "1 while merchants is left alone because it failed.")
DRIFT = Counter("florin_operator_drift", "Times that what merchants holds was found to differ.", ("kind",))
HELD_BACK = Gauge(
    "florin_operator_disables_held_back",
    "Merchants that are not disabled, though the resource that asked for it is gone: it looks like no deletion.",
)
SWEEPS = Counter("florin_operator_sweeps", "Looks at everything, by how they ended.", ("outcome",))
LAST_SWEEP = Gauge("florin_operator_last_sweep_timestamp_seconds", "When the last whole sweep ended.")
STALE_WATCH = Gauge("florin_operator_stale_watch_seconds", "Age of the oldest change that no watch has told of.")
