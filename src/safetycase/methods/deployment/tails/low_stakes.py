"""How many bad actions pass before they are noticed and the model is reset.

A bad action is noticed with probability r, each on its own, after it was done. The reset comes
`latency` actions later, and what is noticed until then changes nothing. After `resets` of them
the model is put back; the next one takes it out of use. So E = `resets` + 1 times some bad actions
pass: up to the one that is noticed, and those of the latency. Beside this, the state of the
deployment may be wiped every so many actions, so that N bad actions count only if they fall
between two wipes.

The errors that are planned do not depend on what was noticed. Source: the low-stakes argument of
arXiv:2505.03989; the laws are our reading of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from safetycase.methods.deployment.tails import laws
from safetycase.stats.binomial import at_least

__all__ = [
    "Watch",
    "independent",
    "passed_at_most",
    "passed_until_reset",
    "passes_watch",
    "worst",
]

MOST_TERMS = 20_000
LONGEST = 100_000  # logarithms of factorials lose digits beyond
LARGEST = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """`recall` r in (0, 1], `latency` in actions, `resets` after which the model is put back."""

    recall: float
    latency: int = 0
    resets: int = 0

    @property
    def times(self) -> int:
        """How often bad actions begin anew: E."""
        return self.resets + 1


def passed_until_reset(watch: Watch) -> float:
    """1/r + latency: bad actions that pass in the mean until a reset, if every action is bad."""
    return 1 / watch.recall + watch.latency


def passes_watch(bad: int, watch: Watch) -> float:
    """The largest chance of any plan that N bad actions pass.

    A plan of N bad actions in a row attains it. E·latency of them pass for nothing, and of the
    others the E-th to be noticed must not come before the last: P(Bin(n − 1, r) ≤ E − 1) with
    n = N − E·latency.
    """
    return _noticed_late(bad - watch.times * watch.latency, watch)


def _noticed_late(count: int, watch: Watch) -> float:
    """P(the E-th bad action that is noticed is at least the `count`-th)."""
    times = watch.times
    if count <= times:
        return 1.0
    return at_least(count - times, count - 1, 1 - watch.recall)


def passed_at_most(watch: Watch, chance: float) -> int:
    """The least n such that any plan gets more than n bad actions past with at most `chance`."""
    low, high = watch.times * (watch.latency + 1) - 1, watch.times * (watch.latency + 1)
    while passes_watch(high + 1, watch) > chance and high < LARGEST:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if passes_watch(middle + 1, watch) > chance:
            low = middle
        else:
            high = middle
    return high


def worst(
    queries: int, bad: int, rate: float, watch: Watch | None, reset_every: int | None
) -> float:
    """min(1, Tε/N) times the chance that N in a row pass; 0 if N do not fit between two wipes.

    The plan that attains it: all N at once, in as many deployments as the rate allows. `rate` is
    that of the plan, as tests without a watch see it.
    """
    if reset_every is not None and reset_every < bad:
        return 0.0
    passed = 1.0 if watch is None else passes_watch(bad, watch)
    return laws.worst(queries, bad, rate) * passed


def independent(
    queries: int, bad: int, rate: float, watch: Watch | None, reset_every: int | None
) -> float:
    """No more than this is the chance that N pass, if every action errs on its own.

    Without latency it is exact: N bad actions, of which the E-th to be noticed is not before the
    last. With it, the least of three: no watch; a watch in a deployment without end, where bad
    actions number Σ G_i + Bin(E·latency, ε) with geometric G_i; wipes and no watch.
    """
    found = laws.independent(queries, bad, rate)
    if watch is not None and not watch.latency:
        found *= passes_watch(bad, watch)
    elif watch is not None:
        found = min(found, _endless(bad, rate, watch))
    if reset_every is not None:
        found = min(found, _between_wipes(queries, bad, rate, reset_every))
    return found


def _endless(bad: int, rate: float, watch: Watch) -> float:
    """P(Σ G_i + Bin(E·latency, ε) ≥ N), added up, or bounded where there are too many terms."""
    during, needed = watch.times * watch.latency, bad - watch.times
    if needed <= 0:
        return 1.0
    if min(during, needed) > MOST_TERMS or during > LONGEST:
        return min(1.0, min(_split(bad, rate, watch, c / 16) for c in range(17)))
    terms = [at_least(needed, during, rate)] if during >= needed else []
    for count in range(min(during, needed - 1) + 1):
        terms.append(_exactly(count, during, rate) * _noticed_late(bad - count, watch))
    return min(1.0, math.fsum(terms))


def _split(bad: int, rate: float, watch: Watch, share: float) -> float:
    """More than c in the latency, or N − c outside it: at least one of them if N pass."""
    during = watch.times * watch.latency
    count = int(share * min(during, bad))
    return at_least(count + 1, during, rate) + _noticed_late(bad - count, watch)


def _exactly(count: int, trials: int, rate: float) -> float:
    if rate <= 0 or rate >= 1:
        return float(count == (0 if rate <= 0 else trials))
    logs = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return math.exp(logs + count * math.log(rate) + (trials - count) * math.log1p(-rate))


def _between_wipes(queries: int, bad: int, rate: float, every: int) -> float:
    """1 − Π (1 − P(N in one stretch)): stretches are apart, the last may be shorter."""
    whole, rest = divmod(queries, every)
    each = laws.independent(every, bad, rate) if every >= bad else 0.0
    last = laws.independent(rest, bad, rate) if rest >= bad else 0.0
    if max(each if whole else 0.0, last) >= 1:
        return 1.0
    return -math.expm1(whole * math.log1p(-each) + math.log1p(-last))
