"""Hidden flaws by protocol, depth and compute: closed forms, real integers, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.oversight.obfuscation import rates
from safetycase.methods.oversight.obfuscation.method import METHOD, Parameters, best_case
from safetycase.methods.oversight.obfuscation.primes import Primes, play_primes
from safetycase.methods.oversight.obfuscation.rates import (
    Setting,
    dishonest_obfuscated,
    dishonest_stable,
    honest_brittle,
    honest_stable,
    judge_cost,
)
from safetycase.plugin.contract import Context, Curve, Measurement, MethodError
from safetycase.stats import Certified, Exact, Proportion
from safetycase.testing.methods import check_measurement, check_method

SETTING = Setting(
    width=4, stable_width=5, looks=4, attacker=1.0, private=False, growth=2.5, judge_error=0.0
)
PRIMES = Primes(trials=60, effort=1.0, attacker=1.0, trial_division=False, growth=2.5, seed=3)


def measured(seed: int = 0, **parameters: Any) -> Measurement:
    folder = Path()
    context = Context(
        case_folder=folder,
        scratch=folder,
        seed=seed,
        model=None,
        models={},
        progress=lambda *_: None,
    )
    found = METHOD.run((), Parameters(**parameters), context)
    assert isinstance(found, Measurement)
    return found


def value(found: Measurement, name: str) -> float:
    quantity = found.quantities[name]
    assert isinstance(quantity, Exact)
    return quantity.value


@pytest.mark.slow
def test_the_method_holds_the_contract() -> None:
    check_method(METHOD, module="safetycase.methods.oversight.obfuscation.method")


@pytest.mark.slow
def test_debate_and_challenges_lose_to_depth_and_shared_estimates_do_not() -> None:
    for depth in range(1, 6):
        leaves = 4**depth
        debate = dishonest_obfuscated("debate", depth, SETTING)
        assert debate == pytest.approx(1 - min(1, 5 / leaves))
        challenged = dishonest_obfuscated("doubly-efficient", depth, SETTING)
        assert debate <= challenged <= debate + 0.069
        assert dishonest_obfuscated("prover-estimator", depth, SETTING) == 0
        assert dishonest_stable("prover-estimator", depth, SETTING) == 0
        assert honest_stable("prover-estimator", depth, SETTING) == 1
        assert dishonest_stable("debate", depth, SETTING) == 0
        assert dishonest_stable("doubly-efficient", depth, SETTING) == pytest.approx(
            0.069, abs=1e-3
        )


def test_private_looks_break_the_estimator_where_true_conjunctions_are_accepted() -> None:
    private = replace(SETTING, private=True)
    lies = [dishonest_obfuscated("prover-estimator", d, private) for d in range(1, 6)]
    truths = [honest_brittle("prover-estimator", d, SETTING) for d in range(1, 6)]
    assert lies == pytest.approx([0, 0.75, 0.9375, 0, 0])
    assert truths == [1, 1, 1, 0, 0]
    assert all(lie == 0 or truth == 1 for lie, truth in zip(lies, truths, strict=True))


def test_the_verifier_pays_for_brittle_arguments() -> None:
    costs = {
        kind: [judge_cost("doubly-efficient", d, SETTING, stable=kind) for d in (1, 2, 3)]
        for kind in (False, True)
    }
    assert costs[False] == [106_000 * 4.0 ** (2 * d) + 1 for d in (1, 2, 3)]
    assert costs[True] == pytest.approx(
        [106_000 * ratio**2 + 1 for ratio in (1.19777, 1.40279, 1.58626)], rel=1e-4
    )
    assert judge_cost("debate", 3, SETTING, stable=False) == 1


def test_human_error_moves_what_it_should() -> None:
    noisy = replace(SETTING, judge_error=0.05)
    assert dishonest_stable("debate", 3, noisy) == pytest.approx(0.05)
    assert honest_stable("prover-estimator", 3, noisy) == 1
    assert honest_brittle("doubly-efficient", 3, noisy) < 0.05
    assert honest_brittle("prover-estimator", 1, noisy) == 1
    obfuscated = dishonest_obfuscated("debate", 2, noisy)
    assert obfuscated == pytest.approx(11 / 16 * 0.95 + 5 / 16 * 0.05)


@pytest.mark.parametrize("division", [False, True])
def test_real_products_pass_as_primes_in_debate_at_matched_work(division: bool) -> None:
    found = play_primes(40, replace(PRIMES, trial_division=division))
    assert found.wins["debate"] >= 55
    assert found.wins["doubly-efficient"] == found.wins["debate"]
    assert found.wins["prover-estimator"] == 0
    assert found.factored <= 2
    assert 40 <= found.shown <= 80
    assert found.searched <= found.shown


@pytest.mark.parametrize("division", [False, True])
def test_with_enough_work_the_factor_is_found(division: bool) -> None:
    found = play_primes(20, replace(PRIMES, trials=20, effort=100.0, trial_division=division))
    assert found.factored == 20
    assert found.wins["debate"] == 0


def test_a_measurement_with_its_picture() -> None:
    given: dict[str, Any] = {"depths": (1, 2, 3), "bits": (20, 30), "trials": 30, "coins": "shared"}
    found = measured(**given)
    assert value(found, "attack_success") == 0
    assert value(found, "attack_success_debate") == pytest.approx(1 - 5 / 64)
    assert value(found, "honest_success_stable") == 1
    counted = found.quantities["prime_attack_success_debate"]
    assert isinstance(counted, Proportion)
    assert (counted.trials, counted.successes >= 25) == (30, True)
    once = found.quantities["prime_attack_success"]  # one number of the estimator, not 30 trials
    assert isinstance(once, Certified)
    assert (once.low, once.high) == (0.0, 0.0)
    assert "0 of 30 factors" in once.says or "1 of 30 factors" in once.says
    assert all(check.passed for check in found.instrument)
    curves = [plot for plot in found.plots if isinstance(plot, Curve)]
    assert [curve.title.split(":")[0] for curve in curves[:2]] == [
        "False, obfuscated",
        "False, stable",
    ]
    assert set(curves[0].lines) == {
        "doubly-efficient",
        "prover-estimator",
        "prover-estimator, private looks",
    }
    assert len(curves) == 6
    assert all(len(curve.lines) <= 4 for curve in curves)  # more are not drawn
    assert "rejects" in found.diagnostics["a true prime by the same argument"]
    check_measurement(METHOD, lambda: measured(**given))
    assert measured(seed=1, **given).diagnostics != found.diagnostics


def test_without_primes_and_by_another_protocol() -> None:
    found = measured(protocol="debate", bits=(), depths=(3,), looks=0)
    assert value(found, "attack_success") == pytest.approx(1 - 1 / 64)
    assert "prime_attack_success" not in found.quantities
    assert set(best_case(Parameters(bits=()), Path(), ())) == set(found.quantities)
    every = {measure.name for measure in METHOD.measures}
    assert set(best_case(Parameters(), Path(), ())) == every


def test_what_cannot_be_is_refused() -> None:
    for given, message in (
        ({"width": 1}, "`width`"),
        ({"stable_width": 4}, "tie"),
        ({"depths": ()}, "`depths`"),
        ({"depths": (2, 1)}, "rising"),
        ({"width": 10, "depths": (6,)}, "more than 100,000"),
        ({"looks": -1}, "`looks`"),
        ({"growth": 1.0}, "`growth`"),
        ({"judge_error": 0.5}, "`judge_error`"),
        ({"judge_error": float("nan")}, "`judge_error`"),
        ({"bits": (21,)}, "even"),
        ({"trials": 0}, "`trials`"),
        ({"effort": 1e6, "trials": 1000}, "modular operations"),
    ):
        with pytest.raises(ValueError, match=message):
            Parameters(**given)  # type: ignore[arg-type]
    context = Context(
        case_folder=Path(),
        scratch=Path(),
        seed=0,
        model=None,
        models={},
        progress=lambda *_: None,
    )
    with pytest.raises(MethodError, match="leave out `inputs`"):
        METHOD.run(("rows.jsonl",), Parameters(), context)


def test_a_broken_estimator_fails_the_oracles(monkeypatch: pytest.MonkeyPatch) -> None:
    from safetycase.methods.oversight.obfuscation import planted

    monkeypatch.setattr(rates, "VERIFIER", 1)
    assert not all(oracle.passed for oracle in METHOD.self_check())
    monkeypatch.undo()
    monkeypatch.setattr(planted, "hidden_false", lambda count: planted.all_true(count, 1))
    assert not all(oracle.passed for oracle in METHOD.self_check())
