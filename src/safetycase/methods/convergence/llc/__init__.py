"""The local learning coefficient of a torch model: estimated, checked, refused when in doubt."""

from safetycase.methods.convergence.llc.estimating import estimate
from safetycase.methods.convergence.llc.records import Estimate, Refused, Sampling, Verdict

__all__ = ["Estimate", "Refused", "Sampling", "Verdict", "estimate"]
