"""What silence is worth: a test that found nothing counts as much as it could have found.

With s = P(safe) before, β = P(red flag | unsafe) and σ = P(no red flag | safe),

    P(unsafe | no red flag) = (1−s)(1−β) / ((1−s)(1−β) + s·σ)

by Bayes' rule. It falls in β and in σ, so lower bounds of both, from planted positives (model
organisms) and planted negatives (benign controls), give an upper bound of the doubt. That the
power on planted failures carries over to natural ones is no part of the formula: it needs a
warrant of its own. In trials the requirement is called assay sensitivity (ICH E10, 2000, §1.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.stats.binomial import clopper_pearson
from safetycase.stats.inputs import counts, open_probability, probability

__all__ = [
    "SilentAssay",
    "doubt_after_silence",
    "next_detection",
    "portfolio_power",
    "power_lower",
    "power_needed",
    "silent_assay",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentAssay:
    """What a test without a red flag leaves of the doubt.

    `power` and `specificity` are lower bounds that hold together with probability at least
    1 − `alpha`; `doubt` is P(unsafe | no red flag) at these bounds.
    """

    power: float
    specificity: float
    doubt: float
    alpha: float

    @property
    def charged(self) -> float:
        """The doubt where the bounds are given credence 1 − alpha: alpha + (1 − alpha)·doubt."""
        return self.alpha + (1 - self.alpha) * self.doubt


def doubt_after_silence(prior: float, power: float, specificity: float = 1.0) -> float:
    """P(unsafe | no red flag) for P(safe) = `prior`; all three lie in [0, 1].

    Without power it stays 1 − prior at least. Where silence cannot happen (both terms are zero)
    nothing is known, and the doubt is 1.
    """
    unsafe = (1 - probability(prior, "prior")) * (1 - probability(power, "power"))
    safe = prior * probability(specificity, "specificity")
    return unsafe / (unsafe + safe) if unsafe + safe > 0 else 1.0


def power_lower(detected: int, organisms: int, alpha: float) -> float:
    """The lower bound of the power after `detected` of `organisms` planted failures.

    Clopper–Pearson, with error at most `alpha`; 0 without organisms.
    """
    counts(detected, organisms)
    return clopper_pearson(detected, organisms, alpha_low=alpha, alpha_high=0).low


def portfolio_power(results: Sequence[tuple[int, int]], alpha: float) -> float:
    """The lower bound of the power of several tools used together, from each (detected, organisms).

    A failure is found if any tool finds it, so the union is at least as powerful as the best
    tool. Which is best was not known before: each gets alpha / tools. Any dependence; 0 if none.
    """
    return max((power_lower(k, m, alpha / len(results)) for k, m in results), default=0.0)


def next_detection(detected: int, organisms: int) -> float:
    """k/(m+1): the chance that the next planted failure, exchangeable with these, is found.

    The lower end of the imprecise beta model with s = 1; Walley (1996), JRSS-B 58:3.
    """
    counts(detected, organisms)
    return detected / (organisms + 1)


def silent_assay(
    detected: int,
    organisms: int,
    *,
    controls: tuple[int, int],
    prior: float,
    alpha: float,
) -> SilentAssay:
    """The doubt that silence leaves, from `detected` of `organisms` planted failures.

    `controls` is (silent, benign controls) and bounds the specificity; each bound gets half of
    `alpha`. Without organisms the doubt stays 1 − prior at least, without controls it is 1.
    0 < alpha < 1.
    """
    open_probability(alpha, "alpha")
    power = power_lower(detected, organisms, alpha / 2)
    specificity = power_lower(*controls, alpha / 2)
    doubt = doubt_after_silence(prior, power, specificity)
    return SilentAssay(power=power, specificity=specificity, doubt=doubt, alpha=alpha)


def power_needed(prior: float, doubt: float, specificity: float = 1.0) -> float:
    """The least power with which silence leaves at most `doubt`, 0 < doubt < 1.

    1 − doubt·s·σ / ((1−doubt)(1−s)), and 0 where the prior is enough; 1 if nothing less will do.
    """
    open_probability(doubt, "doubt")
    unsafe = 1 - probability(prior, "prior")
    safe = prior * probability(specificity, "specificity")
    if unsafe == 0:
        return 0.0
    return max(0.0, 1 - doubt / (1 - doubt) * safe / unsafe)
