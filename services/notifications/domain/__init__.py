"""Rules of delivery: pure and synchronous; time and chance come as arguments."""
