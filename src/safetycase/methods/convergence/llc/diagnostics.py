"""Whether chains agree, have come to rest, and how many independent draws they are worth.

Traces are lists of floats, one list a chain, all of one length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from safetycase.stats.special import incomplete_beta_inverse

__all__ = ["effective_draws", "half_chains", "mean_error", "split_rhat", "t_quantile"]

Traces = Sequence[Sequence[float]]


def t_quantile(probability: float, freedom: float) -> float:
    """The quantile of Student's t at a probability above one half."""
    x = incomplete_beta_inverse(2 * (1 - probability), freedom / 2, 0.5)
    return math.sqrt(freedom * (1 / x - 1)) if x > 0 else math.inf


def mean_error(values: Sequence[float]) -> tuple[float, float]:
    """(mean, standard error of the mean) of independent values, of two or more."""
    mean = math.fsum(values) / len(values)
    spread = math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)
    return mean, math.sqrt(spread / len(values))


def split_rhat(traces: Traces) -> float:
    """R̂ of half-chains, Gelman et al. 2013, Bayesian Data Analysis, 11.4; infinite if they jam."""
    middle = len(traces[0]) // 2
    halves = [half for t in traces for half in (t[:middle], t[-middle:])]
    means, within = zip(*(_moments(half) for half in halves), strict=True)
    inside = math.fsum(within) / len(within)
    between = _moments(means)[1]
    if inside <= 0:
        return math.inf if between > 0 else 1.0
    return math.sqrt((middle - 1) / middle + between / inside)


def effective_draws(traces: Traces) -> float:
    """Independent draws that the mean of all chains is worth, by Geyer's initial monotone sequence.

    Between-chain variance counts (Vehtari et al. 2021, section 3.2), so that chains that disagree
    are worth little. At most draws · log10(draws) in all, for chains that alternate.
    """
    import torch

    x = torch.tensor([list(t) for t in traces], dtype=torch.float64)
    chains, length = x.shape
    centred = x - x.mean(1, keepdim=True)
    spectrum = torch.fft.rfft(centred, n=2 * length)
    covariance = torch.fft.irfft(spectrum.abs() ** 2, n=2 * length)[:, :length] / length
    within = float(covariance[:, 0].mean()) * length / (length - 1)
    between = float(x.mean(1).var()) if chains > 1 else 0.0
    total = within * (length - 1) / length + between
    if total <= 0:
        return float(chains * length)
    rho = (1 - (within - covariance.mean(0)) / total).tolist()
    rho[0] = 1.0
    time = _integrated_time(rho)
    every: int = chains * length
    return min(every / time, every * math.log10(every))


def _integrated_time(rho: Sequence[float]) -> float:
    """−1 + 2 · the sum of pairs of autocorrelations, while positive, made monotone."""
    total, last = 0.0, math.inf
    for even in range(0, len(rho) - 1, 2):
        last = min(last, rho[even] + rho[even + 1])
        if last <= 0:
            break
        total += last
    return max(2 * total - 1, 1e-3)


def half_chains(traces: Traces) -> tuple[float, float]:
    """(z, change): the mean of the last half of all draws minus that of the first half.

    z divides by the standard errors that the effective draws of each half give, as Geweke (1992)
    does by spectra; 0 where nothing moves.
    """
    middle = len(traces[0]) // 2
    first, last = [t[:middle] for t in traces], [t[-middle:] for t in traces]
    change = _moments([v for t in last for v in t])[0] - _moments([v for t in first for v in t])[0]
    error = math.hypot(*(_error(half) for half in (first, last)))
    return (change / error if error > 0 else 0.0), change


def _error(traces: Traces) -> float:
    inside = math.fsum(_moments(t)[1] for t in traces) / len(traces)
    return math.sqrt(max(inside, 0.0) / effective_draws(traces))


def _moments(values: Sequence[float]) -> tuple[float, float]:
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((v - mean) ** 2 for v in values) / max(len(values) - 1, 1)
