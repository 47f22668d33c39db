"""The e-process of a rate: exact likelihood ratios against "at most" or "at least" a threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from safetycase.stats.detectors.mixture import (
    DEAD,
    checked_weight,
    clip,
    log1p,
    log_add,
    numbers,
    rates_above,
    total,
)

__all__ = ["RateProcess"]

_LARGEST = 1 - 1e-12  # beyond it floats cannot tell a larger rate from the threshold
_KEPT = 256  # weights whose steps are kept, so that a value costs no logarithms


class RateProcess:
    """Evidence that a rate is above `threshold` (or below it), valid at every look.

    H₀: given the past, the next value is 1 with a probability of at most `threshold` (`above`),
    or of at least `threshold` (not `above`). For an alternative q the factor of a value x is

        1 + λ (w/W) (x − θ),    λ = (q − θ) / (θ (1 − θ)),

    which is the likelihood ratio of q against θ where all weights are alike. It is never negative
    and expects at most one under H₀, so that the mixture over alternatives is a nonnegative
    supermartingale and P(it ever reaches 1/α) ≤ α (Ville 1939). The mixture: `rates_above`.

    A `weight` w is one over the probability with which the item was chosen for measurement, and
    `weight_at_most` W the largest that can occur. H₀ then is of all items, chosen or not: if the
    next measured item is any of them with a probability in proportion to 1/w, the expectation of
    w (x − θ) is that of x − θ over all items. Weights have to be known before the value is.

    At `threshold` 0 (or 1, not `above`) a single 1 (or 0) rejects. `ValueError` for numbers that
    cannot be. Wald (1945), Ann. Math. Stat. 16:117; Robbins (1970), Ann. Math. Stat. 41:1397;
    Waudby-Smith & Ramdas (2024), JRSS-B 86(1):1, section 4 (bets on a bounded mean).
    """

    __slots__ = (
        "_base",
        "_gain",
        "_hit",
        "_hits",
        "_lambda",
        "_logs",
        "_loss",
        "_misses",
        "_most",
        "_rest",
        "_skip",
        "_steps",
        "_theta",
        "alarm_at",
    )

    def __init__(
        self,
        threshold: float,
        *,
        above: bool = True,
        alternatives: Sequence[float] = (),
        alarm_at: float = 20.0,
        weight_at_most: float = 1.0,
    ) -> None:
        if not 0 <= threshold <= 1 or threshold == (1 if above else 0):
            raise ValueError(f"no rate is {'above' if above else 'below'} {threshold!r}")
        if not (1 <= weight_at_most < math.inf and 1 < alarm_at < math.inf):
            raise ValueError(f"weight_at_most {weight_at_most!r} or alarm_at {alarm_at!r} is unfit")
        theta = threshold if above else 1 - threshold
        if theta > _LARGEST:
            raise ValueError(f"{threshold!r} is too near to the rate that nothing is beyond")
        turned = [rate if above else 1 - rate for rate in alternatives]
        bets = rates_above(theta, turned) if theta else [(1.0, 1.0)]
        self.alarm_at = alarm_at
        self._theta, self._hit, self._most = theta, 1.0 if above else 0.0, weight_at_most
        self._gain = [math.log(rate / theta) if theta else -DEAD for rate, _ in bets]
        self._loss = [math.log((1 - rate) / (1 - theta)) if rate < 1 else DEAD for rate, _ in bets]
        if not theta:
            self._loss = [0.0]  # the alternative of "never" is "now and then", however rare
        self._lambda = [
            (rate - theta) / (theta * (1 - theta)) if theta else 0.0 for rate, _ in bets
        ]
        self._logs = [math.log(share) for _, share in bets]
        self._base = list(self._logs)
        self._rest, self._hits, self._misses, self._skip = 0.0, 0, 0, 0
        self._steps: dict[tuple[bool, float], list[float]] = {}

    def observe(self, value: float, weight: float = 1.0) -> bool:
        """Whether the evidence reaches `alarm_at` with this value (1 or 0); as cheap as can be."""
        if weight != self._most:
            return self._odd(value, weight)
        if value != self._hit:
            self._misses += 1
            return False
        self._hits += 1
        self._skip -= 1
        return self._skip < 0 and self._look()

    def update(self, value: float, weight: float = 1.0) -> float:
        """The e-value after one more `value` (1 or 0) with its sampling weight."""
        if value not in (0, 1):
            raise ValueError(f"the value {value!r} of a rate is neither 0 nor 1")
        self.observe(value, weight)
        return self.e_value

    @property
    def e_value(self) -> float:
        """The evidence so far, at most 1e300; 1 is none, and below 1 speaks for the null."""
        return total(self._rest, self._terms())

    def stake(self, share: float) -> None:
        """Keep all but `share` of the stake back for later restarts; before the first value."""
        self._base = [log + math.log(share) for log in self._logs]
        self._rest = 1 - share

    def restart(self, share: float) -> None:
        """Stake `share` anew on what comes now, beside what was staked before."""
        fresh = math.log(share)
        terms = zip(self._terms(), self._logs, strict=True)
        self._base = [log_add(term, log + fresh) for term, log in terms]
        self._rest = max(0.0, self._rest - share)
        self._hits = self._misses = self._skip = 0

    def state(self) -> dict[str, Any]:
        """What `restore` needs, as JSON has it."""
        counts = {"hits": self._hits, "misses": self._misses}
        return {"base": [clip(log) for log in self._base], "rest": self._rest, **counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken, with the same evidence to the last digit."""
        self._base = numbers(state, "base", len(self._logs))
        self._rest = float(state["rest"])
        self._hits, self._misses, self._skip = int(state["hits"]), int(state["misses"]), 0

    def _terms(self) -> list[float]:
        hits, misses = self._hits, self._misses
        parts = zip(self._base, self._gain, self._loss, strict=True)
        return [clip(base + hits * gain + misses * loss) for base, gain, loss in parts]

    def _look(self) -> bool:
        """Whether it is reached; if not, how many hits to come cannot suffice, to skip them.

        The sum is at most the number of its terms times the largest, and a hit adds to a term at
        most its gain.
        """
        terms = self._terms()
        if total(self._rest, terms) >= self.alarm_at:
            return True
        goal = math.log((self.alarm_at - self._rest) / len(terms)) - 1e-9
        gaps = zip(terms, self._gain, strict=True)
        self._skip = max(0, min(math.ceil((goal - term) / gain) - 1 for term, gain in gaps))
        return False

    def _odd(self, value: float, weight: float) -> bool:
        """A value of less than the largest weight: each bet is scaled down."""
        part = checked_weight(weight, self._most)
        hit = value == self._hit
        if not self._theta:  # what may never happen did, whatever it weighs
            self._hits += hit
            return hit
        steps = self._steps.get((hit, weight))
        if steps is None:
            step = part * ((1.0 if hit else 0.0) - self._theta)
            steps = [log1p(bet * step) for bet in self._lambda]
            if len(self._steps) < _KEPT:
                self._steps[hit, weight] = steps
        self._base = [base + step for base, step in zip(self._base, steps, strict=True)]
        self._skip = 0
        return hit and self._look()
