"""Webhook endpoints, deliveries and replay: what merchants are told, and proof of it."""
