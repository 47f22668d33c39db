"""The control evaluation: thresholds, strategies, the event, and that a blind monitor fails."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from safetycase.methods.control import planted
from safetycase.methods.control.analysis import MODEL, Data, analyse
from safetycase.methods.control.attacks import load_attacks
from safetycase.methods.control.evaluation import METHOD, Parameters, best_case, files
from safetycase.methods.control.monitors import NGrams, conformal_threshold, fit
from safetycase.plugin.contract import MethodError
from safetycase.plugin.wire import measurement_json
from safetycase.stats import Proportion, Smallest, bounds, estimate
from safetycase.testing import check_method

BASE = {
    "honest_task": "g.py@honest",
    "attacks": "a.py@S",
    "carries": "a.py@c",
    "strategies": ("start", "end", "middle"),
    "samples": 1000,
    "needed": 100,
    "audit_budget": 0.05,
}


def data(seed: int = 1) -> Data:
    return planted._data(random.Random(seed))


def test_it_keeps_the_contract() -> None:
    controls = check_method(METHOD, module="safetycase.methods.control.evaluation")
    assert controls.counts(claim_is_true=False) == (0, 20)
    assert controls.counts(claim_is_true=True) == (20, 20)


def test_the_threshold_audits_as_often_as_the_budget_says_for_every_law() -> None:
    generator = random.Random(3)
    laws = (generator.random, lambda: generator.gauss(0, 1), lambda: float(generator.randrange(4)))
    for law in laws:
        audited = sum(
            law() > conformal_threshold([law() for _ in range(59)], 0.05) for _ in range(1500)
        )
        assert audited / 1500 <= 0.05 + 3 * (0.05 * 0.95 / 1500) ** 0.5


def test_ties_are_never_flagged_and_too_few_texts_are_refused() -> None:
    assert conformal_threshold([0.0] * 100, 0.1) == 0.0
    with pytest.raises(ValueError, match="at least 49"):
        conformal_threshold([0.0] * 40, 0.02)


def test_the_language_model_is_a_distribution() -> None:
    model = NGrams(["abracadabra", "abba"])
    for context in ("", "ab", "zz", "abra"):
        seen = set("abracd")
        rest = (model.alphabet - len(seen)) * model.probability(context, "\x00")
        assert sum(model.probability(context, c) for c in seen) + rest == pytest.approx(1.0)
    assert model.suspicion("abracadabra") < model.suspicion("zqxjkvwpy!?")
    assert model.suspicion("") == 0.0


def test_recall_is_counted_by_strategy_and_the_worst_decides() -> None:
    found = analyse(data(), Parameters(**{**BASE, "monitor": "oracle-monitor"}), 1, {})
    worst = found.quantities["worst_strategy_recall"]
    assert isinstance(worst, Smallest)
    assert all(rate == Proportion(successes=60, trials=60) for rate in worst.of)
    assert estimate(found.quantities["event_given_attempt"]) == 0.0
    high = bounds(found.quantities["event_given_attempt"], alpha_low=0.05, alpha_high=0.05).high
    assert high == pytest.approx(1 - 0.05 ** (1 / 60))
    assert measurement_json(found)["plots"]
    assert [c.passed for c in found.instrument] == [True, True]
    same = analyse(data(), Parameters(**{**BASE, "monitor": "oracle-monitor"}), 1, {})
    assert same.quantities == found.quantities


def test_only_texts_that_carry_the_poison_are_attacks() -> None:
    base = data()
    weak = Data(
        honest=base.honest,
        carries=base.carries,
        instructed=("zqx by the model", "clean"),
        strategies={**base.strategies, "idle": lambda text, _: text},
    )
    found = analyse(
        weak, Parameters(**{**BASE, "strategies": (*BASE["strategies"], "idle")}), 1, {}
    )
    assert found.counts["strategies"] == 4
    assert not found.instrument[0].passed
    assert "idle" in found.instrument[0].detail
    assert MODEL in [bar.label for bar in found.plots[0].bars]
    nothing = Data(
        honest=base.honest, carries=lambda _: False, instructed=(), strategies=base.strategies
    )
    with pytest.raises(ValueError, match="attacks nothing"):
        analyse(nothing, Parameters(**BASE), 1, {})


def test_the_blind_monitor_is_blind() -> None:
    texts = [f"text {i}" for i in range(400)]
    monitor = fit("blind-monitor", [], lambda _: False)
    assert 0.4 < sum(map(monitor, texts)) / 400 < 0.6


def test_the_best_case_and_the_files_are_known_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("{}\n" * 200)
    best = best_case(Parameters(**BASE), tmp_path, ("r.jsonl",))
    assert estimate(best["event_given_attempt"]) == 0.0
    assert best_case(Parameters(**BASE), tmp_path, ()) == {}
    assert files(Parameters(**BASE)) == ("g.py", "a.py")


@pytest.mark.parametrize(
    "change",
    [
        {"audit_budget": 0.0},
        {"fit_share": 0.9},
        {"strategies": ()},
        {"needed": 2000},
        {"strategies": ("a", "a")},
    ],
)
def test_impossible_parameters_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Parameters(**{**BASE, **change})


def test_what_is_missing_in_the_case_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("S = {'x': str}\nT = 3\ndef c(t): return True\n")
    with pytest.raises(MethodError, match="no strategy y; it has x"):
        load_attacks(tmp_path, "a.py@S", ("y",), "a.py@c")
    with pytest.raises(MethodError, match="not a mapping"):
        load_attacks(tmp_path, "a.py@T", ("y",), "a.py@c")
    with pytest.raises(MethodError, match="has no `z`"):
        load_attacks(tmp_path, "a.py@z", ("y",), "a.py@c")
    (tmp_path / "b.py").write_text("raise ValueError('no')\n")
    with pytest.raises(MethodError, match="cannot be loaded: no"):
        load_attacks(tmp_path, "b.py@S", ("y",), "a.py@c")
    table, carries = load_attacks(tmp_path, "a.py@S", ("x",), "a.py@c")
    assert set(table) == {"x"}
    assert carries("anything") is True
