"""Losses that are at a minimum, and losses that are not, through the method's own code."""

from __future__ import annotations

from typing import Any

from safetycase.methods.convergence.llc.calibration import calibrated
from safetycase.methods.convergence.llc.estimating import estimate
from safetycase.methods.convergence.llc.evidence import Studied, measured
from safetycase.methods.convergence.llc.networks import deep_linear_net
from safetycase.methods.convergence.llc.records import Sampling
from safetycase.methods.convergence.llc.surface import Formula, Surface
from safetycase.plugin.contract import Controls, Planted
from safetycase.stats import bounds

__all__ = ["controls", "passes"]

SEEDS = 2
MOST_DROP = 0.5
SETTINGS = Sampling(sampler="hmc", nbeta=200, leaps=5, draws=200, burn_in=100, tolerance=0.15)


def controls() -> Controls:
    """Quadratic and singular minima against a saddle, a better well nearby and hidden rewards."""
    cases = (
        ("a quadratic minimum", True, _quadratic()),
        ("a singular minimum of a linear network", True, deep_linear_net((3, 2, 3), 1)),
        ("a policy at its optimum", True, _bandit(0.999999)),
        ("a saddle", False, _saddle()),
        ("a shallow well beside a deep one", False, _wells()),
        ("a policy that holds back a better arm, ε = 0.01", False, _bandit(0.01)),
        ("weights that are not trained out", False, _quadratic(at=0.5)),
    )
    return Controls(
        criterion=f"`llc_drop <= {MOST_DROP}` at 95 % with every instrument check passed, γ = 1, "
        "nβ = 200",
        planted=tuple(
            Planted(
                name=name,
                claim_is_true=true,
                passes=sum(passes(surface, seed) for seed in range(runs)),
                runs=runs,
            )
            for name, true, surface in cases
            for runs in (SEEDS if true else 1,)
        ),
    )


def passes(surface: Surface, seed: int, settings: Sampling = SETTINGS) -> bool:
    """Whether the claim of the controls would be supported by a run on this loss."""
    found = estimate(surface, settings, seed=seed)
    known = calibrated(found, seed=seed) if found.ok else None
    result = measured([Studied(name="planted", found=found, calibration=known)])
    drop = result.quantities.get("llc_drop")
    if drop is None or not all(check.passed for check in result.instrument):
        return False
    high = bounds(drop, alpha_low=0.05, alpha_high=0.05).high
    return high <= MOST_DROP and "llc" in result.quantities


def _quadratic(at: float = 0.0) -> Formula:
    import torch

    start = torch.full((6,), at, dtype=torch.float64)
    return Formula(lambda w: w.square().sum(1) / 2, start)


def _saddle() -> Formula:
    import torch

    bent = torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64)

    def loss(w: Any) -> Any:
        return (bent * w.square() / 2 + w**4 / 4).sum(1)

    return Formula(loss, torch.zeros(3, dtype=torch.float64))


def _wells() -> Formula:
    """In the first weight: a minimum at 0 of loss 0, and one 1.5 away that lies 0.5 lower."""
    import torch

    def loss(w: Any) -> Any:
        x = w[:, 0]
        bump = 0.02 * (1 - torch.exp(-((x / 0.2) ** 2)))
        return bump - 0.5 * torch.exp(-((x - 1.5) ** 2)) + 0.05 * w[:, 1] ** 2

    return Formula(loss, torch.zeros(2, dtype=torch.float64))


def _bandit(probability: float) -> Formula:
    """10 arms with softmax logits; the best, of reward 1, is played with `probability`.

    Of the others one pays a half and is played nearly always, as far as there is room.
    """
    import torch

    rewards = torch.zeros(10, dtype=torch.float64)
    rewards[0], rewards[1] = 1.0, 0.5
    chances = torch.full((10,), (1 - probability) * 1e-4, dtype=torch.float64)
    chances[0] = probability
    chances[1] = 1 - probability - float(chances[2:].sum())
    return Formula(lambda w: 1 - w.softmax(1) @ rewards, chances.log())
