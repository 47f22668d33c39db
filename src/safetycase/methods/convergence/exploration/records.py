"""What a test is told and what it returns: plain numbers, no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["ELICITATION", "NAMES", "PERTURBATION", "SIGNS", "Effort", "Trace"]

PERTURBATION = ("isotropic", "natural", "curvature", "adversarial")
ELICITATION = ("forced-exploration", "best-of-n", "demonstrations", "retraining")
SIGNS = ("gradient", "llc-sign")
NAMES = (*PERTURBATION, *ELICITATION, *SIGNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How hard is looked. `radius` is in lengths of the weight vector itself.

    `gap` is the share of the reward range that still counts as nothing.
    """

    draws: int = 512
    steps: int = 40
    restarts: int = 4
    episodes: int = 4096
    radius: float = 2.0
    chains: int = 8
    chain_steps: int = 80
    shown: int = 64
    gap: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One test on one policy.

    `statistic[i]` is what the test says after `spent[i]` evaluations of the policy: one for a
    reward or an episode, three for a gradient. `gain` is the largest reward found less the
    policy's own (NaN for a test that finds none). `radius` is the longest change of the weights,
    `rise` the largest rise of an action's log-odds against the one that was played most, in nats,
    and `covered` the largest probability of an action that was never made the likely one: what is
    at least that rare may be hidden from this test; 0 where every action was. None where a test
    changes no weights.
    """

    test: str
    spent: tuple[float, ...]
    statistic: tuple[float, ...]
    gain: float
    radius: float | None = None
    rise: float | None = None
    covered: float | None = None

    @property
    def final(self) -> float:
        """The statistic after all that was spent."""
        return self.statistic[-1]

    @property
    def budget(self) -> float:
        """All that was spent."""
        return self.spent[-1]

    def within(self, budget: float) -> float:
        """The statistic once at most `budget` was spent; minus infinity before the first."""
        found = -math.inf
        for spent, statistic in zip(self.spent, self.statistic, strict=True):
            if spent > budget:
                break
            found = statistic
        return found

    def reaches(self, epsilon: float) -> bool:
        """Whether every action of at least that probability was made the likely one."""
        return self.covered is not None and self.covered < epsilon
