"""The rules of payments: pure, synchronous, without I/O."""
