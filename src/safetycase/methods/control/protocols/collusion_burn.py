"""The rule that stops a deployment whose monitor flags more honest outputs than chance allows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from safetycase.stats import incomplete_beta

__all__ = ["BurnRule", "burn_rule", "fires"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRule:
    """Stop if more than `limit` of `window` outputs are flagged; honest, it fires with `alarm`."""

    window: int
    limit: int
    alarm: float


def burn_rule(calibration: int, share: float, window: int, false_alarm: float) -> BurnRule:
    """The smallest limit that an honest monitor passes with probability at most `false_alarm`.

    With k = ⌊share (m + 1)⌋ of m calibration scores above the threshold or at it, the number of
    flags among `window` fresh exchangeable outputs has the beta-binomial law of parameters k and
    m + 1 − k, exactly if scores are distinct and with fewer flags if not. `ValueError` if k is 0.
    """
    k = math.floor(share * (calibration + 1) + 1e-12)
    if k < 1 or k > calibration:
        raise ValueError(f"{calibration} calibration tasks cannot set a share of {share:g}")
    tail = 1.0
    for flags in range(window + 1):
        tail -= _beta_binomial(flags, window, k, calibration + 1 - k)
        if tail <= false_alarm:
            return BurnRule(window=window, limit=flags, alarm=max(0.0, tail))
    return BurnRule(window=window, limit=window, alarm=0.0)


def fires(rule: BurnRule, rate: float) -> float:
    """P(more than `limit` of `window`) at a rate of flags: I_rate(limit + 1, window − limit)."""
    if rule.limit >= rule.window:
        return 0.0
    return incomplete_beta(rate, rule.limit + 1, rule.window - rule.limit)


def _beta_binomial(flags: int, window: int, a: int, b: int) -> float:
    """P(flags) = C(W, f) B(f + a, W − f + b) / B(a, b), in whole numbers of gamma functions."""
    log = math.lgamma
    return math.exp(
        log(window + 1)
        - log(flags + 1)
        - log(window - flags + 1)
        + log(flags + a)
        + log(window - flags + b)
        - log(window + a + b)
        + log(a + b)
        - log(a)
        - log(b)
    )
