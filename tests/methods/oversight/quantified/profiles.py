"""All profiles of a small game: how wrong each is, and what a best reply to it gains."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from tests.methods.oversight.quantified.induction import end_of, plans

from safetycase.plugin.protocols import End, Rules

TENTHS = np.arange(11) / 10


class Uneven:
    """A game whose judge errs as `end` says, and not as the rules do."""

    def __init__(self, rules: Rules, end: Callable[[Any], End]) -> None:
        self.rules, self.end = rules, end

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rules, name)


def matrices(rules: Rules) -> tuple[Any, Any]:
    """(payoffs of the first player, P(wrong)) for every pair of pure strategies."""
    ends = [
        [end_of(rules, one, two) for two in plans(rules, "second")] for one in plans(rules, "first")
    ]
    paid, wrong = (
        np.array([[getattr(end, field) for end in row] for row in ends])
        for field in ("first", "wrong")
    )
    return paid, wrong


def mixtures(count: int, rng: np.random.Generator, *, most: int = 250) -> Any:
    """All mixtures of two pure strategies in tenths, or a sample of them."""
    pairs = list(itertools.combinations_with_replacement(range(count), 2))
    if len(pairs) > most:
        pairs = [pairs[i] for i in rng.choice(len(pairs), most, replace=False)]
    found = np.zeros((len(pairs) * len(TENTHS), count))
    for k, ((i, j), share) in enumerate(itertools.product(pairs, TENTHS)):
        found[k, i] += share
        found[k, j] += 1 - share
    if len(found) <= most:
        return found
    return found[rng.choice(len(found), most, replace=False)]


def profiles(rules: Rules, seed: int = 0, *, summed: bool = False) -> tuple[Any, Any]:
    """(the gain of a best reply as a share of the range 2, P(wrong)) by profile.

    The larger of the two gains, or their sum.
    """
    return profiles_of(*matrices(rules), seed, summed=summed)


def profiles_of(paid: Any, wrong: Any, seed: int = 0, *, summed: bool = False) -> tuple[Any, Any]:
    """The same for a game by its matrices."""
    rng = np.random.default_rng(seed)
    x, y = mixtures(paid.shape[0], rng), mixtures(paid.shape[1], rng)
    now = x @ paid @ y.T
    first = (paid @ y.T).max(0)[None, :] - now
    second = now - (x @ paid).min(1)[:, None]
    gained = first + second if summed else np.maximum(first, second)
    return gained / 2, x @ wrong @ y.T
