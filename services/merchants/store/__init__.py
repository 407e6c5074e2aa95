"""Queries, beside the rows that they return."""
