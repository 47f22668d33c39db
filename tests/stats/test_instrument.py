"""Passes speak for a safe system and for a blind instrument."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from safetycase.stats.instrument import AfterPasses, after_passes

unit = st.floats(0.001, 0.999)


def declared(passes: int, prior: float, validity: float, power: float = 0.01) -> AfterPasses:
    return after_passes(passes, prior=prior, validity=validity, power=power, independent=True)


def test_five_thousand_passes_are_too_good_to_be_true() -> None:
    """P11: with validity .95 they show .952 and not 1, and the validity falls."""
    after = declared(5000, 0.5, 0.95)
    assert after.safe == pytest.approx(0.5 / (0.5 + 0.5 * 0.05))
    assert after.safe == pytest.approx(0.952, abs=5e-4)
    assert after.valid == pytest.approx(0.905, abs=5e-4)
    assert declared(10**6, 0.5, 0.95).safe <= 0.9524


def test_the_validity_is_not_multiplied_with_a_confidence() -> None:
    """P28: from a prior of .1 the passes show .69, where .95 × (nearly) 1 would be claimed."""
    after = declared(5000, 0.1, 0.95)
    assert after.safe == pytest.approx(0.690, abs=5e-4)
    assert after.safe_and_valid < after.safe < 0.95 * 0.99


def test_nothing_passed_changes_nothing() -> None:
    after = declared(0, 0.3, 0.8)
    assert (after.safe, after.valid) == pytest.approx((0.3, 0.8))
    assert after.safe_and_valid == pytest.approx(0.24)
    loose = after_passes(0, prior=0.3, validity=0.8, power=0.5, independent=False)
    assert (loose.safe, loose.valid) == pytest.approx((0.3, 0.8))
    assert loose.safe_and_valid == pytest.approx(0.1)  # Fréchet: 0.3 + 0.8 − 1


def test_a_blind_instrument_teaches_nothing() -> None:
    after = declared(1000, 0.4, 0.0)
    assert (after.safe, after.valid) == pytest.approx((0.4, 0.0))
    assert declared(1000, 0.4, 0.9, power=0.0).safe == pytest.approx(0.4)


@given(unit, unit, unit, st.floats(0.5, 1), st.integers(0, 300))
def test_independence_is_bayes_rule_over_the_four_worlds(
    prior: float, validity: float, power: float, specificity: float, passes: int
) -> None:
    mass = {}
    for safe, valid in product((True, False), repeat=2):
        each = (specificity if safe else 1 - power) if valid else 1.0
        weight = (prior if safe else 1 - prior) * (validity if valid else 1 - validity)
        mass[safe, valid] = weight * each**passes
    total = sum(mass.values())
    after = after_passes(
        passes,
        prior=prior,
        validity=validity,
        power=power,
        specificity=specificity,
        independent=True,
    )
    assert after.safe == pytest.approx((mass[True, True] + mass[True, False]) / total)
    assert after.valid == pytest.approx((mass[True, True] + mass[False, True]) / total)
    assert after.safe_and_valid == pytest.approx(mass[True, True] / total)


@pytest.mark.parametrize(("prior", "validity"), [(0.5, 0.95), (0.1, 0.95), (0.9, 0.3), (0.2, 0.1)])
@pytest.mark.parametrize(("passes", "specificity"), [(0, 1.0), (20, 1.0), (20, 0.9), (5000, 1.0)])
def test_unknown_dependence_is_the_linear_program(
    prior: float, validity: float, passes: int, specificity: float
) -> None:
    """Charnes & Cooper (1962): a ratio over the joint laws of (safe, valid) as a linear program."""
    power = 0.03
    weights = [specificity**passes, 1.0, (1 - power) ** passes, 1.0]  # SV, S¬V, ¬SV, ¬S¬V
    after = after_passes(
        passes,
        prior=prior,
        validity=validity,
        power=power,
        specificity=specificity,
        independent=False,
    )
    for wanted, value in (
        ((1, 1, 0, 0), after.safe),
        ((1, 0, 1, 0), after.valid),
        ((1, 0, 0, 0), after.safe_and_valid),
    ):
        rows = [
            [1 - prior, 1 - prior, -prior, -prior],
            [1 - validity, -validity, 1 - validity, -validity],
            weights,
        ]
        cost = [w * x for w, x in zip(weights, wanted, strict=True)]
        found = linprog(cost, A_eq=rows, b_eq=[0, 0, 1], bounds=(0, None))
        assert found.success
        assert value == pytest.approx(found.fun, abs=1e-7)


@given(unit, unit, unit, st.integers(0, 300))
def test_unknown_dependence_never_shows_more(
    prior: float, validity: float, power: float, passes: int
) -> None:
    known = declared(passes, prior, validity, power)
    loose = after_passes(passes, prior=prior, validity=validity, power=power, independent=False)
    assert loose.safe <= known.safe + 1e-12
    assert loose.valid <= known.valid + 1e-12
    assert loose.safe_and_valid <= known.safe_and_valid + 1e-12
    more = declared(passes + 10, prior, validity, power)
    assert more.safe >= known.safe - 1e-12  # passes speak for safe
    assert more.valid <= known.valid + 1e-12  # and against the instrument


@pytest.mark.parametrize("name", ["prior", "validity", "power", "specificity"])
@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(name: str, bad: float) -> None:
    given_ = {"prior": 0.5, "validity": 0.5, "power": 0.5, "specificity": 0.5, name: bad}
    with pytest.raises(ValueError, match=name):
        after_passes(3, independent=True, **given_)


def test_impossible_passes_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot happen"):
        after_passes(3, prior=0.0, validity=1.0, power=1.0, independent=True)
    with pytest.raises(ValueError, match="passes"):
        declared(-1, 0.5, 0.5)
