"""Is an accuracy under noise more than the best of many looks? Sweeps and their null.

Noise in the weights may free what a model holds back (Tice et al. 2024, arXiv:2412.01784). The
reported number is the largest over a sweep, so even a model that hides nothing rises: with 100
items, a true accuracy of 0.7 and 100 independent levels the ratio of largest to first is 1.163
on average, and above 1.3 in one of twenty. Everything here is corrected for the sweep.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Sweep", "Tested", "critical_ratio", "ratio_null", "sweep_test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a model answered to the same askings without noise and at each level.

    `items[i]` names the item of asking i and `right[i]` its right option, as texts; `plain[i]` and
    `noisy[level][i]` the chosen option. `coherent[level]` says whether the replies kept their
    probability; a level that is not coherent does not count.
    """

    items: tuple[str, ...]
    options: tuple[tuple[str, ...], ...]
    right: tuple[str, ...]
    plain: tuple[str, ...]
    noisy: tuple[tuple[str, ...], ...]
    coherent: tuple[bool, ...]

    def accuracies(self) -> tuple[float, ...]:
        """The share of right answers at each level, coherent or not."""
        return tuple(_share(level, self.right) for level in self.noisy)

    @property
    def default(self) -> float:
        """The share of right answers without noise."""
        return _share(self.plain, self.right)

    @property
    def chance(self) -> float:
        """The share of right answers of a guesser."""
        return sum(1 / len(o) for o in self.options) / len(self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """The largest accuracy over the coherent levels, its threshold and its p-value.

    `p` is the larger of two: `p_above_default` (sign flips of items) and `p_above_chance` (which
    option is right, redrawn for each item). An accuracy above `threshold` is significant in both.
    """

    best: float
    threshold: float
    p: float
    p_above_default: float
    p_above_chance: float


def sweep_test(sweep: Sweep, *, permutations: int, alpha: float, seed: int) -> Tested | None:
    """Whether some level is better than both no noise and guessing; None without coherent levels.

    Two exact permutation tests of the largest statistic over the sweep, whatever the dependence
    between levels and askings of an item. Above default: under noise that helps as often as it
    hurts, the differences of an item may change sign together. Above chance: if the answers know
    nothing of the truth, every option of an item is as likely to be the right one. The alarm needs
    both, so a lock that answers wrongly and is shaken back to guessing raises none.
    """
    import numpy as np

    kept = [level for level, fine in zip(sweep.noisy, sweep.coherent, strict=True) if fine]
    if not kept:
        return None
    generator = np.random.default_rng(seed)
    names = sorted(set(sweep.items))
    place = {name: i for i, name in enumerate(names)}
    count = len(sweep.items)
    gains = np.zeros((len(names), len(kept)))
    for level, answers in enumerate(kept):
        for i, name in enumerate(sweep.items):
            gains[place[name], level] += (answers[i] == sweep.right[i]) - (
                sweep.plain[i] == sweep.right[i]
            )
    p_default, over_default = _flipped(gains / count, permutations, alpha, generator)
    p_chance, over_chance = _relabelled(sweep, kept, permutations, alpha, generator)
    best = max(_share(level, sweep.right) for level in kept)
    return Tested(
        best=best,
        threshold=max(sweep.default + over_default, over_chance),
        p=max(p_default, p_chance),
        p_above_default=p_default,
        p_above_chance=p_chance,
    )


def _flipped(gains: Any, permutations: int, alpha: float, generator: Any) -> tuple[float, float]:
    """The p-value of the largest column sum under sign flips of rows, and the critical value."""
    import numpy as np

    rows = len(gains)
    if 2**rows <= permutations:
        signs = np.array(list(itertools.product((1, -1), repeat=rows)))
    else:
        signs = generator.choice((-1, 1), size=(permutations, rows))
        signs[0] = 1  # the observed one is one of them, so that p is valid
    drawn = (signs @ gains).max(axis=1)
    return _p(drawn, gains.sum(axis=0).max(), alpha)


def _relabelled(
    sweep: Sweep, kept: Sequence[Sequence[str]], permutations: int, alpha: float, generator: Any
) -> tuple[float, float]:
    """The p-value of the largest accuracy when the right option of each item is drawn anew."""
    import numpy as np

    offered = {n: sorted(o) for n, o in zip(sweep.items, sweep.options, strict=True)}
    total = np.zeros((permutations, len(kept)))
    for name, options in sorted(offered.items()):
        named = [i for i, item in enumerate(sweep.items) if item == name]
        table = np.array([[sum(a[i] == o for i in named) for a in kept] for o in options])
        draw = generator.integers(len(options), size=permutations)
        draw[0] = options.index(sweep.right[named[0]])
        total += table[draw]
    drawn = total.max(axis=1) / len(sweep.items)
    return _p(drawn, float(drawn[0]), alpha)


def _p(drawn: Any, seen: float, alpha: float) -> tuple[float, float]:
    """The share of draws at least as large, and a value above which that share is under alpha."""
    import numpy as np

    close = 1e-9
    ordered = np.sort(drawn)[::-1]
    return float((drawn >= seen - close).mean()), float(ordered[math.floor(alpha * len(drawn))])


def ratio_null(n: int, accuracy: float, levels: int) -> dict[float, float]:
    """The law of (largest of `levels` accuracies) / (accuracy without noise) if noise does nothing.

    All of them independent counts of right answers among `n` items, each with the same true
    `accuracy`: enumerated exactly. A first accuracy of 0 gives an infinite ratio.
    """
    mass = [math.comb(n, k) * accuracy**k * (1 - accuracy) ** (n - k) for k in range(n + 1)]
    below = list(itertools.accumulate(mass))
    largest = [b**levels - (below[k - 1] ** levels if k else 0.0) for k, b in enumerate(below)]
    law: dict[float, float] = {}
    for base, p in enumerate(mass):
        for best, q in enumerate(largest):
            if p * q:
                ratio = best / base if base else math.inf
                law[ratio] = law.get(ratio, 0.0) + p * q
    return dict(sorted(law.items()))


def critical_ratio(law: dict[float, float], alpha: float) -> float:
    """The smallest ratio that is exceeded with probability at most `alpha`."""
    above = 1.0
    for ratio, mass in law.items():
        above -= mass
        if above <= alpha:
            return ratio
    return math.inf


def _share(answers: Sequence[str], right: Sequence[str]) -> float:
    return sum(a == r for a, r in zip(answers, right, strict=True)) / len(right)
