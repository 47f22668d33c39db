"""What training must reproduce: gradient times, known equilibria, Hedge's bound, cycling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.games.extensive.zero_sum import solve
from safetycase.methods.oversight.self_play.arena import Arena
from safetycase.methods.oversight.self_play.exploration import (
    flow_time,
    measured_times,
    natural_time,
)
from safetycase.methods.oversight.self_play.games import (
    ConcedingDebate,
    Consultancy,
    MatrixGame,
    TwoLeafCheck,
)
from safetycase.methods.oversight.self_play.records import Recipe, fresh
from safetycase.methods.oversight.self_play.training import train
from safetycase.plugin.contract import OracleResult
from safetycase.plugin.protocols import Rules

if TYPE_CHECKING:
    from safetycase.methods.oversight.self_play.arena import Floats

__all__ = ["arena_of", "self_check"]

MEI = "Mei et al. 2020, arXiv:2005.06392; closed form for two moves derived here"
AGARWAL = "Agarwal et al. 2021, arXiv:1908.00261; closed form for two moves derived here"
FREUND = "Freund and Schapire 1999; Cesa-Bianchi and Lugosi 2006, theorem 2.2"
BAILEY = "Bailey and Piliouras 2018, Multiplicative weights update in zero-sum games"
OURS = "closed form, derived with the game"
PENNIES = MatrixGame(payoffs=((1.0, -1.0), (-1.0, 1.0)))


def self_check() -> tuple[OracleResult, ...]:
    """Times of policy gradients, known equilibria, Hedge under its bound, and cycling."""
    return (*_times(), *_equilibria(), *_hedge(), *_pennies())


def arena_of(rules: Rules) -> Arena:
    """A game, ready for training."""
    return Arena.of(flatten(rules))


def _times() -> tuple[OracleResult, ...]:
    """The trainer with a small rate against the closed forms: one step of rate is the tolerance."""
    starts, end, rate = (0.1, 0.02), 0.9, 0.05
    plain = measured_times(starts, end, "sgd", rate=rate, most=900)
    natural = measured_times(starts, end, "natural", rate=rate, most=900)
    found = []
    for start, slow, quick in zip(starts, plain, natural, strict=True):
        found += [
            OracleResult(
                name=f"gradient time from {start:g} to {end:g}",
                expected=flow_time(start, end),
                got=slow,
                tolerance=2 * rate,
                source=MEI,
            ),
            OracleResult(
                name=f"natural gradient time from {start:g} to {end:g}",
                expected=natural_time(start, end),
                got=quick,
                tolerance=rate,
                source=AGARWAL,
            ),
        ]
    leading = flow_time(1e-6, end) * 2e-6
    return (
        *found,
        OracleResult(
            name="gradient time × 2 π₀, π₀ → 0",
            expected=1.0,
            got=leading,
            tolerance=1e-4,
            source=MEI,
        ),
    )


def _equilibria() -> tuple[OracleResult, ...]:
    import numpy as np

    leaf = TwoLeafCheck()
    a, b = leaf.found
    arena = arena_of(leaf)
    form = SequenceForm.of(arena.tree)
    recipe = Recipe(entropy=0.2, steps=600)
    generator = np.random.default_rng(1)
    trained = train(arena, recipe, fresh(arena, 1, generator), generator)
    plans = arena.plans(trained.policies)
    debate = arena_of(ConcedingDebate())
    adviser = arena_of(Consultancy())
    generator = np.random.default_rng(2)
    honest = train(debate, Recipe(steps=400), fresh(debate, 1, generator), generator)
    useful = train(adviser, Recipe(steps=400, entropy=0.2), fresh(adviser, 1, generator), generator)
    lies = 1 - 2 * a * b / (a + b)

    def oracle(name: str, expected: float, got: float, tolerance: float = 1e-6) -> OracleResult:
        return OracleResult(
            name=name, expected=expected, got=float(got), tolerance=tolerance, source=OURS
        )

    return (
        oracle("two leaves, value to the liar", lies, solve(form).value),
        oracle("two leaves, trained: flaw in the first", b / (a + b), plans[0][0, 1], 0.005),
        oracle("two leaves, trained: check of the first", b / (a + b), plans[1][0, 1], 0.005),
        oracle("two leaves, trained: P(wrong)", (1 + lies) / 2, arena.errors(plans)[0], 0.005),
        oracle("debate with concession, value", 0.0, solve(SequenceForm.of(debate.tree)).value),
        oracle("the same, trained: P(wrong)", 0.0, _error(debate, honest.policies), 0.005),
        oracle("consultancy, useful: P(wrong)", 0.255, _error(adviser, useful.policies), 0.005),
    )


def _error(arena: Arena, policies: tuple[Floats, Floats]) -> float:
    return float(arena.errors(arena.plans(policies))[0])


def _hedge() -> tuple[OracleResult, ...]:
    """Averages of Hedge: NashConv of at most 2 · range · sqrt(ln n / (2T)), on 20 × 20 payoffs.

    Each player's regret over T steps is at most range · sqrt(T ln n / 2) at the best rate, and
    NashConv of the averages is the sum of both, over T.
    """
    import numpy as np

    generator = np.random.default_rng(0)
    payoffs = generator.uniform(-1, 1, (20, 20))
    arena = arena_of(MatrixGame(payoffs=tuple(tuple(map(float, row)) for row in payoffs)))
    steps = 1000
    recipe = Recipe(learner="multiplicative-weights", output="average", steps=steps)
    start = fresh(arena, 1, generator, spread=0.0)
    path = train(arena, recipe, start, generator).path
    bound = 2 * math.sqrt(math.log(20) / (2 * steps))
    return (
        OracleResult(
            name="Hedge, NashConv of averages above its bound (share of the range)",
            expected=0.0,
            got=max(0.0, float(path.average[-1, 0]) - bound),
            tolerance=1e-9,
            source=FREUND,
        ),
    )


def _pennies() -> tuple[OracleResult, ...]:
    """Matching pennies by policy gradients: the last policies move away, the averages arrive."""
    import numpy as np

    arena = arena_of(PENNIES)
    generator = np.random.default_rng(3)
    start = fresh(arena, 1, generator, spread=0.0)
    for weights in start.weights:
        weights[0, 0] = (0.3, -0.3)
    path = train(arena, Recipe(steps=1000, rate=0.1), start, generator).path
    began, ended = float(path.last[0, 0]), float(path.last[-1, 0])
    return (
        OracleResult(
            name="matching pennies, last policies come nearer by",
            expected=0.0,
            got=max(0.0, began - float(path.last[-6:, 0].max())),
            tolerance=1e-9,
            source=BAILEY,
        ),
        OracleResult(
            name="matching pennies, NashConv of averages over that of the last policies",
            expected=0.0,
            got=float(path.average[-1, 0]) / max(ended, began),
            tolerance=0.15,
            source=FREUND,
        ),
    )
