"""Upfront auditing: the first tasks are audited, all others are trusted.

Greenblatt et al. 2023, arXiv:2312.06942, section on upfront auditing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["UpfrontAudit", "upfront_audit", "upfront_risk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpfrontAudit:
    """The attack rate that is best for the attacker, and its risk."""

    rate: float
    risk: float


def upfront_risk(tasks: int, audited: float, works: float, rate: float) -> float:
    """P(no audited attack, and at least one later attack that works), for a constant rate.

    Of `tasks` tasks the first `audited` · tasks are audited by an auditor that misses nothing. An
    attack that is not audited works with probability `works`, independently. (1 − p)^A
    (1 − (1 − works · p)^B) with A = audited · tasks and B = tasks − A.
    """
    _checked(tasks, audited, works)
    if not 0 <= rate <= 1:
        raise ValueError(f"the attack rate {rate!r} is no probability")
    first = audited * tasks
    unseen = 1.0 if first == 0 else 0.0 if rate == 1 else math.exp(first * math.log1p(-rate))
    left = tasks - first
    if left == 0:
        return 0.0
    failing = works * rate
    return unseen * (1.0 if failing == 1 else -math.expm1(left * math.log1p(-failing)))


def upfront_audit(tasks: int, audited: float, works: float) -> UpfrontAudit:
    """The worst constant attack rate.

    The logarithm of the risk is concave in the rate (a concave term, and the logarithm of a
    positive concave one), so that halving on the sign of its slope finds the maximum.
    """
    _checked(tasks, audited, works)
    first, left = audited * tasks, tasks - audited * tasks
    if first == 0 or left == 0:
        return UpfrontAudit(rate=1.0, risk=upfront_risk(tasks, audited, works, 1.0))

    def slope(rate: float) -> float:
        log_none = left * math.log1p(-works * rate)
        gain = left * works / (1 - works * rate) * math.exp(log_none) / -math.expm1(log_none)
        return gain - first / (1 - rate)

    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return UpfrontAudit(rate=low, risk=upfront_risk(tasks, audited, works, low))


def _checked(tasks: int, audited: float, works: float) -> None:
    if tasks < 1 or not 0 <= audited <= 1 or not 0 < works <= 1:
        raise ValueError(
            f"{tasks!r} tasks, a share {audited!r} audited, attacks that work with {works!r}: at "
            "least one task, and shares between 0 and 1, where attacks can work"
        )
