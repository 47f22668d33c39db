"""What a measured leaf is worth: its confidence, and everything that lowers it.

The confidence is the highest level at which the criterion passes. It is lowered by the attempts
made so far, by how often the method lets planted subjects pass whose claim is false, and by a
declared prior. Nothing raises it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from safetycase.argument.expression import Expression
from safetycase.argument.model import Prior
from safetycase.assess.records import ControlsRecord, Credence
from safetycase.confidence.bounds import Bounds
from safetycase.stats import Proportion, Statistic

__all__ = ["Rated", "rated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """The interval of a leaf, and how it came about."""

    bounds: Bounds
    told: Credence


def rated(
    criterion: Expression,
    statistics: Mapping[str, Statistic],
    confidence: tuple[float, float],
    *,
    rank: int,
    controls: ControlsRecord | None,
    prior: Prior | None,
) -> Rated:
    """Rate a leaf judged for the `rank`-th time (from 1) with that (low, high) confidence.

    The j-th registration of a claim is judged at α / (j (j + 1)), so a doubt p that it reaches is
    a doubt of p · j (j + 1) (`docs/why/spent-alpha.md`). A planted false subject passes next time
    with probability at most (k + 1)/(n + 1) after k passes in n: the predictive form of the exact
    bound, with the worst start (Walley 1996, JRSS-B 58:3, with s = 1).
    """
    charge = rank * (rank + 1)
    passes_if_false = min(1.0, (1 - confidence[0]) * charge)
    low = 1 - passes_if_false
    high = min(1.0, confidence[1] * charge)
    power = None
    if controls is not None and controls.false_runs:
        power = (controls.false_runs - controls.false_passes) / (controls.false_runs + 1)
        passes_if_false = max(passes_if_false, 1 - power)
        low = min(low, power)
    posterior = None
    if prior is not None and prior.holds is not None:
        posterior = _posterior(prior, passes_if_false, controls)
    elif prior is not None:
        posterior = _conservative(prior, criterion, statistics)
    if posterior is not None:
        low = min(low, posterior)
    return Rated(
        bounds=Bounds(low=min(low, high), high=high),
        told=Credence(
            confidence=confidence[0],
            attempts=rank,
            power=power,
            posterior=posterior,
            low=min(low, high),
            high=high,
        ),
    )


def _posterior(prior: Prior, miss: float, controls: ControlsRecord | None) -> float:
    """The least P(claim | it passed), validity of the instrument and claim updated together.

    Whatever the dependence between the two beforehand. A false claim passes a valid instrument
    with probability `miss`; a true one passes as often as the planted true subjects did.
    """
    from safetycase.stats.instrument import after_passes

    assert prior.holds is not None
    specificity = 1.0
    if controls is not None and controls.true_runs:
        specificity = controls.true_passes / (controls.true_runs + 1)
    try:
        return after_passes(
            1,
            prior=prior.holds,
            validity=prior.valid,
            power=1 - miss,
            specificity=specificity,
            independent=False,
        ).safe
    except ValueError:  # what happened has probability zero under this prior
        return 0.0


def _conservative(
    prior: Prior, criterion: Expression, statistics: Mapping[str, Statistic]
) -> float | None:
    """The worst posterior of the rate given what the prior says; None if it does not apply."""
    from safetycase.stats.conservative import Feature, worst_posterior

    if prior.rate_at_most is None or prior.with_probability is None:
        return 0.0  # it says nothing that can be counted (C107); a prior never raises a leaf
    thresholds, sides = criterion.thresholds(), criterion.sides()
    if len(thresholds) != 1 or len(statistics) != 1:
        return None
    (name, threshold), (statistic,) = next(iter(thresholds.items())), tuple(statistics.values())
    if sides.get(name) != frozenset(("high",)) or not isinstance(statistic, Proportion):
        return None
    if not prior.rate_at_most <= threshold:
        return 0.0
    return worst_posterior(
        failures=statistic.successes + statistic.missing,
        trials=statistic.trials + statistic.missing,
        threshold=threshold,
        feature=Feature(goal=prior.rate_at_most, prior=prior.with_probability, floor=prior.floor),
    )
