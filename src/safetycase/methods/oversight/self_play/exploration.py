"""How long a policy gradient takes to find a move that the policy hardly ever plays.

Two moves, softmax weights, one pays 1 more. With p the probability of the good move, gradient flow
has p' = 2 p² (1 − p)², so from p₀ to p₁ it takes the time

    [F(p₁) − F(p₀)] / 2,    F(p) = (2p − 1) / (p (1 − p)) + 2 ln(p / (1 − p)),

which is 1 / (2 p₀) to leading order: the derivative of F is 1 / (p² (1 − p)²). The natural gradient
has (ln(p / (1 − p)))' = 1, so it takes the difference of the two log-odds, ln(1 / p₀) to leading
order. Rates of softmax gradients that hinge on the smallest probability which the best move has
during training are in Mei et al. 2020, arXiv:2005.06392; the closed forms are derived here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.oversight.self_play.arena import Arena
from safetycase.methods.oversight.self_play.games import Bandit
from safetycase.methods.oversight.self_play.learners import Optimiser
from safetycase.methods.oversight.self_play.records import Recipe, fresh
from safetycase.methods.oversight.self_play.training import Training

__all__ = ["flow_time", "measured_times", "natural_time"]


def flow_time(start: float, end: float, advantage: float = 1.0) -> float:
    """The time that gradient flow takes from probability `start` to `end` of the good move."""
    _between(start, end)

    def antiderivative(p: float) -> float:
        return (2 * p - 1) / (p * (1 - p)) + 2 * _log_odds(p)

    return (antiderivative(end) - antiderivative(start)) / (2 * advantage)


def natural_time(start: float, end: float, advantage: float = 1.0) -> float:
    """The same with the natural gradient."""
    _between(start, end)
    return (_log_odds(end) - _log_odds(start)) / advantage


def measured_times(
    starts: Sequence[float], end: float, optimiser: Optimiser, *, rate: float, most: int
) -> tuple[float, ...]:
    """Steps × rate that the trainer takes to get there from each start; infinity after `most`."""
    import numpy as np

    arena = Arena.of(flatten(Bandit()))
    generator = np.random.default_rng(0)
    start = fresh(arena, len(starts), generator)
    start.weights[0][:, 0, :] = [[_log_odds(p), 0.0] for p in starts]
    recipe = Recipe(optimiser=optimiser, rate=rate, steps=most)
    times = np.full(len(starts), np.inf)
    for step, plans in Training(arena, recipe, start, generator).played():
        there = (plans[0][:, 1] >= end) & np.isinf(times)
        times[there] = (step - 1) * rate
        if np.isfinite(times).all():
            break
    return tuple(float(t) for t in times)


def _log_odds(p: float) -> float:
    return math.log(p / (1 - p))


def _between(start: float, end: float) -> None:
    if not 0 < start <= end < 1:
        raise ValueError(f"from {start!r} to {end!r}: probabilities with 0 < start ≤ end < 1")
