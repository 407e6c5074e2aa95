"""Test cards, faults, and the rules of the acquirer; pure."""
