"""The version of the public API, by the day it was published.

A key and a webhook endpoint keep the version that was current when they were made, and a payment that of its key, so
that a later version can go on speaking to each in the form it knows.
"""

API_VERSION = "2026-11-01"
