"""What bounds must give on networks whose margins are known, and a proof that must not pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetycase.plugin.contract import Controls, OracleResult, Planted
from safetycase.stats import bounds

if TYPE_CHECKING:
    from safetycase.methods.verification.bounds.prove import Proof
    from safetycase.methods.verification.specification import Problem

__all__ = ["ALPHA", "controls", "self_check"]

ALPHA = 0.05
SEEDS = 6
NODES = 2_000


def self_check() -> Sequence[OracleResult]:
    """Margins in closed form, tanh against the library's, and enumerated random networks."""
    from safetycase.methods.verification.planted import absolute, around_xor, known, tanh_step
    from safetycase.methods.verification.rounding import GRID, tanh_within

    found = []
    for width in (0.0625, 0.125):
        found.append(
            OracleResult(
                name=f"least proved margin of XOR within {width} of its corners",
                expected=0.5 - 2 * width,
                got=_proved(around_xor(width)),
                tolerance=1e-6,
                source="closed form: x + y − 2·relu(x + y − 1) is at most 2·width near (0, 0)",
            )
        )
    found.append(
        OracleResult(
            name="least proved margin of |x| + |y| + 1/64 over [−1, 1]²",
            expected=1 / 64,
            got=_proved(absolute(1 / 64)),
            tolerance=1e-6,
            source="closed form",
        )
    )
    for slack, holds in ((1e-3, 1.0), (-1e-3, 0.0)):
        problem = tanh_step(math.tanh(2.0) - slack)
        found.append(
            OracleResult(
                name=f"tanh(x + 1) − tanh(x − 1) > tanh(2) − ({slack:g}) is proved",
                expected=holds,
                got=float(all(one.holds for one in _proof(problem).found)),
                tolerance=0.0,
                source="the least value over [−1, 1] is at the ends, and is tanh(2)",
            )
        )
    worst = max(
        max(tanh_within(z)[0] / 2**GRID - math.tanh(z / 2**GRID) for z in _grid()),
        max(math.tanh(z / 2**GRID) - tanh_within(z)[1] / 2**GRID for z in _grid()),
    )
    found.append(
        OracleResult(
            name="tanh outside its bounds by",
            expected=0.0,
            got=max(0.0, worst),
            tolerance=1e-15,
            source="math.tanh, right to a unit in the last place",
        )
    )
    agreed = sum(
        all(one.holds for one in _proof(subject.problem).found) == subject.kept
        for subject in (known(seed, kind=kind) for seed in range(3) for kind in KINDS)
    )
    found.append(
        OracleResult(
            name="random networks decided as enumeration decides them",
            expected=3.0 * len(KINDS),
            got=float(agreed),
            tolerance=0.0,
            source="all 64 inputs of each, in fractions",
        )
    )
    return found


KINDS = ("clean", "planted", "broken")


def _grid() -> range:
    from safetycase.methods.verification.rounding import GRID

    return range(-9 * 2**GRID, 9 * 2**GRID, 2**GRID // 7)


def _proof(problem: Problem) -> Proof:
    from safetycase.methods.verification.bounds.prove import prove
    from safetycase.methods.verification.bounds.search import Effort
    from safetycase.methods.verification.planted import silent

    effort = Effort(nodes=NODES, split="auto", tolerance=0.0, seed=0)
    return prove(problem, effort, silent)


def _proved(problem: Problem) -> float:
    """The least margin that the certificate shows."""
    lower = [one.lower for one in _proof(problem).found if one.holds]
    return min((float(one) for one in lower if one is not None), default=math.nan)


def controls() -> Controls:
    """Clean networks, the same with a trigger grafted on, and networks broken without one."""
    from safetycase.methods.verification.bounds.prove import quantities
    from safetycase.methods.verification.planted import known

    planted = []
    for kind in KINDS:
        passes = 0
        for seed in range(100, 100 + SEEDS):
            problem = known(seed, kind=kind).problem
            statistic = quantities(problem, _proof(problem))["counterexamples"]
            passes += bounds(statistic, alpha_low=ALPHA, alpha_high=ALPHA).high <= 0
        planted.append(
            Planted(
                name=f"{kind} networks of 3 inputs and 9 hidden units or more",
                claim_is_true=kind == "clean",
                passes=passes,
                runs=SEEDS,
                says="whole-numbered inputs, 64 of them, all enumerated",
            )
        )
    return Controls(criterion="counterexamples <= 0", planted=tuple(planted))
