"""Planted worlds with a known joint risk, and the published and closed-form numbers."""

from __future__ import annotations

import random
from collections.abc import Callable

from safetycase.methods.scheming.risk.analysis import CommonCause, Factor, Stage, analyse
from safetycase.methods.scheming.risk.tree import common_cause
from safetycase.plugin.contract import Controls, Measurement, OracleResult, Planted
from safetycase.stats import bounds, clopper_pearson, estimate

__all__ = ["SKETCH", "SKETCH_STAGES", "controls", "self_check"]

BOUND, DRAWS, RUNS, LEVEL = 0.05, 300, 20, 0.99
SKETCH = (Factor(name="poisons if not stopped", low=0.5, high=0.5, source="sketch, section 8"),)
SKETCH_STAGES = (
    Stage(name="automation", miss_low=0.01, miss_high=0.01, source="sketch, section 8"),
    Stage(
        name="people, on what automation flags",
        miss_low=0.005,
        miss_high=0.005,
        source="sketch, section 8",
        given_stopped_before=True,
    ),
)
Draw = Callable[[random.Random], tuple[bool, bool, bool]]


def _factor(name: str, hits: int, n: int, given: tuple[str, ...] = ()) -> Factor:
    each = (1 - LEVEL) / 2
    ends = clopper_pearson(hits, n, alpha_low=each, alpha_high=each)
    return Factor(
        name=name, low=ends.low, high=ends.high, source=f"{hits} of {n}", given=given, level=LEVEL
    )


def _apart(draw: Draw, seed: int) -> Measurement:
    """Each factor measured in a sample of its own, without conditioning."""
    generator = random.Random(seed)  # noqa: S311 - a simulation, no secret
    samples = [[draw(generator)[i] for _ in range(DRAWS)] for i in range(3)]
    factors = [
        _factor(name, sum(sample), DRAWS)
        for name, sample in zip(("can", "will", "harm"), samples, strict=True)
    ]
    return analyse(factors, (), (), None)


def _conditional(draw: Draw, seed: int) -> Measurement:
    """Each factor measured among those for which all factors before it hold."""
    generator = random.Random(seed)  # noqa: S311 - a simulation, no secret
    factors: list[Factor] = []
    names = ("can", "will", "harm")
    for i, name in enumerate(names):
        sample: list[bool] = []
        while len(sample) < DRAWS:
            world = draw(generator)
            if all(world[:i]):
                sample.append(world[i])
        factors.append(_factor(name, sum(sample), DRAWS, names[:i]))
    return analyse(factors, (), (), None)


def _stages(misses: tuple[float, float]) -> Callable[[Draw, int], Measurement]:
    """Two checks whose misses are measured apart, behind an ability of the world."""

    def measure(draw: Draw, seed: int) -> Measurement:
        generator = random.Random(seed)  # noqa: S311 - a simulation, no secret
        able = _factor("able", sum(draw(generator)[0] for _ in range(DRAWS)), DRAWS)
        stages = []
        for i, miss in enumerate(misses):
            hits = sum(generator.random() < miss for _ in range(DRAWS))
            found = _factor(f"stage {i}", hits, DRAWS)
            stages.append(
                Stage(
                    name=found.name,
                    miss_low=found.low,
                    miss_high=found.high,
                    source=found.source,
                    level=LEVEL,
                )
            )
        return analyse((able,), stages, ("able",), None)

    return measure


def _independent(*rates: float) -> Draw:
    return lambda generator: (
        generator.random() < rates[0],
        generator.random() < rates[1],
        generator.random() < rates[2],
    )


def _one_cause(rate: float) -> Draw:
    def draw(generator: random.Random) -> tuple[bool, bool, bool]:
        happens = generator.random() < rate
        return happens, happens, happens

    return draw


def controls() -> Controls:
    """Worlds whose joint risk is known; in some the factors look small one by one and are one."""
    subjects = (
        ("small, conditional", True, _conditional, _independent(0.3, 0.2, 0.2)),
        ("one factor rare, measured apart", True, _apart, _independent(0.9, 0.9, 0.003)),
        ("two checks that hardly miss", True, _stages((0.002, 0.002)), _independent(0.5, 0, 0)),
        ("one hidden cause, measured apart", False, _apart, _one_cause(0.2)),
        ("one hidden cause, conditional", False, _conditional, _one_cause(0.2)),
        ("large, conditional", False, _conditional, _independent(0.9, 0.5, 0.5)),
        ("two checks that miss different things", False, _stages((0.1, 0.1)), _one_cause(0.9)),
    )
    return Controls(
        criterion=f"risk <= {BOUND}, factors from {DRAWS} draws at {LEVEL:.0%} each",
        planted=tuple(
            Planted(
                name=name,
                claim_is_true=truth,
                runs=RUNS,
                passes=sum(_passes(measure(draw, seed)) for seed in range(RUNS)),
            )
            for name, truth, measure, draw in subjects
        ),
    )


def _passes(found: Measurement) -> bool:
    return bounds(found.quantities["risk"], alpha_low=0.05, alpha_high=0.05).high <= BOUND


def self_check() -> tuple[OracleResult, ...]:
    """The worked sketch, the product and the bound, and the table of a shared cause."""
    sketch = analyse(SKETCH, SKETCH_STAGES, (SKETCH[0].name,), None)
    rates = (("can", 0.3), ("will", 0.2), ("harm", 0.1))
    names = [name for name, _ in rates]
    apart = [Factor(name=n, low=p, high=p, source="x") for n, p in rates]
    chain = [
        Factor(name=n, low=p, high=p, source="x", given=tuple(names[:i]))
        for i, (n, p) in enumerate(rates)
    ]
    mixed = [
        apart[0],
        apart[1],
        Factor(name="harm", low=0.1, high=0.1, source="x", given=("can", "will")),
    ]
    paper = "Balesni et al. 2024, arXiv:2411.03336"
    table = CommonCause(arguments=3, failure=0.1, shared=(0.0, 0.02, 0.05))
    return (
        OracleResult(
            name="worked sketch: 0.5 · (0.01 + 0.99 · 0.005)",
            expected=0.007475,
            got=estimate(sketch.quantities["risk"]),
            tolerance=1e-12,
            source=paper + ", section 8: about 0.75 %",
        ),
        *(
            OracleResult(
                name=f"worked sketch, other reading: {name}",
                expected=value,
                got=float(sketch.diagnostics[f"other reading: {name}"]),
                tolerance=1e-9,
                source="the same two miss rates",
            )
            for name, value in (
                ("all stages must miss, independent", 0.00005),
                ("some stage misses, without the factors", 0.01495),
                ("mean of the miss rates", 0.0075),
            )
        ),
        OracleResult(
            name="0.3, 0.2, 0.1 as conditional factors",
            expected=0.006,
            got=estimate(analyse(chain, (), (), None).quantities["risk"]),
            tolerance=1e-12,
            source=paper + ", section 3: the chain rule",
        ),
        OracleResult(
            name="0.3, 0.2, 0.1 estimated apart",
            expected=0.1,
            got=_high(analyse(apart, (), (), None)),
            tolerance=1e-12,
            source="Fréchet 1935: the smallest",
        ),
        OracleResult(
            name="0.3 and 0.2 apart, 0.1 given both",
            expected=0.02,
            got=_high(analyse(mixed, (), (), None)),
            tolerance=1e-12,
            source="min(0.3, 0.2) · 0.1",
        ),
        *(
            OracleResult(
                name=f"three arguments at 0.1 with {shared:g} shared",
                expected=value,
                got=common_cause(table.failure, shared, table.arguments),
                tolerance=5e-5,
                source="q + (1 − q)((p − q)/(1 − q))³",
            )
            for shared, value in zip(table.shared, (0.001, 0.0205, 0.0501), strict=True)
        ),
    )


def _high(found: Measurement) -> float:
    return bounds(found.quantities["risk"], alpha_low=0.05, alpha_high=0.05).high
