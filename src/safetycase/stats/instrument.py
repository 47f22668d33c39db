"""Too good to be true: what a run of passes says about the system and about the instrument.

A valid instrument passes a safe system with probability σ a trial and an unsafe one with 1 − β;
an invalid one passes everything. So passes speak for "safe" *and* for "invalid": after many the
posterior of safe tends to s/(s + P(unsafe, invalid)) and not to one, and the posterior of valid
falls. Multiplying the prior validity with a confidence from the data would overclaim.

Gunn, Chapeau-Blondeau, McDonnell, Davis, Allison & Abbott (2016), Too good to be true: when
overwhelming evidence fails to convince, Proc. R. Soc. A 472:20150748.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from safetycase.stats.inputs import probability, whole

__all__ = ["AfterPasses", "after_passes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterPasses:
    """Posterior probabilities, given that every trial passed.

    Under unknown dependence each is a lower bound, and no single prior need attain all three.
    """

    safe: float
    valid: float
    safe_and_valid: float


def after_passes(
    passes: int,
    *,
    prior: float,
    validity: float,
    power: float,
    specificity: float = 1.0,
    independent: bool,
) -> AfterPasses:
    """P(safe), P(valid) and P(both) after `passes` trials that all passed.

    `prior` is P(safe) and `validity` P(instrument valid), both *before* the passes; `power` β
    and `specificity` σ are per trial. `independent` declares that safe and valid are independent
    beforehand; otherwise each result is the least over every dependence. The trials are
    independent given safe and valid. `ValueError` where the passes have probability zero.
    """
    whole(passes, "passes")
    named = (prior, "prior"), (validity, "validity"), (power, "power"), (specificity, "specificity")
    for value, name in named:
        probability(value, name)
    safe_passes = specificity**passes
    unsafe_passes = (1 - power) ** passes
    both = [prior * validity]
    if not independent:
        # Each posterior is a ratio of linear functions of P(safe, valid), so least at an end.
        both = [max(0.0, prior + validity - 1), min(prior, validity)]
    results = [_update(p, prior, validity, safe_passes, unsafe_passes) for p in both]
    known = [result for result in results if result is not None]
    if not known:
        raise ValueError("with these numbers the passes cannot happen")
    return AfterPasses(
        safe=min(result.safe for result in known),
        valid=min(result.valid for result in known),
        safe_and_valid=min(result.safe_and_valid for result in known),
    )


def _update(
    both: float, prior: float, validity: float, safe_passes: float, unsafe_passes: float
) -> AfterPasses | None:
    """Bayes' rule for P(safe, valid) = `both`; None where the passes cannot happen."""
    safe_valid = both * safe_passes
    safe_invalid = max(0.0, prior - both)
    unsafe_valid = max(0.0, validity - both) * unsafe_passes
    unsafe_invalid = max(0.0, 1 - prior - validity + both)
    total = math.fsum((safe_valid, safe_invalid, unsafe_valid, unsafe_invalid))
    if total == 0:
        return None
    return AfterPasses(
        safe=(safe_valid + safe_invalid) / total,
        valid=(safe_valid + unsafe_valid) / total,
        safe_and_valid=safe_valid / total,
    )
