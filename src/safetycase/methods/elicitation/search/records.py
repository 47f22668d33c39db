"""What a search is asked and what it found; nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from safetycase.stats import Proportion, bounds

__all__ = ["Found", "Settings", "Step", "Strategy", "Tried"]

Strategy = Literal["gradient", "coordinate", "evolutionary", "random"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to search, and when a patch counts as found.

    `gradient`: in each round up to `candidates` patches are proposed from slopes on
    `slope_contexts` contexts, averaged over rounds with weight `memory` on what was; up to `swaps`
    tokens change at once, drawn from the `top` of each place or, with `spread`, from those whose
    slopes vary most. They are ranked by their mean loss by successive halving up to `rank_contexts`
    contexts (without `halving`, all on all). A start looks at the slopes of `survey` random patches
    first, and ends after `patience` rounds without gain. It begins with the best of `pool` random
    patches, ranked likewise: where random patches differ much, that is a cheap step. `polish` tries
    the orders of a patch that fires before it is accepted.

    The other strategies take no slope: one place at a time, a population with crossover, patches at
    random; they judge each patch on `rank_contexts` contexts.

    A patch whose losses are below zero in `promising` of the contexts it was ranked on is tried on
    `accept_contexts` fresh ones, and accepted if it fires in `accept_firing` of them.
    """

    strategy: Strategy = "gradient"
    candidates: int = 48
    slope_contexts: int = 4
    survey: int = 24
    rank_contexts: int = 8
    top: int = 8
    swaps: int = 3
    memory: float = 0.8
    patience: int = 4
    pool: int = 1
    spread: bool = True
    halving: bool = True
    polish: bool = True
    promising: float = 0.75
    accept_contexts: int = 64
    accept_firing: float = 0.95

    def __post_init__(self) -> None:
        counts = (
            "candidates",
            "rank_contexts",
            "top",
            "swaps",
            "patience",
            "slope_contexts",
            "pool",
        )
        for name in counts:
            if not 1 <= getattr(self, name) <= 100_000:
                raise ValueError(f"`{name}` is a number from 1")
        if self.candidates < 2:
            raise ValueError("`candidates` is at least 2: one is no choice")
        if not 0 <= self.survey <= 10_000:
            raise ValueError("`survey` is a number from 0")
        if not 0 <= self.memory < 1:
            raise ValueError("`memory` lies between 0 and 1, and below 1: new slopes must count")
        if not 0 < self.promising <= 1:
            raise ValueError("`promising` is a share above 0 and at most 1")
        if not 8 <= self.accept_contexts <= 100_000:
            raise ValueError("`accept_contexts` is at least 8: fewer show nothing held out")
        if not 0.5 <= self.accept_firing <= 1:
            raise ValueError("`accept_firing` lies between 0.5 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a search stood: evaluations spent, the best mean loss, its share below zero."""

    evaluations: float
    loss: float
    below: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A patch that was tried on fresh contexts: how often it fired, out of how many.

    A try ends as soon as acceptance is out of reach, so that `firing` of a patch that was refused
    can be low by chance.
    """

    patch: tuple[int, ...]
    text: str
    firing: Proportion
    evaluations: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one search ended with.

    `evaluations` are sequences through the model, three for a gradient, acceptance among them.
    `accepted` is the patch that held on fresh contexts, None if there is none. `best` is the best
    patch by its mean loss. `first_fire` counts the evaluations to the first input that fired.
    """

    task: str
    strategy: Strategy
    budget: float
    evaluations: float
    accepted: Tried | None
    refused: tuple[Tried, ...]
    best: tuple[int, ...]
    best_text: str
    best_loss: float
    first_fire: float | None
    starts: int
    steps: tuple[Step, ...]

    @property
    def tries(self) -> int:
        """How many patches were tried on fresh contexts."""
        return len(self.refused) + (self.accepted is not None)

    def firing_at_least(self, level: float = 0.95) -> float:
        """Lower bound of the accepted patch's rate of firing in such contexts; 0 without one.

        Clopper and Pearson (1934), one-sided. The search goes on until a patch is accepted, so that
        how many are tried is decided by the same counts: try k has alpha / (k (k + 1)), which sums
        to alpha over however many there are.
        """
        if self.accepted is None:
            return 0.0
        alpha = (1 - level) / (self.tries * (self.tries + 1))
        return bounds(self.accepted.firing, alpha_low=alpha, alpha_high=0.0).low
