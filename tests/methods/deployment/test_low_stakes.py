"""What a watch, its latency and resets change: every plan and every course of small deployments."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.deployment.tails import laws
from safetycase.methods.deployment.tails import low_stakes as low
from safetycase.methods.deployment.tails.low_stakes import Watch
from safetycase.methods.deployment.tails.method import METHOD, Parameters, run
from safetycase.methods.deployment.tails.planted import by_every_course
from safetycase.plugin.contract import Context, Measurement
from safetycase.stats import Certified, Exact

WATCHES = [(0, 0), (1, 0), (3, 0), (0, 1), (1, 1), (2, 2)]


def passed(plan: tuple[int, ...], noticed: tuple[int, ...], latency: int, resets: int) -> int:
    """Bad actions until the last reset, action by action."""
    count, done, wait = 0, 0, -1
    for bad, seen in zip(plan, noticed, strict=True):
        count += bad
        if wait > 0:
            wait -= 1
        elif bad and seen:
            wait = latency
        if wait == 0:
            done, wait = done + 1, -1
            if done > resets:
                break
    return count


def chance(plan: tuple[int, ...], bad: int, recall: float, latency: int, resets: int) -> float:
    total = 0.0
    for noticed in itertools.product((0, 1), repeat=len(plan)):
        p = math.prod(recall if x else 1 - recall for x in noticed)
        total += p * (passed(plan, noticed, latency, resets) >= bad)
    return total


@pytest.mark.slow
@pytest.mark.parametrize(("latency", "resets"), WATCHES)
@pytest.mark.parametrize("bad", [1, 2, 4])
def test_no_plan_passes_more_often_than_all_at_once(latency: int, resets: int, bad: int) -> None:
    recall, queries = 0.3, 6
    watch = Watch(recall=recall, latency=latency, resets=resets)
    most = [0.0] * (queries + 1)
    for plan in itertools.product((0, 1), repeat=queries):
        found = chance(plan, bad, recall, latency, resets)
        most[sum(plan)] = max(most[sum(plan)], found)
    assert most[bad] == pytest.approx(low.passes_watch(bad, watch), abs=1e-12)
    assert max(most) == pytest.approx(most[bad], abs=1e-12)
    # Over random plans with a given mean: the best mixture of two sizes.
    for rate in (0.05, 0.2, 0.5, 0.9):
        mean = queries * rate
        best = max(
            most[a] + (most[b] - most[a]) * (mean - a) / (b - a)
            for a in range(queries)
            for b in range(a + 1, queries + 1)
            if a <= mean <= b
        )
        assert low.worst(queries, bad, rate, watch, None) == pytest.approx(best, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("latency", "resets"), WATCHES)
@pytest.mark.parametrize("bad", [1, 2, 3, 5])
def test_errors_on_their_own_are_bounded_course_by_course(
    latency: int, resets: int, bad: int
) -> None:
    watch = Watch(recall=0.25, latency=latency, resets=resets)
    given = {"bad": bad, "recall": Fraction(1, 4), "latency": latency, "resets": resets}
    for queries, rate in ((8, Fraction(1, 3)), (40, Fraction(1, 10)), (40, Fraction(4, 5))):
        exact = float(by_every_course(queries=queries, rate=rate, **given))
        bound = low.independent(queries, bad, float(rate), watch, None)
        assert exact <= bound + 1e-12
        if latency == 0:
            assert bound == pytest.approx(exact, abs=1e-12)
        assert bound <= low.worst(queries, bad, float(rate), watch, None) + 1e-12
    # In a long deployment the bound is what happens.
    endless = float(by_every_course(queries=160, rate=Fraction(1, 2), **given))
    assert low.independent(160, bad, 0.5, watch, None) == pytest.approx(endless, abs=1e-6)


@pytest.mark.slow
def test_every_course_is_what_is_played_out() -> None:
    draw = random.Random(5)
    given = {"queries": 12, "latency": 2, "resets": 1}
    hits = 0
    for _ in range(20_000):
        plan = tuple(int(draw.random() < 0.5) for _ in range(12))
        noticed = tuple(int(draw.random() < 0.25) for _ in range(12))
        hits += passed(plan, noticed, 2, 1) >= 6
    exact = by_every_course(bad=6, rate=Fraction(1, 2), recall=Fraction(1, 4), **given)
    assert hits / 20_000 == pytest.approx(float(exact), abs=0.012)


def test_wipes_keep_bad_actions_from_adding_up() -> None:
    exact = 0.0
    for errors in itertools.product((0, 1), repeat=8):
        p = math.prod(0.3 if e else 0.7 for e in errors)
        exact += p * any(sum(errors[i : i + 3]) >= 2 for i in (0, 3, 6))
    assert low.independent(8, 2, 0.3, None, 3) == pytest.approx(exact)
    assert low.independent(1000, 30, 0.01, None, 29) == 0.0
    assert low.worst(1000, 30, 0.01, None, 29) == 0.0
    assert low.worst(1000, 30, 0.01, None, 30) == pytest.approx(1 / 3)
    assert low.independent(9, 3, 1.0, None, 3) == 1.0


def test_how_many_pass() -> None:
    watch = Watch(recall=0.1, latency=5, resets=2)
    assert low.passed_until_reset(watch) == 15
    most = low.passed_at_most(watch, 0.05)
    assert low.passes_watch(most + 1, watch) <= 0.05 < low.passes_watch(most, watch)
    assert low.passed_at_most(Watch(recall=1.0, latency=4, resets=1), 0.5) == 10
    assert low.passes_watch(10, Watch(recall=1.0, latency=4, resets=1)) == 1.0
    assert low.passes_watch(11, Watch(recall=1.0, latency=4, resets=1)) == 0.0


@pytest.mark.slow
def test_a_sum_that_is_too_long_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(recall=0.05, latency=400, resets=1)
    exact = low._endless(80, 0.05, watch)
    monkeypatch.setattr(low, "MOST_TERMS", 10)
    assert exact <= low._endless(80, 0.05, watch) <= min(1.0, 2 * exact + 0.2)
    assert low.independent(10**12, 10**6, 1e-7, Watch(recall=0.5, latency=10**9), None) <= 1.0


def measured(tmp_path: Path, **given: Any) -> Measurement:
    context = Context(
        case_folder=tmp_path,
        scratch=tmp_path,
        seed=0,
        model=None,
        models={},
        progress=lambda *_: None,
    )
    return run((), Parameters(**given), context)


def test_the_run_says_what_passes(tmp_path: Path) -> None:
    given = {"queries": 1000, "bad_actions": 30, "failures": 0, "trials": 3000}
    found = measured(tmp_path, **given, recall=0.2, latency=3, reset_every=500)
    tail, worst = found.quantities["tail_low_stakes"], found.quantities["tail_worst"]
    assert isinstance(tail, Certified)
    assert isinstance(worst, Certified)
    assert tail.low == 0.0
    assert tail.high == pytest.approx(worst.high * 0.8**26)
    until = found.quantities["passed_until_reset"]
    assert isinstance(until, Exact)
    assert until.value == 8.0
    assert all(check.passed for check in found.instrument)
    wiped = measured(tmp_path, **given, reset_every=29).quantities["tail_low_stakes"]
    assert isinstance(wiped, Certified)
    assert (wiped.low, wiped.high) == (0.0, 0.0)
    assert "tail_low_stakes" not in measured(tmp_path, **given).quantities
    assert found.quantities.keys() <= {measure.name for measure in METHOD.measures}
    stated = measured(tmp_path, queries=1000, bad_actions=30, rate=0.01, recall=0.2)
    assert laws.worst(1000, 30, 0.01) * 0.8**29 == pytest.approx(
        stated.quantities["tail_low_stakes"].high  # type: ignore[union-attr]
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"latency": 3}, "give its `recall`"),
        ({"resets": 1}, "give its `recall`"),
        ({"recall": 0.0}, "`recall`"),
        ({"recall": math.nan}, "`recall`"),
        ({"recall": 0.5, "latency": -1}, "`latency`"),
        ({"recall": 0.5, "resets": 10**7}, "`resets`"),
        ({"reset_every": 0}, "`reset_every`"),
        ({"reset_every": 1001}, "`reset_every`"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Parameters(**{"queries": 1000, "bad_actions": 30, "rate": 0.01} | wrong)
