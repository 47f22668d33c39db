"""Policies that hold back the best behaviour, with the probability they leave it planted."""

from safetycase.methods.organisms.exploration_hacking.family import FAMILY

__all__ = ["FAMILY"]
