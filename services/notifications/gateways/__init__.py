"""Ports to the outside: merchants' receivers."""
