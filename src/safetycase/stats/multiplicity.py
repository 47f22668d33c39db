"""Many looks at many things: what a result is worth when it is one of K.

p-values and e-values both measure evidence against "the claim is false". A p-value is at most α
with probability at most α then; an e-value has expectation at most one. Bonferroni, Holm and the
mean of e-values hold under any dependence, so attempts on the same items may be combined.

Holm (1979), Scand. J. Stat. 6:65; Wang & Ramdas (2022), False discovery rate control with
e-values, JRSS-B 84:822; Vovk & Wang (2021), E-values: calibration, combination and applications,
Ann. Stat. 49:1736. The *supremum* of an e-process is no e-value: average values taken where each
attempt stopped, or pass the largest through `of_supremum` first (Dawid, de Rooij, Shafer, Shen,
Vereshchagin & Vovk 2011, Insuring against loss of evidence, Stat. Probab. Lett. 81:157).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from safetycase.stats.inputs import open_probability, probability, unit_values, whole

__all__ = [
    "all_true",
    "average_e",
    "best_of",
    "bonferroni",
    "e_bh",
    "e_from_p",
    "e_to_doubt",
    "holm",
    "of_supremum",
]


def bonferroni(p_values: Sequence[float], *, attempts: int | None = None) -> list[float]:
    """Each p-value times the number of attempts, at most one.

    `attempts` is how many were registered, if more than the results at hand: an attempt that
    was lost, or is still running, is charged as well.
    """
    known = unit_values(p_values, "p-value")
    total = len(known) if attempts is None else whole(attempts, "attempts")
    if total < len(known):
        raise ValueError(f"{len(known)} results from {total} attempts")
    return [min(1.0, total * p) for p in known]


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given; those at most α err together with P ≤ α."""
    known = unit_values(p_values, "p-value")
    adjusted, running = [0.0] * len(known), 0.0
    for rank, at in enumerate(sorted(range(len(known)), key=known.__getitem__)):
        running = max(running, min(1.0, (len(known) - rank) * known[at]))
        adjusted[at] = running
    return adjusted


def e_bh(e_values: Sequence[float], level: float) -> list[int]:
    """Places of the e-values to act on, rising; the expected share of false ones is ≤ `level`.

    The k̂ largest, k̂ the largest k whose k-th largest e-value is at least K/(level·k); under any
    dependence. Wang & Ramdas (2022), definition of the base e-BH procedure.
    """
    open_probability(level, "level")
    known = [_e_value(e) for e in e_values]
    order = sorted(range(len(known)), key=lambda at: -known[at])
    most = 0
    for k, at in enumerate(order, 1):
        if k * known[at] * level >= len(known):
            most = k
    return sorted(order[:most])


def average_e(e_values: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """The weighted mean of e-values, an e-value under any dependence; no e-values give one.

    The weights must have been set before the results; they are scaled to add up to one. Without
    them every attempt counts alike, the failed ones as well.
    """
    known = [_e_value(e) for e in e_values]
    shares = [1.0] * len(known) if weights is None else list(weights)
    if len(shares) != len(known):
        raise ValueError(f"{len(shares)} weights for {len(known)} e-values")
    if not all(0 <= share < math.inf for share in shares):
        raise ValueError(f"weights {shares!r} are not all finite and at least 0")
    if not known:
        return 1.0
    total = math.fsum(shares)
    if not 0 < total < math.inf:
        raise ValueError("the weights have no finite positive sum")
    pairs = zip(shares, known, strict=True)
    return math.fsum(share / total * e for share, e in pairs if share)


def of_supremum(largest: float) -> float:
    """The e-value that the largest value of an e-process is worth: max(0, √E − 1).

    ∫ from 1 of (√E − 1)/E² is one, which is what an adjuster needs. Dawid et al. (2011).
    """
    return max(0.0, math.sqrt(_e_value(largest)) - 1)


def e_from_p(p_value: float, *, power: float = 0.5) -> float:
    """The e-value κ p^(κ−1) of a p-value, 0 < κ = `power` < 1; infinite at p = 0.

    With it the results of tests that could look only once are averaged as well.
    """
    probability(p_value, "p-value")
    open_probability(power, "power")
    return power * p_value ** (power - 1) if p_value else math.inf


def e_to_doubt(e_value: float) -> float:
    """min(1, 1/e), the p-value of an e-value, by Markov's inequality."""
    return min(1.0, 1 / _e_value(e_value)) if e_value else 1.0


def best_of(doubt: float, attempts: int) -> float:
    """The doubt of the best of `attempts` re-runs: min(1, attempts × doubt), any dependence."""
    return min(1.0, whole(attempts, "attempts", least=1) * probability(doubt, "doubt"))


def all_true(count: int, *, prior: float, alpha: float, power: float) -> float:
    """P(all `count` claims are true | each passed its own test at `alpha`), independent claims.

    (prior·power/(prior·power + (1−prior)·alpha))^count. A hundred tests at 5 % with an even
    prior and full power leave 0.008, not 0.95. `ValueError` where no test can pass.
    """
    for value, name in ((prior, "prior"), (alpha, "alpha"), (power, "power")):
        probability(value, name)
    true, false = prior * power, (1 - prior) * alpha
    if true + false == 0:
        raise ValueError("with this prior, alpha and power no test can pass")
    return float((true / (true + false)) ** whole(count, "count"))


def _e_value(value: float) -> float:
    """`value` if it can be an e-value (infinity can); `ValueError` otherwise, also for nan."""
    if not value >= 0:
        raise ValueError(f"e-value {value!r} is not at least 0")
    return float(value)
