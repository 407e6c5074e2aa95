"""SQL beside its row types."""
