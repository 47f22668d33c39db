"""Closed forms and quadratures, against each other and against what is derived by hand."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest

from safetycase.methods.convergence.llc import exact, finite
from safetycase.methods.convergence.llc.oracles import disagreements


def test_both_formulas_for_two_layers_agree_in_every_small_case() -> None:
    assert disagreements() == (1808, 0)


@pytest.mark.parametrize(
    ("widths", "rank", "known"),
    [((10, 8, 10), 4, 42), ((10, 8, 10), 0, 32), ((5, 4, 3, 4, 5), 2, 9), ((6, 6, 6, 6), 3, 16.5)],
)
def test_deep_linear_networks(widths: tuple[int, ...], rank: int, known: float) -> None:
    found = exact.deep_linear(widths, rank)
    assert found.coefficient == known
    weights = sum(a * b for a, b in itertools.pairwise(widths))
    assert found.coefficient <= Fraction(weights, 2)


def test_normal_crossings_and_sums() -> None:
    assert exact.normal_crossing((1, 1)) == exact.Known(coefficient=Fraction(1, 2), multiplicity=2)
    assert exact.normal_crossing((1, 2)) == exact.Known(coefficient=Fraction(1, 4), multiplicity=1)
    held = exact.normal_crossing((1, 2, 0), prior=(0, 3))
    assert held == exact.Known(coefficient=Fraction(1, 2), multiplicity=1)
    assert exact.separable((1, 2, 3)).coefficient == Fraction(11, 12)


def test_ranks_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="no rank 4"):
        exact.reduced_rank(3, 5, 4, 4)
    with pytest.raises(ValueError, match="no rank 4"):
        exact.deep_linear((5, 3, 5), 4)
    with pytest.raises(ValueError, match="do not come to rest"):
        exact.langevin_quadratic(1.0, 100.0, 1.0, 0.04)


def test_quadrature_gives_the_gaussian_value_where_all_is_gaussian() -> None:
    for nbeta, gamma in ((10.0, 1.0), (1e4, 0.3)):
        direct = exact.regular((2.0,), nbeta, gamma)
        assert finite.separable((1,), nbeta, gamma) == pytest.approx(direct, rel=1e-6)


def test_quadrature_tends_to_the_learning_coefficient() -> None:
    assert finite.separable((1, 2, 3), 1e12, 1.0) == pytest.approx(11 / 12, abs=0.01)
    assert finite.crossing((1, 2), 1e12, 1.0) == pytest.approx(0.25, abs=0.001)
    assert finite.product(1.0, 1.0, 1e6, 1.0) == pytest.approx(0.5, abs=1e-3)
    known = float(exact.reduced_rank(4, 2, 1, 1).coefficient)
    assert finite.rank_one(4, 2, 1e6, 1.0) == pytest.approx(known, abs=1e-3)


def test_two_multiplicities_make_the_approach_slow() -> None:
    gaps = [0.5 - finite.crossing((1, 1), 10.0**power, 1.0) for power in (4, 8)]
    assert gaps[0] > 0.08
    assert 1 / gaps[1] - 1 / gaps[0] == pytest.approx(math.log(1e4), rel=0.1)


def test_a_product_is_regression_over_one_hidden_unit() -> None:
    """At one input and one output both integrate the same density; they share no formula for it."""
    import numpy as np

    nbeta, gamma = 30.0, 2.0
    line = np.linspace(-8, 8, 1601)
    a, b = line[:, None], line[None, :]
    loss = (a * b - 1) ** 2 / 2
    density = np.exp(-nbeta * loss - gamma / 2 * ((a - 1) ** 2 + (b - 1) ** 2))
    brute = nbeta * float((density * loss).sum() / density.sum())
    assert finite.product(1.0, 1.0, nbeta, gamma) == pytest.approx(brute, rel=1e-6)
