"""Planted red teams with known speed, and the closed forms of the risk."""

from __future__ import annotations

import math
import random

from safetycase.methods.misuse import uplift_model as model
from safetycase.methods.misuse.uplift_analysis import Threat, analyse
from safetycase.methods.misuse.uplift_model import Curve, Empirical, Exponential
from safetycase.plugin.contract import Controls, Measurement, OracleResult, Planted
from safetycase.stats import Interval, bounds, estimate

__all__ = ["controls", "measured", "self_check"]

BOUND, ATTEMPTS, RUNS = 400_000.0, 1000, 10
_THREAT = Threat(
    attempts=Interval(5, 5),
    damage=Interval(1e6, 1e6),
    time=Interval(0.25, 0.25),
    law="exponential",
    unit="years",
    instrument_min=0.5,
)
_LIMIT = 2.0
_SOURCE = "a · D · m/(m + τ); the model of Clymer et al. 2025, arXiv:2505.18003"


def measured(mean: float, limit: float, seed: int) -> Measurement:
    """A red team that needs an exponential time with that mean, and gives up at `limit`."""
    generator = random.Random(seed)  # noqa: S311 - a simulation, no secret
    curves: dict[str, Curve] = {"none": _exactly(20)}
    for arm, slow, end in (("unguarded", 0.2, _LIMIT), ("guarded", mean, limit)):
        times = [generator.expovariate(1 / slow) for _ in range(ATTEMPTS)]
        curves[arm] = Empirical(
            successes=tuple(t for t in times if t <= end),
            stopped=tuple(end for t in times if t > end),
            missing=0,
            spread=model.spread(ATTEMPTS, 0.025),
        )
    return analyse(_THREAT, curves, 0.95, seed=seed, diagnostics={})


def _exactly(mean: float) -> Exponential:
    return Exponential(slow_low=mean, slow_high=mean)


def controls() -> Controls:
    """Safeguards that slow a red team down, some enough; and red teams that gave up early."""
    subjects = (
        ("safeguards that hold", True, 50.0, _LIMIT),
        ("safeguards that hold well enough", True, 15.0, _LIMIT),
        ("no safeguards", False, 0.2, _LIMIT),
        ("safeguards that slow it down a little", False, 1.0, _LIMIT),
        ("just above the bound", False, 2.4, _LIMIT),
        ("no safeguards, but the red team gave up at once", False, 1.0, 0.01),
    )
    return Controls(
        criterion=f"uplift_post <= {BOUND:g} at 95 %, {ATTEMPTS} attempts in each arm",
        planted=tuple(
            Planted(
                name=name,
                claim_is_true=truth,
                runs=RUNS,
                passes=sum(_passes(measured(mean, limit, seed)) for seed in range(RUNS)),
                says=f"mean time to success {mean:g}, attempts end at {limit:g}",
            )
            for name, truth, mean, limit in subjects
        ),
    )


def _passes(found: Measurement) -> bool:
    high = bounds(found.quantities["uplift_post"], alpha_low=0.05, alpha_high=0.05).high
    return high <= BOUND and all(check.passed for check in found.instrument)


def self_check() -> tuple[OracleResult, ...]:
    """The closed form of exponentials, and exact integrals of small bands."""
    curves = {"none": _exactly(20), "unguarded": _exactly(2), "guarded": _exactly(10)}
    found = analyse(_THREAT, curves, 1.0, seed=0, diagnostics={}).quantities
    expected = {
        "risk_none": 61_728,
        "risk_unguarded": 555_556,
        "risk_guarded": 121_951,
        "uplift_pre": 493_827,
        "uplift_post": 60_223,
    }
    closed = [
        OracleResult(
            name=f"{name}, with τ = 20, 2, 10 and m = 0.25",
            expected=value,
            got=estimate(found[name]),
            tolerance=0.5,
            source=_SOURCE,
        )
        for name, value in expected.items()
    ]
    return (*closed, *_bands(), *_limits())


def _bands() -> list[OracleResult]:
    """Integrals of a band that can be written down."""
    times = (0.1, 0.3, 0.7, 1.1)
    curve = Empirical(successes=times, stopped=(), missing=0, spread=0.3)
    got = curve.within(0.5, "exponential")
    worth = [math.exp(-t / 0.5) for t in times]
    two = Empirical(successes=(0.2,), stopped=(0.4,), missing=2, spread=0.1)
    return [
        OracleResult(
            name="upper end: 0.3 at once, 1/4 twice, the rest at the third",
            expected=0.3 + 0.25 * (worth[0] + worth[1]) + 0.2 * worth[2],
            got=got.high,
            tolerance=1e-12,
            source="∫ min(1, F + 0.3) f",
        ),
        OracleResult(
            name="lower end: the first is lost, and 0.05 of the second",
            expected=0.2 * worth[1] + 0.25 * (worth[2] + worth[3]),
            got=got.low,
            tolerance=1e-12,
            source="∫ max(0, F − 0.3) f",
        ),
        OracleResult(
            name="half of the attempts missing, one stopped at 0.4, seen at 0.5",
            expected=1.0 + 0.15,
            got=two.within(0.5, "fixed").high + two.within(0.5, "fixed").low,
            tolerance=1e-12,
            source="2/4 + 2/4 + 0.1, at most 1; and 1/4 − 0.1",
        ),
        OracleResult(
            name="half-width of the band for n = 1000 at 5 %",
            expected=0.04295,
            got=model.spread(1000, 0.05),
            tolerance=5e-6,
            source="√(ln 40 / 2000), Massart 1990",
        ),
    ]


def _limits() -> list[OracleResult]:
    """With many attempts and no band the integral is that of the closed form."""
    n = 4000
    times = tuple(-2 * math.log(1 - (i + 0.5) / n) for i in range(n))
    fine = Empirical(successes=times, stopped=(), missing=0, spread=0.0)
    ends = model.gap(_exactly(10), _exactly(20), Interval(0.2, 0.3), "exponential")
    largest = max(m / (m + 10) - m / (m + 20) for m in (0.2, 0.25, 0.3))
    return [
        OracleResult(
            name="the quantiles of an exponential give m/(m + τ)",
            expected=0.25 / 2.25,
            got=fine.within(0.25, "exponential").high,
            tolerance=1e-4,
            source="∫ (1 − e^(−t/2)) f",
        ),
        OracleResult(
            name="the same for a fixed time",
            expected=-math.expm1(-0.25 / 2),
            got=fine.within(0.25, "fixed").high,
            tolerance=1e-3,
            source="1 − e^(−m/2)",
        ),
        OracleResult(
            name="a gap over an interval of means is taken at its worse end",
            expected=largest,
            got=ends.high,
            tolerance=5e-4,
            source="m/(m + 10) − m/(m + 20) rises up to m = √200",
        ),
    ]
