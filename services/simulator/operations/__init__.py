"""What the acquirer does, one verb a module."""
