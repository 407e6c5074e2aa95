"""A demo merchant, its first payment, and the story of `./dev demo`. Runs inside the Python environment."""
