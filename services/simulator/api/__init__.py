"""HTTP: the acquirer for terminals, the control API for tests, the receiver of webhooks."""
