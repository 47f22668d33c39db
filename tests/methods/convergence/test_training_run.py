"""Recorded curves: what is refused, what is measured, and curves whose end is known."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.convergence.training_run import analysis, planted, trend
from safetycase.methods.convergence.training_run.method import METHOD, Parameters, run
from safetycase.methods.convergence.training_run.reach import late_rise
from safetycase.plugin.contract import Context, Curve, Measurement, MethodError
from safetycase.stats import Certified, bounds
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

Line = dict[str, Any]


def lines(
    seed: int = 0, rows: int = 400, reward: Callable[[int], float] = lambda _: 0.7, **more: Any
) -> list[Line]:
    shaken = planted.noise(rows, 0.3, (seed,))
    return [
        {"run": "adam", "seed": seed, "step": 10 * at, "reward": reward(at) + 0.01 * shaken[at]}
        | more
        for at in range(rows)
    ]


def measured(tmp_path: Path, rows: list[Line], **given: Any) -> Measurement:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    return read(tmp_path, text, **given)


def read(tmp_path: Path, text: str, **given: Any) -> Measurement:
    case, scratch = tmp_path / "case", tmp_path / "scratch"
    case.mkdir(exist_ok=True)
    scratch.mkdir(exist_ok=True)
    (case / "curves.jsonl").write_text(text, "utf-8")
    context = Context(
        case_folder=case,
        scratch=scratch,
        seed=0,
        model=None,
        models={},
        progress=lambda *_: None,
    )
    return run(("curves.jsonl",), Parameters(**{"trainings": 3, "window": 0.5} | given), context)


def three(**more: Any) -> list[Line]:
    return [line for seed in range(3) for line in lines(seed, **more)]


def failed(found: Measurement) -> set[str]:
    return {check.name for check in found.instrument if not check.passed}


def certified(found: Measurement, name: str) -> Certified:
    quantity = found.quantities[name]
    assert isinstance(quantity, Certified)
    return quantity


@pytest.mark.slow
def test_it_is_a_method() -> None:
    controls = check_method(METHOD, module="safetycase.methods.convergence.training_run.method")
    passes = {one.name: (one.passes, one.runs) for one in controls.planted}
    assert passes.pop("settled") == (planted.RUNS, planted.RUNS)
    # what has not begun is in no curve; that it passes is said, not hidden
    assert passes.pop("late rise, to come") == (planted.RUNS, planted.RUNS)
    assert set(passes.values()) == {(0, planted.RUNS)}


def test_a_plateau_is_measured_and_repeats(tmp_path: Path) -> None:
    rows = three(exploitability=0.02, episodes=64)
    check_measurement(METHOD, lambda: measured(tmp_path, rows))
    found = measured(tmp_path, rows)
    assert not failed(found)
    assert not found.raises
    gain = certified(found, "reward_gain")
    assert gain.low < 0.0 < gain.high < 0.05
    assert certified(found, "final_spread").high < 0.02
    assert certified(found, "exploitability").high == pytest.approx(0.02)
    window = 200 * 64
    high = bounds(found.quantities["detectable_epsilon"], alpha_low=0.05, alpha_high=0.05).high
    assert high == pytest.approx(1 - 0.05 ** (1 / window), rel=1e-6)
    assert found.artefacts == {"curves 1": "curves.jsonl"}
    curve = found.plots[0]
    assert isinstance(curve, Curve)
    assert curve.marks == {"window": 2000.0}
    assert "steps after the end" in found.diagnostics["what the window rules out"]
    assert "2,995 to see probability 0.001" in found.diagnostics["rollouts needed"]


def test_a_training_that_still_rises_is_refuted(tmp_path: Path) -> None:
    found = measured(tmp_path, three(reward=lambda at: 0.1 + 0.002 * at))
    gain = certified(found, "reward_gain")
    assert gain.low == pytest.approx(0.4, abs=0.03)
    assert gain.low > 0.3
    assert "without exploitability" in found.diagnostics
    assert "without detectable_epsilon" in found.diagnostics


def test_an_earlier_plateau_before_a_rise_is_held_against_the_last(tmp_path: Path) -> None:
    def late(at: int) -> float:
        return 0.3 if at < 700 else 0.8

    rows = [line for seed in range(3) for line in lines(seed, rows=1400, reward=late)]
    found = measured(tmp_path, rows, window=0.25)
    assert [one.name for one in found.raises] == ["plateau-before-rise"]
    assert "no more than that one did" in found.raises[0].says


def test_trainings_that_end_apart_fall_or_stand_still_raise_doubts(tmp_path: Path) -> None:
    apart = [*lines(0), *lines(1), *lines(2, reward=lambda _: 0.4)]
    found = measured(tmp_path, apart)
    assert "trainings-end-apart" in {one.name for one in found.raises}
    assert certified(found, "final_spread").low > 0.25
    falling = measured(tmp_path, three(reward=lambda at: 0.9 - 0.002 * at))
    assert "reward-falls" in {one.name for one in falling.raises}
    still = [{**line, "reward": 0.5} for line in lines(2)]
    found = measured(tmp_path, [*lines(0), *lines(1), *still])
    assert "reward-stands-still" in {one.name for one in found.raises}


def test_what_is_not_there_fails_a_check(tmp_path: Path) -> None:
    found = measured(tmp_path, [*lines(0), *lines(1, rows=380)])
    assert failed(found) == {
        "every training that was started is here",
        "there are several trainings",
        "every training ran to the same step",
    }


def test_noise_as_slow_as_the_window_gives_no_interval(tmp_path: Path) -> None:
    rows = []
    for seed in range(3):
        slow = planted.noise(400, 0.995, (seed,))
        rows += [
            {**line, "reward": 0.5 + 0.01 * shock}
            for line, shock in zip(lines(seed), slow, strict=True)
        ]
    found = measured(tmp_path, rows)
    assert "the window is long for the autocorrelation of the reward" in failed(found)
    assert certified(found, "reward_gain").high > 0.05


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"run": "a", "seed": 0, "step": 20, "reward": NaN}', "line 3.*`NaN` is no number"),
        ('{"run": "a", "seed": 0, "step": 20, "reward": null}', "line 3.*`reward` is None"),
        ('{"run": "a", "seed": 0, "step": 20, "reward": true}', "line 3.*it is a number"),
        ('{"run": "a", "seed": 0, "step": 20, "reward": 1.5}', r"line 3.*outside \[0, 1\]"),
        ('{"run": "a", "seed": 0, "step": 20}', "line 3: `reward` is missing"),
        ('{"run": "a", "seed": 0, "step": 10, "reward": 0.5}', "line 3.*already at.*line 2"),
        ('{"run": "a", "seed": 0, "step": 5, "reward": 0.5}', "line 3.*after step 10"),
        ('{"run": "a", "seed": 0, "step": 40, "reward": 0.5}', "line 3.*lines are missing"),
        ('{"run": "a", "seed": -1, "step": 20, "reward": 0.5}', "line 3.*whole number"),
        ('{"run": " ", "seed": 0, "step": 20, "reward": 0.5}', "line 3.*blank"),
        ('{"run": "a", "seed": 0, "step": 20, "reward": 0.5, "loss": 1}', "no key `loss`"),
        (
            '{"run": "a", "seed": 0, "step": 20, "reward": 0.5, "exploitability": -0.1}',
            "line 3.*below 0",
        ),
        ('{"run": "a", "seed": 0, "step": 20, "reward": 0.5}', "1 rows in its window"),
    ],
)
def test_a_line_that_cannot_stand_is_named(tmp_path: Path, line: str, says: str) -> None:
    first = "".join(
        json.dumps({"run": "a", "seed": 0, "step": step, "reward": 0.5}) + "\n" for step in (0, 10)
    )
    with pytest.raises(MethodError, match=says):
        read(tmp_path, first + line, window=0.4)


def test_the_same_curve_twice_is_one_training(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="same reward as `adam` seed 0 at every step"):
        measured(tmp_path, [*lines(0), *({**line, "seed": 1} for line in lines(0))])
    with pytest.raises(MethodError, match="no line"):
        read(tmp_path, "\n")


def test_parameters_say_what_is_wrong() -> None:
    for given in (
        {"trainings": 0},
        {"trainings": 3, "reward_low": 1.0},
        {"trainings": 3, "window": 0.95},
        {"trainings": 3, "gap": 0.0},
        {"trainings": 3, "level": 1.0},
    ):
        with pytest.raises(ValueError, match="`"):
            Parameters(**given)  # type: ignore[arg-type]


def test_a_higher_and_nearer_rise_is_seen() -> None:
    near, far = late_rise(400, 0.5, 0.2), late_rise(400, 0.5, 0.02)
    assert near is not None
    assert far is not None
    assert 0 < near < far < 400
    assert late_rise(400, 0.01, 0.2) is None


def test_a_broken_interval_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the autocorrelation, intervals of a slope miss it far more often than they say."""
    monkeypatch.setattr(trend, "_time", lambda _: 1.0)
    broken = {one.name for one in planted.self_check() if not one.passed}
    assert "intervals of 95 % that miss the slope" in broken


def test_a_broken_gain_passes_what_is_unfinished(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = dataclasses.replace(trend.trend([0.5] * 100), rows=500)
    monkeypatch.setattr(analysis, "trend", lambda _: flat)
    drift = next(one for one in planted.SUBJECTS if one.name == "slow drift")
    assert planted.passes(planted.looked(drift, 0))
