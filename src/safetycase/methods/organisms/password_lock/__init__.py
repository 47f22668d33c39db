"""Password locks on a real small language model, with their clean twin and decoy."""

from __future__ import annotations

from safetycase.methods.organisms.password_lock.family import FAMILY

__all__ = ["FAMILY"]
