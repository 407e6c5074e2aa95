"""Kubernetes for development and tests: an API server alone, or a whole node, built from source and without Docker."""
