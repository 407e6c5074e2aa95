"""HTTP: decode, one operation, encode."""
