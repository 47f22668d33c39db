"""What it would be worth to know, or to settle, an open item: value of information.

The point model gives each event one probability and takes events as independent; the probability
of the top is then P = a·p + b in each of them. A decision to deploy gains B if the argument goes
through and costs L if it does not. Deploying is worth (B+L)·P − L and not deploying nothing, so
one deploys above the threshold L/(B+L). Every number here is exact within that model, and its
record says so; no simulation is involved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from safetycase.stats import incomplete_beta

__all__ = ["MODEL", "Information", "Lift", "Linear", "Rate", "Stakes", "lift", "linear"]
__all__ += ["perfect", "perfect_together", "sample"]

MODEL = "exact within the declared point model"

Top = Callable[[Sequence[float]], float]

_MOST_TOGETHER = 14
_MOST_TRIALS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakes:
    """What deploying gains if the argument goes through (B) and loses if it does not (L).

    Both in one unit, which is the unit of every value of information.
    """

    gain: float
    loss: float

    def __post_init__(self) -> None:
        if not (self.gain >= 0 and self.loss >= 0 and 0 < self.gain + self.loss < math.inf):
            raise ValueError(f"a gain of {self.gain!r} and a loss of {self.loss!r} decide nothing")

    @property
    def threshold(self) -> float:
        """The probability above which one deploys: L/(B+L)."""
        return self.loss / (self.gain + self.loss)

    def worth(self, probability: float) -> float:
        """The expected value of the better decision: max(0, (B+L)·P − L)."""
        return max(0.0, (self.gain + self.loss) * probability - self.loss)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """P(top) = `slope`·p + `offset`, p the probability of one event; the others stay put.

    The slope is the event's Birnbaum importance.
    """

    slope: float
    offset: float

    def __post_init__(self) -> None:
        ends = (self.offset, self.offset + self.slope)
        if not all(-1e-9 <= end <= 1 + 1e-9 for end in ends):
            raise ValueError(f"P(top) runs from {ends[0]!r} to {ends[1]!r}")

    def at(self, probability: float) -> float:
        """P(top) when the event has this probability."""
        return self.slope * probability + self.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A claim that a rate is at most `threshold`, with a Beta(`a`, `b`) credence for the rate.

    `a` counts failures and `b` successes, prior counts included.
    """

    a: float
    b: float
    threshold: float

    def __post_init__(self) -> None:
        if not (0 < self.a < math.inf and 0 < self.b < math.inf and 0 < self.threshold < 1):
            raise ValueError(f"no credence for a rate: {self}")

    def confidence(self, failures: int = 0, trials: int = 0) -> float:
        """P(rate ≤ threshold) after more trials: I_θ₀(a + failures, b + trials − failures)."""
        return incomplete_beta(self.threshold, self.a + failures, self.b + trials - failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Information:
    """The expected gain from knowing something before the decision, in the unit of the stakes.

    `now` is the expected value of deciding without it. `cost`, if given, is in the unit of the
    budget. `model` says under what the numbers are exact.
    """

    value: float
    now: float
    cost: float | None = None
    model: str = MODEL

    @property
    def value_per_cost(self) -> float | None:
        """The value for one unit of the budget; None without a cost."""
        return None if self.cost is None else self.value / self.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """What settling something does to the top, whether or not it changes a decision.

    The log odds are natural; they are infinite from or to certainty. The bounds are those of the
    caller's bound (Bel, say). The rates are for one unit of the budget.
    """

    before: float
    after: float
    log_odds: float
    log_odds_per_cost: float
    bound_before: float
    bound_after: float
    bound_per_cost: float
    cost: float
    model: str = MODEL


def linear(top: Top, point: Sequence[float], event: int) -> Linear:
    """The line that P(top) follows in `event`, from two evaluations of `top`."""
    low = _checked(top(_with(point, {event: 0.0})))
    high = _checked(top(_with(point, {event: 1.0})))
    return Linear(slope=high - low, offset=low)


def perfect(
    line: Linear, probability: float, stakes: Stakes, cost: float | None = None
) -> Information:
    """EVPI: the value of learning whether the event holds.

    p·g(a + b) + (1 − p)·g(b) − g(a·p + b), g the worth of the better decision (Raiffa & Schlaifer
    1961, Applied Statistical Decision Theory). It is 0 for each of two events that are both
    needed and both unlikely, though knowing both may be worth much: see `perfect_together`.
    """
    p = _checked(probability)
    g = stakes.worth
    now = g(line.at(p))
    known = p * g(line.at(1.0)) + (1 - p) * g(line.at(0.0))
    return Information(value=max(0.0, known - now), now=now, cost=_price(cost))


def perfect_together(
    top: Top,
    point: Sequence[float],
    events: Sequence[int],
    stakes: Stakes,
    cost: float | None = None,
) -> Information:
    """EVPI of a set: the value of learning of all of `events` at once, over all 2^n outcomes.

    `ValueError` for more than 14 events or one named twice.
    """
    if len(events) > _MOST_TOGETHER or len(set(events)) < len(events):
        raise ValueError(f"at most {_MOST_TOGETHER} different events together, not {events}")
    now = stakes.worth(_checked(top(point)))
    known = []
    for outcome in range(1 << len(events)):
        held = {event: float(outcome >> k & 1) for k, event in enumerate(events)}
        chances = [_checked(point[e]) if held[e] else 1 - _checked(point[e]) for e in events]
        chance = math.prod(chances)
        if chance > 0:
            known.append(chance * stakes.worth(_checked(top(_with(point, held)))))
    return Information(value=max(0.0, math.fsum(known) - now), now=now, cost=_price(cost))


def sample(
    line: Linear, rate: Rate, trials: int, stakes: Stakes, cost: float | None = None
) -> Information:
    """EVSI: the value of `trials` more trials of a claim about a rate.

    The number of failures is beta-binomial and the confidence after k of them is c(k), so it is
    the sum over k of BetaBin(k)·g(a·c(k) + b), less g(now). Exact since P(top) is linear in the
    event. `ValueError` for a number of trials below 0 or above a million.
    """
    if not 0 <= trials <= _MOST_TRIALS:
        raise ValueError(f"{trials!r} trials are not between 0 and {_MOST_TRIALS}")
    now = stakes.worth(line.at(rate.confidence()))
    log_weight = _log_beta(rate.a, rate.b + trials) - _log_beta(rate.a, rate.b)
    known = []
    for failures in range(trials + 1):
        worth = stakes.worth(line.at(rate.confidence(failures, trials)))
        known.append(math.exp(log_weight) * worth)
        if worth == 0.0 and line.slope >= 0:
            break  # confidence falls with every failure: nothing further is worth more
        if failures < trials:
            log_weight += math.log((trials - failures) / (failures + 1))
            log_weight += math.log(rate.a + failures) - math.log(rate.b + trials - failures - 1)
    return Information(value=max(0.0, math.fsum(known) - now), now=now, cost=_price(cost))


def lift(top: Top, bound: Top, point: Sequence[float], settled: Sequence[int], cost: float) -> Lift:
    """What P(top) and `bound` gain when the events `settled` become certain, for `cost`.

    For where the decision does not move yet: far from its threshold every value of information
    is 0, though some items bring it nearer than others.
    """
    price = _price(cost)
    assert price is not None
    solved = _with(point, dict.fromkeys(settled, 1.0))
    before, after = _checked(top(point)), _checked(top(solved))
    low, high = _checked(bound(point)), _checked(bound(solved))
    odds = 0.0 if before == after else _log_odds(after) - _log_odds(before)
    return Lift(
        before=before,
        after=after,
        log_odds=odds,
        log_odds_per_cost=odds / price,
        bound_before=low,
        bound_after=high,
        bound_per_cost=(high - low) / price,
        cost=price,
    )


def _with(point: Sequence[float], changed: dict[int, float]) -> list[float]:
    moved = list(point)
    for event, probability in changed.items():
        moved[event] = probability
    return moved


def _checked(probability: float) -> float:
    """The number, if it is a probability up to rounding."""
    if not -1e-9 <= probability <= 1 + 1e-9:
        raise ValueError(f"{probability!r} is no probability")
    return min(1.0, max(0.0, probability))


def _price(cost: float | None) -> float | None:
    if cost is not None and not 0 < cost < math.inf:
        raise ValueError(f"a cost of {cost!r} is none")
    return cost


def _log_odds(probability: float) -> float:
    if probability in (0.0, 1.0):
        return math.inf if probability else -math.inf
    return math.log(probability) - math.log1p(-probability)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
