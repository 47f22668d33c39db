"""From what was counted to what is known: pure functions on numbers, in `math` alone.

Every interval that `bounds` gives is finite-sample: each end fails with at most its stated
probability at every n, for every true value. No I/O, no clock, no randomness.
"""

from __future__ import annotations

from safetycase.stats.betting import mean_lower, mean_upper
from safetycase.stats.binomial import (
    all_clear,
    clopper_pearson,
    newcombe,
    rate_confidence,
    wilson,
)
from safetycase.stats.encoding import from_json, pool, to_json
from safetycase.stats.intervals import (
    bounds,
    describe,
    estimate,
    is_computed,
    natural_range,
    sample_size,
)
from safetycase.stats.planning import power_upper, sample_size_upper, smallest_clean_n
from safetycase.stats.special import incomplete_beta, incomplete_beta_inverse
from safetycase.stats.statistics import (
    SURE,
    Affine,
    Certified,
    Clustered,
    ClusteredDifference,
    Difference,
    Exact,
    Interval,
    Proportion,
    SampleSize,
    Smallest,
    Statistic,
    largest,
)

__all__ = [
    "Interval",
    "Statistic",
    "Proportion",
    "Clustered",
    "Difference",
    "ClusteredDifference",
    "Smallest",
    "Affine",
    "Certified",
    "Exact",
    "SURE",
    "largest",
    "SampleSize",
    "bounds",
    "estimate",
    "sample_size",
    "describe",
    "is_computed",
    "natural_range",
    "to_json",
    "from_json",
    "pool",
    "clopper_pearson",
    "wilson",
    "newcombe",
    "rate_confidence",
    "all_clear",
    "mean_lower",
    "mean_upper",
    "smallest_clean_n",
    "power_upper",
    "sample_size_upper",
    "incomplete_beta",
    "incomplete_beta_inverse",
]
