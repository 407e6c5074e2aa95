"""The ports to the outside, and their adapters."""
