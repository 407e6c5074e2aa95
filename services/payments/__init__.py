"""Takes payments and keeps every cent accounted for."""
