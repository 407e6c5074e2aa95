"""One module for each command of ``./dev``."""
