"""Human error in trees: published-size values, both curves, and rates that are counted."""

from __future__ import annotations

import dataclasses
import itertools
import math
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.oversight.human_error import planted, trees
from safetycase.methods.oversight.human_error.method import METHOD, Parameters, best_case, run
from safetycase.methods.oversight.human_error.trees import Shape, placed_error, random_error
from safetycase.plugin.contract import Context, Curve, Measurement, MethodError
from safetycase.plugin.parameters import bind
from safetycase.stats import Certified, Exact, bounds, clopper_pearson
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

MODULE = "safetycase.methods.oversight.human_error.method"


def context(folder: Path) -> Context:
    return Context(
        case_folder=folder,
        scratch=folder,
        seed=0,
        model=None,
        models={},
        progress=lambda *_: None,
    )


def found(**given: Any) -> Measurement:
    parameters = Parameters(**{"tree": "majority", "width": 5, "depth": 2} | given)
    return run((), parameters, context(Path()))


def ends(measurement: Measurement, name: str) -> tuple[float, float]:
    statistic = measurement.quantities[name]
    assert isinstance(statistic, Certified)
    return statistic.low, statistic.high


@pytest.mark.slow
def test_it_keeps_the_contract() -> None:
    check_method(METHOD, module=MODULE)
    check_measurement(METHOD, lambda: found(failures=3, trials=100))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_random_errors_compound_where_all_count_and_contract_in_majorities(depth: int) -> None:
    every = ends(found(tree="all", depth=depth, error_rate=0.1), "root_error_random")
    assert every == (0.0, pytest.approx(1 - 0.9 ** (5**depth)))
    majority = ends(found(depth=depth, error_rate=0.1), "root_error_random")[1]
    assert majority == pytest.approx({1: 0.00856, 2: 6.192e-6, 3: 2.374e-15}[depth], rel=0.03)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_placed_errors_need_ever_fewer_leaves(depth: int) -> None:
    measured = found(depth=depth, error_rate=0.1)
    fraction = measured.quantities["fraction_to_flip"]
    assert isinstance(fraction, Exact)
    assert fraction.value == pytest.approx((3 / 5) ** depth)
    assert ends(measured, "root_error_placed")[1] == pytest.approx(0.1 / 0.6**depth)
    conjunction = found(tree="all", depth=depth, error_rate=0.1).quantities["fraction_to_flip"]
    assert conjunction == dataclasses.replace(fraction, value=5.0**-depth)


def test_placed_errors_are_attained_and_never_exceeded() -> None:
    """Six questions of nine leaves; every way to place k errors, each question on its own."""
    shape = Shape("majority", 3, 2)
    turned_by = [_turned_by(count) for count in range(10)]
    for errors in range(0, 55, 6):
        most = max(
            sum(turned_by[c] for c in counts)
            for counts in itertools.combinations_with_replacement(range(10), 6)
            if sum(counts) == errors
        )
        bound = placed_error(shape, errors / 54)
        assert most / 6 <= bound + 1e-12
        assert most == min(6, errors // 4)


def _turned_by(count: int) -> int:
    """1 if some choice of that many wrong leaves of nine turns the majority of majorities."""
    return max(
        int(sum(sum(i // 3 == k for i in chosen) >= 2 for k in range(3)) >= 2)
        for chosen in itertools.combinations(range(9), count)
    )


def test_counted_rates_carry_their_exact_ends_and_level() -> None:
    measured = found(failures=4, trials=200, level=0.9)
    ends_of_rate = clopper_pearson(4, 200, alpha_low=0.05, alpha_high=0.05)
    low, high = ends(measured, "root_error_random")
    assert low == pytest.approx(random_error(Shape("majority", 5, 2), ends_of_rate.low))
    assert high == pytest.approx(random_error(Shape("majority", 5, 2), ends_of_rate.high))
    strict = bounds(measured.quantities["root_error_random"], alpha_low=0.01, alpha_high=0.01)
    assert strict.high >= 1
    assert measured.counts == {"checked answers": 200, "wrong": 4}


def test_both_curves_are_one_picture() -> None:
    measured = found(depth=4, failures=10, trials=100)
    (plot,) = measured.plots
    assert isinstance(plot, Curve)
    placed = plot.lines["errors placed where they hurt most"]
    assert plot.x == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert plot.y[0] == placed[0] == 0.1
    assert list(plot.y) == sorted(plot.y, reverse=True)
    assert list(placed) == sorted(placed)
    assert all(a <= y <= b for a, y, b in zip(plot.low, plot.y, plot.high, strict=True))


def test_dissent_makes_majorities_brittle_and_is_told() -> None:
    split = found(error_rate=0.1, dissenting=2)
    assert split.quantities["fraction_to_flip"] == Exact(
        value=1 / 25, says="counted on the tree: fewest leaves over all leaves"
    )
    assert ends(split, "root_error_random")[1] > 0.5
    assert "makes answers worse" in split.diagnostics["depth"]
    assert "no lower end" in split.diagnostics["by chance"]
    assert "rarer" in found(error_rate=0.1).diagnostics["depth"]


def test_errors_rise_with_the_rate() -> None:
    for shape in (Shape("all", 3, 2), Shape("majority", 5, 3), Shape("majority", 7, 2, 2)):
        for law in (random_error, placed_error):
            values = [law(shape, rate / 40) for rate in range(41)]
            assert values == sorted(values)
            assert (values[0], values[-1]) == (0.0, 1.0)
    assert math.isfinite(placed_error(Shape("majority", 101, 12), 1e-6))


def test_a_tree_that_forgets_its_depth_fails_the_oracles(monkeypatch: pytest.MonkeyPatch) -> None:
    real = trees.root_error
    monkeypatch.setattr(
        trees, "root_error", lambda c, w, _depth, leaf, **how: real(c, w, 1, leaf, **how)
    )
    assert not all(oracle.passed for oracle in METHOD.self_check())


@pytest.mark.slow
def test_controls_pass_careful_answerers_and_not_careless_ones() -> None:
    by_name = {p.name: p for p in METHOD.controls().planted}
    assert by_name["wrong 0.01 of the time"].passes == planted.RUNS
    assert by_name["wrong 0.12 of the time"].passes == 0
    assert not by_name["wrong 0.12 of the time"].claim_is_true


def test_the_best_case_is_what_the_run_gives() -> None:
    parameters = Parameters(tree="all", width=3, depth=1, failures=0, trials=50)
    assert (
        best_case(parameters, Path(), ())
        == found(tree="all", width=3, depth=1, failures=0, trials=50).quantities
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"width": 4}, "tie"),
        ({"width": 0}, "width"),
        ({"depth": 13}, "depth"),
        ({"dissenting": 3}, "majority"),
        ({"tree": "all", "dissenting": 1}, "dissent"),
        ({"failures": 2}, "both"),
        ({"failures": 2, "trials": 1}, "failures"),
        ({"failures": 0, "trials": 0}, "at least one trial"),
        ({}, "either"),
        ({"error_rate": float("nan")}, "rate between"),
        ({"error_rate": 0.1, "failures": 0, "trials": 3}, "either"),
        ({"error_rate": 0.1, "level": 1.0}, "level"),
    ],
)
def test_parameters_that_cannot_be(given: dict[str, Any], says: str) -> None:
    base: dict[str, Any] = {"tree": "majority", "width": 5, "depth": 2}
    with pytest.raises(ValueError, match=says):
        Parameters(**base | given)
    bound = bind(Parameters, base | given)
    assert bound.value is None
    assert bound.mismatches


def test_inputs_are_refused(tmp_path: Path) -> None:
    parameters = Parameters(tree="all", width=2, depth=1, error_rate=0.0)
    with pytest.raises(MethodError, match="leave inputs out"):
        run(("answers.jsonl",), parameters, context(tmp_path))
