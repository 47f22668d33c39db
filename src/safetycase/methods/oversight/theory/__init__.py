"""A statement about equilibria with its numbers, and plays that reproduce it."""
