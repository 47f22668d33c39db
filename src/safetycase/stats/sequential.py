"""Looking early without paying with errors: e-processes and confidence sequences.

A test of H₀: rate ≥ θ₀ that stays valid at every look bets against H₀. The stake is split over
alternatives whose odds are ρⱼ < 1 times the odds of θ₀. After k failures in n trials,

    E(k, n; θ₀) = Σⱼ wⱼ ρⱼᵏ / (1 − (1 − ρⱼ) θ₀)ⁿ,

the mixture of likelihood ratios. Each factor expects at most one whenever the next trial fails
with a probability of at least θ₀ *given the past*, so E is a nonnegative supermartingale under
H₀ and P(sup E ≥ 1/α) ≤ α (Ville 1939). Half the stake is on ρ = 0, "it never fails", which is
what a clean record is evidence for. E rises in θ₀, rises with a pass and falls with a failure.

Ramdas, Grünwald, Vovk & Shafer (2023), Game-theoretic statistics and safe anytime-valid
inference, Stat. Sci. 38:576; Robbins (1970), Ann. Math. Stat. 41:1397 (mixtures); Waudby-Smith &
Ramdas (2024), JRSS-B 86(1):1 (bounded means). All weights were fixed before any case used them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from safetycase.stats.inputs import counts, open_probability, unit_values
from safetycase.stats.special import bracket_root, logistic
from safetycase.stats.statistics import Interval

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

__all__ = [
    "anytime_doubt",
    "clean_trials",
    "log_e_above",
    "log_e_below",
    "looks_of",
    "mean_sequence",
    "rate_sequence",
]

_NEAR = 16  # ratios as close to one as 2⁻¹⁶ serve records of up to some 2³² trials


def _bets(*body: tuple[float, float], near: float, sign: int) -> tuple[tuple[float, float], ...]:
    """(ratio of odds, weight) with the ratios 1 ± 2⁻ʲ added, which weigh `near` in all."""
    tail = [(1 + sign * 2.0**-j, near / (j * (j - 1))) for j in range(2, _NEAR + 1)]
    return *body, *tail


# Half of the stake is on no failure at all; large multiples serve the lower end of small rates.
_BELOW = _bets(
    *((0.0, 0.5), (0.05, 0.12), (0.15, 0.12), (0.3, 0.1), (0.5, 0.07), (0.7, 0.04)),
    near=0.05,
    sign=-1,
)
_ABOVE = _bets(
    *((1000.0, 0.08), (100.0, 0.1), (30.0, 0.1), (10.0, 0.12)),
    *((5.0, 0.15), (3.0, 0.15), (2.0, 0.14), (1.5, 0.08)),
    near=0.08,
    sign=1,
)
# (share of the stake, weight) for means: as in `betting`, where the tail depends on n and here not.
_SHARES = (
    *((1.0, 0.28), (0.875, 0.09), (0.75, 0.09), (0.625, 0.09), (0.5, 0.09), (0.375, 0.09)),
    *((0.25, 0.09), *((0.25 / 2.0**j, 0.18 / (j * (j + 1))) for j in range(1, _NEAR + 1))),
)
_TINY = 1e-300

Look = tuple[int, int]
"""(failures, trials) so far."""


def log_e_below(failures: int, trials: int, threshold: float) -> float:
    """The logarithm of E against "the rate is at least `threshold`".

    After `failures` in `trials`; 0 < threshold < 1. The value at one look: `anytime_doubt` takes
    the best of many.
    """
    counts(failures, trials)
    open_probability(threshold, "threshold")
    return _log_mixture(failures, trials, threshold, _BELOW)


def log_e_above(failures: int, trials: int, threshold: float) -> float:
    """The logarithm of E against "the rate is at most `threshold`"; ratios above one."""
    counts(failures, trials)
    open_probability(threshold, "threshold")
    return _log_mixture(failures, trials, threshold, _ABOVE)


def anytime_doubt(looks: Iterable[Look], threshold: float) -> float:
    """min(1, 1/sup E) over all looks: the doubt in "the rate is below `threshold`".

    However often one looked and whenever one stopped, it is below α with probability at most α
    if every trial fails with a probability of at least `threshold` given the past. `looks` are
    running (failures, trials), neither ever falling; leaving looks out is valid and never
    lowers it. No looks: 1.
    """
    open_probability(threshold, "threshold")
    best = 0.0
    for failures, trials in _peaks(_checked(looks)):
        best = max(best, log_e_below(failures, trials, threshold))
    return math.exp(-best)


def clean_trials(threshold: float, alpha: float) -> int:
    """The fewest trials after which, none having failed, the doubt is at most `alpha`.

    330 for 1 % at 5 %, where a test that may look only once needs 299.
    """
    open_probability(threshold, "threshold")
    open_probability(alpha, "alpha")
    goal, least, most = -math.log(alpha), 0, 1
    while log_e_below(0, most, threshold) < goal:
        least, most = most, 2 * most
    while most - least > 1:
        middle = (least + most) // 2
        enough = log_e_below(0, middle, threshold) >= goal
        least, most = (least, middle) if enough else (middle, most)
    return most


def looks_of(outcomes: Iterable[bool]) -> list[Look]:
    """A look after every trial; an outcome is true where the trial failed."""
    looks, failures = [], 0
    for trials, failed in enumerate(outcomes, 1):
        failures += bool(failed)
        looks.append((failures, trials))
    return looks


def rate_sequence(looks: Iterable[Look], *, alpha_low: float, alpha_high: float) -> Interval:
    """The interval of one rate after any number of looks; 0 ≤ alpha < 1 for each end.

    Each end fails *at any look, ever* with probability at most its alpha, if every trial fails
    with the same probability given the past. It is the intersection over the looks; where that
    is empty the record contradicts a single rate, and the answer is [0, 1].
    """
    _check_alphas(alpha_low, alpha_high)
    kept = _checked(looks)
    low, high = 0.0, 1.0
    if alpha_high > 0 and kept and kept[-1][1]:
        high = _crossing(_peaks(kept), -math.log(alpha_high), below=True)
    if alpha_low > 0 and kept and kept[-1][1]:
        low = _crossing(_troughs(kept), -math.log(alpha_low), below=False)
    return Interval(low, high) if low <= high else Interval(0.0, 1.0)


def mean_sequence(values: Iterable[float], *, alpha_low: float, alpha_high: float) -> Interval:
    """The interval of a mean after a look at every value; values in [0, 1], in their order.

    As `rate_sequence`, for values that share one expectation given the past (cluster means, say):
    K(m) = Σⱼ wⱼ ∏ᵢ (1 − cⱼ + cⱼ xᵢ/m) is a supermartingale if that expectation is at most m.
    Takes numpy, and time in proportion to the number of values.
    """
    _check_alphas(alpha_low, alpha_high)
    known = unit_values(values, "value")
    low = _mean_lower(known, alpha_low)
    high = 1 - _mean_lower([1 - value for value in known], alpha_high)
    return Interval(low, high) if low <= high else Interval(0.0, 1.0)


def _log_mixture(
    failures: int, trials: int, threshold: float, bets: Sequence[tuple[float, float]]
) -> float:
    terms = []
    for ratio, weight in bets:
        if failures and ratio == 0:
            continue
        gain = failures * math.log(ratio) if failures else 0.0
        terms.append(math.log(weight) + gain - trials * math.log1p((ratio - 1) * threshold))
    most = max(terms)
    return most + math.log(math.fsum(math.exp(term - most) for term in terms))


def _checked(looks: Iterable[Look]) -> list[Look]:
    """The looks, if each continues the one before it; `ValueError` otherwise."""
    kept = [counts(failures, trials) for failures, trials in looks]
    for (k, n), (more_k, more_n) in pairwise(kept):
        if not (0 <= more_k - k <= more_n - n):
            raise ValueError(f"{more_k} of {more_n} does not continue {k} of {n}")
    return kept


def _peaks(looks: Sequence[Look]) -> list[Look]:
    """For each number of failures the last look: E against "at least" only falls in between."""
    return list({failures: (failures, trials) for failures, trials in looks}.values())


def _troughs(looks: Sequence[Look]) -> list[Look]:
    """For each number of passes the last look: the same, seen from the other side."""
    return list({n - k: (k, n) for k, n in looks}.values())


def _crossing(looks: Sequence[Look], goal: float, *, below: bool) -> float:
    """The threshold from which on (or up to which) some look has won e^`goal`."""
    import numpy as np

    failures, trials = np.asarray(looks, dtype=float).T
    sign, bets = (1, _BELOW) if below else (-1, _ABOVE)

    def rising(logit: float) -> float:
        # The evidence takes the threshold alone, so the far side of the scale ends at 1 − 1e-16.
        at = min(max(logistic(logit)[0], _TINY), 1 - 2**-53)
        return sign * (_best_log_mixture(failures, trials, at, bets) - goal)

    k, n = looks[-1]
    low, high = bracket_root(rising, math.log((k + 0.5) / (n - k + 0.5)))
    if below:
        return 1.0 if rising(high) < 0 else logistic(high)[0]
    return 0.0 if rising(low) > 0 else logistic(low)[0]


def _best_log_mixture(
    failures: NDArray[float64],
    trials: NDArray[float64],
    threshold: float,
    bets: Sequence[tuple[float, float]],
) -> float:
    """`_log_mixture` at the best of many looks."""
    import numpy as np

    total = np.full(len(trials), -np.inf)
    for ratio, weight in bets:
        gain = math.log(weight) - trials * math.log1p((ratio - 1) * threshold)
        gain += np.where(failures > 0, -np.inf, 0.0) if ratio == 0 else failures * math.log(ratio)
        total = np.logaddexp(total, gain)
    return float(total.max())


def _mean_lower(values: Sequence[float], alpha: float) -> float:
    """Where sup K falls below 1/alpha, searched on the logarithm of the mean."""
    if alpha == 0 or not values or max(values) < _TINY:
        return 0.0
    import numpy as np

    known = np.asarray(values)
    goal = -math.log(alpha)

    def rising(log_mean: float) -> float:
        return goal - _best_log_wealth(known, math.exp(log_mean))

    # K falls in m and every factor is at most one at m = max(x), so the root lies below that.
    top = math.log(max(values))
    bound = math.exp(bracket_root(rising, top - 0.5, most=top)[0])
    return bound if bound > _TINY else 0.0


def _best_log_wealth(values: NDArray[float64], mean: float) -> float:
    """The logarithm of the largest K(mean) after any number of the values."""
    import numpy as np

    total = np.full(len(values), -np.inf)
    with np.errstate(divide="ignore", over="ignore"):
        ratios = values / mean
        for share, weight in _SHARES:
            gains = np.cumsum(np.log1p(share * (ratios - 1)))
            total = np.logaddexp(total, math.log(weight) + gains)
    return float(total.max())


def _check_alphas(*alphas: float) -> None:
    for alpha in alphas:
        if not 0 <= alpha < 1:
            raise ValueError(f"alpha {alpha!r} is not at least 0 and below 1")
