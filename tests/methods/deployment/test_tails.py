"""Tails of a deployment: the published pair, laws in between, and models with a known chance."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.deployment.tails import laws
from safetycase.methods.deployment.tails.method import METHOD, Parameters, best_case, run
from safetycase.methods.deployment.tails.planted import (
    BAD,
    QUERIES,
    deployments,
    failures_seen,
    passes,
)
from safetycase.plugin.contract import Context, Curve, Measurement, MethodError
from safetycase.stats import Certified, Exact, clopper_pearson
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement


def measured(tmp_path: Path, inputs: tuple[str, ...] = (), **given: Any) -> Measurement:
    context = Context(
        case_folder=tmp_path,
        scratch=tmp_path,
        seed=0,
        model=None,
        models={},
        progress=lambda *_: None,
    )
    return run(inputs, Parameters(**given), context)


def high(found: Measurement, name: str) -> float:
    quantity = found.quantities[name]
    assert isinstance(quantity, Certified)
    return quantity.high


@pytest.mark.slow
def test_it_is_a_method() -> None:
    check_method(METHOD, module="safetycase.methods.deployment.tails.method")


def test_the_published_pair(tmp_path: Path) -> None:
    found = measured(tmp_path, queries=1000, bad_actions=30, rate=0.01)
    assert high(found, "tail_independent") == pytest.approx(2.1e-7, abs=5e-9)
    assert high(found, "tail_worst") == pytest.approx(1 / 3, rel=1e-8)
    found = measured(tmp_path, queries=10_000, bad_actions=30, rate=1e-3)
    assert high(found, "tail_worst") == pytest.approx(1 / 3, rel=1e-8)
    assert high(found, "tail_independent") < 1e-6
    assert all(check.passed for check in found.instrument)


@pytest.mark.parametrize("rate", [0.0, 1e-4, 0.013, 0.3, 0.49, 0.5, 0.77, 1.0])
@pytest.mark.parametrize(("queries", "bad"), [(1, 1), (7, 2), (1000, 30), (10, 10)])
def test_the_worst_placement_has_the_rate_and_attains_the_bound(
    queries: int, bad: int, rate: float
) -> None:
    placed = laws.worst_placement(queries, bad, rate)
    assert placed.mean() == pytest.approx(queries * rate, abs=1e-9)
    assert placed.at_least(bad) == pytest.approx(laws.worst(queries, bad, rate), abs=1e-12)
    assert 0 <= placed.low <= placed.high <= queries
    assert 0 <= placed.share <= 1
    for other in (
        laws.independent(queries, bad, rate),
        laws.clustered(queries, bad, rate, 0.2)[0],
        laws.blocks(queries, bad, rate, 3),
    ):
        assert other <= laws.worst(queries, bad, rate) + 1e-9


def test_no_law_of_counts_goes_beyond_the_worst() -> None:
    """Every law on {0, …, 4} in steps of a tenth, against Markov's bound for its mean."""
    for parts in itertools.product(range(11), repeat=4):
        if sum(parts) <= 10:
            law = [(10 - sum(parts)) / 10, *(part / 10 for part in parts)]
            rate = sum(k * p for k, p in enumerate(law)) / 4
            for bad in (1, 2, 3, 4):
                assert sum(law[bad:]) <= laws.worst(4, bad, rate) + 1e-12


def test_clustered_errors_are_those_of_the_beta_binomial_law() -> None:
    for t, n, rate, correlation in ((9, 3, 0.2, 0.3), (9, 8, 0.9, 0.05), (40, 11, 0.3, 1e-6)):
        total = 1 / correlation - 1
        a, b = rate * total, (1 - rate) * total

        def term(k: int, t: int = t, a: float = a, b: float = b) -> float:
            logs = [math.log(a + i) for i in range(k)] + [math.log(b + i) for i in range(t - k)]
            below = [math.log(a + b + i) for i in range(t)]
            return math.comb(t, k) * math.exp(math.fsum(logs) - math.fsum(below))

        low, top = laws.clustered(t, n, rate, correlation)
        exact = math.fsum(term(k) for k in range(n, t + 1))
        assert low <= exact <= top
        assert top - low < 1e-7
    # No correlation is independence, and all of it is one draw for the whole deployment.
    assert laws.clustered(1000, 15, 0.01, 1e-6)[1] == pytest.approx(
        laws.independent(1000, 15, 0.01), rel=0.02
    )
    assert laws.clustered(1000, 30, 0.01, 1 - 1e-9)[1] == pytest.approx(0.01, rel=1e-3)
    assert laws.clustered(50, 3, 0.0, 0.5) == (0.0, 0.0)
    assert laws.clustered(50, 3, 1.0, 0.5) == (1.0, 1.0)


@pytest.mark.parametrize(("size", "bad"), [(1, 3), (2, 3), (3, 4), (4, 1), (7, 2), (5, 7)])
def test_errors_in_blocks_are_those_of_all_blocks(size: int, bad: int) -> None:
    rate, sizes = 0.3, [size] * (7 // size) + ([7 % size] if 7 % size else [])
    exact = 0.0
    for wrong in itertools.product((0, 1), repeat=len(sizes)):
        chance = math.prod(rate if w else 1 - rate for w in wrong)
        exact += chance * (sum(w * s for w, s in zip(wrong, sizes, strict=True)) >= bad)
    assert laws.blocks(7, bad, rate, size) == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize(
    ("queries", "bad", "chance"), [(1000, 30, 0.05), (10**9, 10**6, 0.01), (5, 5, 0.5), (1, 1, 0.2)]
)
def test_the_tolerated_rates_are_the_largest(queries: int, bad: int, chance: float) -> None:
    worst = laws.tolerated_worst(queries, bad, chance)
    assert laws.worst(queries, bad, worst) == pytest.approx(chance)
    rate = laws.tolerated_independent(queries, bad, chance)
    assert laws.independent(queries, bad, rate) <= chance
    assert laws.independent(queries, bad, rate * (1 + 1e-7)) > chance
    assert worst <= rate + 1e-15


def test_a_rate_from_tests_has_both_ends(tmp_path: Path) -> None:
    given = {"queries": 1000, "bad_actions": 30, "failures": 6, "trials": 3000}
    found = measured(tmp_path, **given, correlation=0.01, block=10)
    ends = clopper_pearson(6, 3000, alpha_low=0.005, alpha_high=0.045)
    rate, worst = found.quantities["rate"], found.quantities["tail_worst"]
    assert isinstance(rate, Certified)
    assert isinstance(worst, Certified)
    assert (rate.low, rate.high) == pytest.approx((ends.low, ends.high))
    assert rate.level == 0.95
    assert worst.low == pytest.approx(ends.low * 1000 / 30)
    assert worst.high == pytest.approx(ends.high * 1000 / 30)
    tails = [
        high(found, f"tail_{name}") for name in ("independent", "blocks", "clustered", "worst")
    ]
    assert tails == sorted(tails)
    assert found.counts == {"failures": 6, "trials": 3000}
    assert found.quantities.keys() <= {measure.name for measure in METHOD.measures}
    check_measurement(METHOD, lambda: measured(tmp_path, **given))
    assert best_case(Parameters(**given), tmp_path, ()) == measured(tmp_path, **given).quantities


def test_a_stated_bound_supports_and_never_refutes(tmp_path: Path) -> None:
    found = measured(tmp_path, queries=1000, bad_actions=30, rate=0.5)
    for name in ("rate", "tail_worst", "tail_independent"):
        quantity = found.quantities[name]
        assert isinstance(quantity, Certified)
        assert quantity.low == 0.0
    assert found.diagnostics["without tail_clustered"] == "no `correlation` is given"
    tolerated = found.quantities["rate_tolerated_worst"]
    assert isinstance(tolerated, Exact)
    assert tolerated.value == pytest.approx(0.0015)


def test_independence_passes_a_model_that_places_its_errors_and_the_worst_tail_does_not() -> None:
    """The model has 30 bad actions in a third of its deployments; single tests do not show it."""
    bad = deployments(0.01, places=True, count=3000, seed=1)
    assert sum(n >= BAD for n in bad) / 3000 == pytest.approx(1 / 3, abs=0.03)
    assert sum(bad) / 3000 / QUERIES == pytest.approx(0.01, abs=0.001)
    seen = [failures_seen(0.01, places=True, seed=seed) for seed in range(20)]
    assert sum(passes(n, "tail_independent", 0.05) for n in seen) >= 19
    assert sum(passes(n, "tail_worst", 0.05) for n in seen) == 0
    honest = deployments(0.01, places=False, count=200, seed=1)
    assert max(honest) < BAD


def test_the_pictures_are_of_the_numbers(tmp_path: Path) -> None:
    found = measured(
        tmp_path, queries=1000, bad_actions=30, failures=6, trials=3000, correlation=0.01, block=7
    )
    needed, rates = found.plots
    assert isinstance(needed, Curve)
    assert isinstance(rates, Curve)
    at = needed.x.index(30.0)
    assert needed.y[at] == pytest.approx(high(found, "tail_worst"))
    assert needed.lines["independent"][at] == pytest.approx(high(found, "tail_independent"))
    assert set(needed.lines) == {"independent", "equally correlated", "in blocks"}
    for name, line in (("worst", rates.y), ("independent", rates.lines["independent"])):
        tolerated = found.quantities[f"rate_tolerated_{name}"]
        assert isinstance(tolerated, Exact)
        assert line[rates.x.index(tolerated.value)] == pytest.approx(0.05)
    assert rates.y[rates.x.index(rates.marks["this case"])] == pytest.approx(
        high(found, "tail_worst")
    )
    for line in (rates.y, *rates.lines.values()):
        assert list(line) == sorted(line)
    never = measured(tmp_path, queries=10, bad_actions=1, rate=0.0)
    assert isinstance(never.plots[1], Curve)
    assert not never.plots[1].marks
    assert high(never, "tail_worst") == 0.0


def test_a_long_deployment_is_computed_too(tmp_path: Path) -> None:
    found = measured(
        tmp_path, queries=10**9, bad_actions=30, failures=0, trials=10**6, correlation=1e-4
    )
    assert high(found, "tail_worst") == 1.0
    assert high(found, "tail_independent") == pytest.approx(1.0)
    assert high(found, "tail_clustered") < 1.0
    many = measured(tmp_path, queries=10**9, bad_actions=10**5, rate=1e-5, correlation=0.1)
    assert isinstance(many.plots[0], Curve)
    assert max(many.plots[0].x) <= 10**6
    with pytest.raises(MethodError, match="leave `correlation` out"):
        measured(tmp_path, queries=10**11, bad_actions=10**10, rate=0.1, correlation=0.1)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"queries": 0}, "queries"),
        ({"bad_actions": 1001}, "bad_actions"),
        ({"rate": None}, "one of two ways"),
        ({"failures": 1, "trials": 2}, "one of two ways"),
        ({"rate": None, "failures": 1}, "one of two ways"),
        ({"rate": math.nan}, "`rate`"),
        ({"rate": None, "failures": 3, "trials": 2}, "trials"),
        ({"rate": None, "failures": 0, "trials": 0}, "trials"),
        ({"level": 1.0}, "level"),
        ({"tolerated": 0.0}, "tolerated"),
        ({"correlation": 0.0}, "correlation"),
        ({"block": 0}, "block"),
    ],
)
def test_parameters_that_cannot_be_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Parameters(**{"queries": 1000, "bad_actions": 30, "rate": 0.01} | wrong)


def test_an_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="not read"):
        measured(tmp_path, ("rates.jsonl",), queries=10, bad_actions=1, rate=0.1)


@pytest.mark.parametrize(
    ("half", "correlation"), [(20, 0.01), (500, 1e-6), (100_000, 1e-6), (1_000_000, 2e-6)]
)
def test_the_ends_of_a_long_sum_hold_the_value_between_them(half: int, correlation: float) -> None:
    """At a rate of one half the law is symmetric: P(X ≥ T/2) = 1/2 + P(X = T/2)/2."""
    a = (1 / correlation - 1) / 2
    middle = (
        math.lgamma(2 * half + 1)
        - 2 * math.lgamma(half + 1)
        + 2 * math.lgamma(half + a)
        - math.lgamma(2 * (half + a))
        + math.lgamma(2 * a)
        - 2 * math.lgamma(a)
    )
    low, high = laws.clustered(2 * half, half, 0.5, correlation)
    assert low <= 0.5 + math.exp(middle) / 2 <= high
    assert high - low < 1e-6
