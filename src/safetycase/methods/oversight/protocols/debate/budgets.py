"""What every attack is given."""

from __future__ import annotations

import math

__all__ = ["check_budget"]


def check_budget(budget: float, trials: int) -> None:
    """`ValueError` unless the budget is a finite multiple from 0 and something is tried."""
    if not (math.isfinite(budget) and budget >= 0):
        raise ValueError(f"the budget is {budget}: it is a multiple of the defender's, from 0")
    if trials < 1:
        raise ValueError(f"{trials} trials: one at least")
