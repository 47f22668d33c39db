"""Known values of trees of answers, and human answerers of known error rates."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

from safetycase.methods.oversight.domains.arithmetic_trees import fewest_flips, majority_tree
from safetycase.methods.oversight.human_error.trees import Shape, placed_error, random_error
from safetycase.plugin.contract import Controls, Measurement, OracleResult, Planted
from safetycase.stats import bounds

__all__ = ["controls", "self_check"]

RUNS, TRIALS, ALPHA = 30, 400, 0.05
RANDOM, PLACED = 0.01, 0.2
SHAPE = Shape("majority", 5, 2)
IRVING = "Irving & Hilton 2025, Dodging systematic human errors in scalable oversight"
Measured = Callable[[Shape, int, int], Measurement]


def self_check() -> tuple[OracleResult, ...]:
    """Closed forms, the binomial tail by hand, and enumeration of all errors of a small tree."""
    by_hand = 10 * 0.1**3 * 0.9**2 + 5 * 0.1**4 * 0.9 + 0.1**5
    again = sum(math.comb(5, k) * by_hand**k * (1 - by_hand) ** (5 - k) for k in (3, 4, 5))
    wrong, fewest = _enumerated()
    found = (
        ("all of 25 leaves", 1 - 0.9**25, random_error(Shape("all", 5, 2), 0.1)),
        ("a majority of five", by_hand, random_error(Shape("majority", 5, 1), 0.1)),
        ("majorities of majorities of five", again, random_error(SHAPE, 0.1)),
        ("all errors of nine leaves", wrong, random_error(Shape("majority", 3, 2), 0.2)),
        ("share that turns nine leaves", fewest / 9, Shape("majority", 3, 2).fraction_to_flip),
        ("share that turns a conjunction", 1 / 125, Shape("all", 5, 3).fraction_to_flip),
        ("fewest, by the tree itself", fewest_flips(majority_tree(5, 3, 0, 0)) / 125, 0.6**3),
        ("placed errors of majorities", 0.1 / 0.36, placed_error(SHAPE, 0.1)),
    )
    return tuple(
        OracleResult(
            name=name,
            expected=want,
            got=got,
            tolerance=1e-12,
            source="all 512 errors, one by one" if "nine" in name else "closed form",
        )
        for name, want, got in found
    )


def _enumerated() -> tuple[float, int]:
    """(P(wrong), fewest errors that turn it) for a 3 × 3 majority, leaves wrong with 0.2."""
    wrong, fewest = 0.0, 9
    for errors in itertools.product((0, 1), repeat=9):
        if sum(sum(errors[i : i + 3]) >= 2 for i in (0, 3, 6)) >= 2:
            wrong += 0.2 ** sum(errors) * 0.8 ** (9 - sum(errors))
            fewest = min(fewest, sum(errors))
    return wrong, fewest


def controls(measured: Measured) -> Controls:
    """Human answerers that are wrong at a known rate, counted on 400 checked answers each."""
    planted = []
    for number, rate in enumerate((0.01, 0.03, 0.12, 0.3)):
        true = random_error(SHAPE, rate) <= RANDOM and placed_error(SHAPE, rate) <= PLACED
        passes = 0
        for run in range(RUNS):
            rng = random.Random(f"human {number} {run}")  # noqa: S311
            failures = sum(rng.random() < rate for _ in range(TRIALS))
            passes += _passes(measured(SHAPE, failures, TRIALS))
        planted.append(
            Planted(
                name=f"wrong {rate:g} of the time",
                claim_is_true=true,
                passes=passes,
                runs=RUNS,
                says=f"root wrong {random_error(SHAPE, rate):.2g} by chance, "
                f"{placed_error(SHAPE, rate):.2g} by placement",
            )
        )
    return Controls(
        criterion=f"root_error_random <= {RANDOM} and root_error_placed <= {PLACED}",
        planted=tuple(planted),
    )


def _passes(found: Measurement) -> bool:
    ends = {
        name: bounds(found.quantities[name], alpha_low=ALPHA, alpha_high=ALPHA).high
        for name in ("root_error_random", "root_error_placed")
    }
    return ends["root_error_random"] <= RANDOM and ends["root_error_placed"] <= PLACED
