"""A service to compare with; see `main`."""
