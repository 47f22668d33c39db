"""Signed statements on the integrity of weights, logs and permissions."""
