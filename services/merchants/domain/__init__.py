"""Rules: pure and synchronous."""
