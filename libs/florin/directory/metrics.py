"""What a directory tells Prometheus."""

from prometheus_client import Gauge

FEED_AGE = Gauge("florin_directory_feed_age_seconds", "Time since the feed of merchants was last read to its end.")
