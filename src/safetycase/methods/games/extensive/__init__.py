"""Exact two-player games with information sets: their trees, their solutions and certificates."""
