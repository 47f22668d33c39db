"""Recorded curves of training: whether the reward still rises, and what was within sight."""
