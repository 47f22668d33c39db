"""The best of several attacks counts, and an attack that attacks nothing shows nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.oversight.attacks import method
from safetycase.methods.oversight.attacks.analysis import Setting, analyse
from safetycase.methods.oversight.attacks.method import METHOD, Parameters
from safetycase.methods.oversight.planted import voting
from safetycase.plugin.contract import Context, Curve, MethodError
from safetycase.plugin.protocols import Attacked
from safetycase.stats import bounds, estimate
from safetycase.testing import check_method


def test_the_method_conforms() -> None:
    check_method(METHOD, module="safetycase.methods.oversight.attacks.method")


def test_more_compute_is_shown_and_the_rate_is_that_of_the_stated_budget() -> None:
    protocol = voting(attack=0.1)
    setting = Setting(budget=2.0, trials=4000, seed=1, budgets=(0.5, 1.0, 2.0, 4.0))
    found = analyse(protocol, protocol.attacks, setting)
    assert estimate(found.quantities["attack_success"]) == pytest.approx(0.2, abs=0.02)
    curve = next(p for p in found.plots if isinstance(p, Curve))
    assert curve.y == pytest.approx([0.05, 0.1, 0.2, 0.4], abs=0.03)
    assert all(a <= b <= c for a, b, c in zip(curve.low, curve.y, curve.high, strict=True))
    assert found.effort["compute of bribe"] == "attacker 18, defender 9"


def test_the_largest_of_several_is_bounded_from_above_without_a_correction() -> None:
    one = voting(attack=0.2).attacks[0]
    two = replace(voting(attack=0.02).attacks[0], name="other")
    setting = Setting(budget=1.0, trials=500, seed=3)
    both = analyse(voting(), (one, two), setting).quantities["attack_success"]
    alone = analyse(voting(), (one,), setting).quantities["attack_success"]
    assert (
        bounds(both, alpha_low=0.025, alpha_high=0.025).high
        == bounds(alone, alpha_low=0.025, alpha_high=0.025).high
    )


def test_an_attack_that_never_succeeds_anywhere_is_no_evidence() -> None:
    protocol = voting(attack=0.0)
    found = analyse(protocol, protocol.attacks, Setting(budget=1.0, trials=50, seed=0))
    assert [c.passed for c in found.instrument] == [False]
    twin = replace(protocol, corrupted=lambda: voting(attack=0.5))
    found = analyse(twin, twin.attacks, Setting(budget=1.0, trials=50, seed=0))
    assert [c.passed for c in found.instrument] == [True]


def test_a_rate_that_is_exact_on_one_instance_varies_between_instances() -> None:
    """Right on a third of them and never on the others: no run may report 0 or 1."""

    def on_some(_size: int, _budget: float, _trials: int, seed: int) -> Attacked:
        return Attacked(exact=float(seed % 3 == 0), attacker_compute=9.0, defender_compute=9.0)

    protocol = voting()
    attack = replace(protocol.attacks[0], run=on_some)
    for seed in range(3):
        found = analyse(protocol, [attack], Setting(budget=1.0, trials=300, seed=seed))
        ends = bounds(found.quantities["attack_success"], alpha_low=0.005, alpha_high=0.005)
        assert 0.15 < ends.low < 1 / 3 < ends.high < 0.55
        assert found.counts["trials"] == 100
        assert [c.passed for c in found.instrument] == [True]
        again = analyse(protocol, [attack], Setting(budget=1.0, trials=300, seed=seed))
        assert again.quantities == found.quantities


def test_an_attack_above_its_budget_says_so() -> None:
    def dear(_size: int, _budget: float, trials: int, _seed: int) -> Attacked:
        return Attacked(successes=9, trials=trials, attacker_compute=50.0, defender_compute=10.0)

    protocol = voting()
    attack = replace(protocol.attacks[0], run=dear)
    found = analyse(protocol, [attack], Setting(budget=2.0, trials=30, seed=0))
    assert "budget of 2: it took 5 times its defender's" in found.diagnostics["attack bribe"]
    found = analyse(protocol, [attack], Setting(budget=5.0, trials=30, seed=0))
    assert "budget" not in found.diagnostics["attack bribe"]


def test_a_protocol_without_attacks_is_no_evidence() -> None:
    with pytest.raises(MethodError, match="`voting` names no attack"):
        analyse(voting(), [], Setting(budget=1.0, trials=30, seed=0))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"budget": -1.0}, "`budget`"),
        ({"budget": float("inf")}, "`budget`"),
        ({"budget": 1e300}, "`budget`"),
        ({"budget": float("nan")}, "`budget`"),
        ({"budgets": (1.0, 1e300)}, "`budgets`"),
        ({"trials": 0}, "`trials`"),
        ({"attacks": ("a", "a")}, "once"),
        ({"budgets": (2.0, 1.0)}, "rise"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Parameters(protocol="debate", **given)


def test_attacks_and_sizes_that_are_not_there_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(method, "protocol_of", lambda _name: voting())
    with pytest.raises(MethodError, match="attack on `voting` called `bribes`; did you mean"):
        method.best_case(Parameters(protocol="voting", attacks=("bribes",)), tmp_path, ())
    with pytest.raises(MethodError, match="no instances of size 4; there: 9"):
        method.best_case(Parameters(protocol="voting", size=4), tmp_path, ())
    nothing = Context(
        case_folder=tmp_path,
        scratch=tmp_path,
        seed=0,
        model=None,
        models={},
        progress=lambda done, total, note="": None,
    )
    with pytest.raises(MethodError, match="is not read"):
        method.run(("x.jsonl",), Parameters(protocol="voting"), nothing)
    planned = method.best_case(Parameters(protocol="voting", trials=100), tmp_path, ())
    assert bounds(planned["attack_success"], alpha_low=0, alpha_high=0.05).high < 0.03
