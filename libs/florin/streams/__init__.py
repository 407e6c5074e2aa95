"""Partitioned streams with consumer groups: the port, and Redis behind it."""
