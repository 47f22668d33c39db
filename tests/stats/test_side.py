"""The e-process of pairs: exact expectations, error rates at the boundary, delays, states."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from tests.stats import side_worlds as worlds

from safetycase.stats.side import (
    PairsProcess,
    classes_for,
    pairs_to_tell,
    tolerated_advantage,
    wealth_paths,
)
from safetycase.stats.side_learning import Bets

ALPHA = 0.05


def expected_wealth(rate: float, advantage: float, rounds: int) -> float:
    """E W after `rounds` of one bit: set with `rate` in outputs, in half of the references."""
    total = 0.0
    for bits in itertools.product((0, 1), repeat=2 * rounds):
        process = PairsProcess(width=1, advantage=advantage, classes=("linear",))
        chance = 1.0
        for a, b in zip(bits[::2], bits[1::2], strict=True):
            process.update([a], [b])
            chance *= (rate if a else 1 - rate) / 2
        total += chance * process.e_value
    return total


def test_the_wealth_expects_exactly_one_under_equality() -> None:
    assert expected_wealth(0.5, 0.0, 4) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("advantage", [0.02, 0.2, 0.4])
def test_the_wealth_expects_at_most_one_at_the_boundary(advantage: float) -> None:
    most = expected_wealth(0.5 + advantage, advantage, 3)
    less = expected_wealth(0.5 - advantage, advantage, 3)
    assert most <= 1 + 1e-12
    assert less <= 1 + 1e-12
    assert most < 1 or less < 1  # it does bet


def test_the_wealth_grows_beyond_the_boundary() -> None:
    assert expected_wealth(1.0, 0.0, 4) > 1.1


World = Callable[[np.random.Generator, int, int], np.ndarray]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("advantage", "world"),
    [
        (0.0, worlds.reference),
        (0.05, worlds.reference),
        (0.05, lambda rng, runs, rounds: worlds.shifted(rng, runs, rounds, 0.05)),
        (0.05, lambda rng, runs, rounds: worlds.mixed(rng, runs, rounds, 0.05)),
        (0.2, lambda rng, runs, rounds: worlds.shifted(rng, runs, rounds, 0.2)),
    ],
    ids=["equal", "inside", "one bit", "mixture", "far"],
)
def test_false_alarms_stay_below_the_level(advantage: float, world: World) -> None:
    rng = np.random.default_rng(20)
    runs, alarms = 2_000, 0
    for _ in range(4):
        a, b = world(rng, runs // 4, 150), worlds.reference(rng, runs // 4, 150)
        paths = wealth_paths(a, b, advantage=advantage, classes=("linear",))
        alarms += int(np.isfinite(worlds.stopping(paths)).sum())
    assert alarms / runs <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


@pytest.mark.slow
def test_false_alarms_of_both_classes_together() -> None:
    rng = np.random.default_rng(21)
    a, b = worlds.reference(rng, 500, 100), worlds.reference(rng, 500, 100)
    alarms = np.isfinite(worlds.stopping(wealth_paths(a, b, advantage=0.0)))
    assert alarms.mean() <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / 500)


def test_dependent_references_do_no_harm() -> None:
    """The reference repeats the output's bits, shifted by one: each bit is fair, pairs are not."""
    rng = np.random.default_rng(22)
    b = worlds.reference(rng, 400, 120)
    paths = wealth_paths(np.roll(b, 1, axis=2), b, advantage=0.0, classes=("linear",))
    alarms = np.isfinite(worlds.stopping(paths)).mean()
    assert alarms <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / 400)


@pytest.mark.slow
def test_a_tilt_is_seen_after_the_stated_number_of_pairs() -> None:
    rng = np.random.default_rng(23)
    a, b = worlds.tilted(rng, 300, 400, 0.5), worlds.reference(rng, 300, 400)
    stops = worlds.stopping(wealth_paths(a, b, advantage=0.0))
    assert float(np.median(stops)) <= 150  # 131 over many more runs; the table has 500
    assert np.isfinite(stops).mean() > 0.95


@pytest.mark.slow
def test_linear_tests_are_blind_to_pairs_and_pairs_are_not() -> None:
    rng = np.random.default_rng(24)
    a, b = worlds.paired_bits(rng, 60, 450, 0.4), worlds.reference(rng, 60, 450)
    linear = worlds.stopping(wealth_paths(a, b, advantage=0.0, classes=("linear",)))
    both = worlds.stopping(wealth_paths(a, b, advantage=0.0))
    assert np.isfinite(linear).mean() <= 0.15
    assert float(np.median(both)) <= 304


def test_what_must_be_tolerated_makes_the_alarm_later_and_never_earlier() -> None:
    rng = np.random.default_rng(25)
    a, b = worlds.tilted(rng, 40, 400, 1.0), worlds.reference(rng, 40, 400)
    medians = [
        float(
            np.median(worlds.stopping(wealth_paths(a, b, advantage=a0, classes=("linear",)), ALPHA))
        )
        for a0 in (0.0, 0.02, 0.1)
    ]
    assert medians == sorted(medians)
    assert medians[0] < 60
    assert medians[2] < 150


def pairs(seed: int, rounds: int, width: int = 6) -> list[tuple[list[float], list[float]]]:
    rng = np.random.default_rng(seed)
    a = rng.normal(0.3, 1.0, (rounds, width))
    return list(zip(a.tolist(), rng.normal(0.0, 1.0, (rounds, width)).tolist(), strict=True))


def test_processes_side_by_side_are_those_one_by_one() -> None:
    rounds = pairs(1, 60)
    process = PairsProcess(width=6, advantage=0.01)
    alone = [math.log(process.update(a, b)) for a, b in rounds]
    a, b = ([x for x, _ in rounds], [y for _, y in rounds])
    beside = wealth_paths([a, a], [b, b], advantage=0.01)
    assert beside[0].tolist() == pytest.approx(alone, abs=1e-9)
    assert beside[1].tolist() == beside[0].tolist()


def squares(values: Sequence[float]) -> list[float]:
    return [v * v for v in values]


def test_a_restored_process_goes_on_to_the_last_bit() -> None:
    own = {"squares": squares}
    classes = ("linear", "pairs", "squares")
    rounds = pairs(2, 80)
    whole = PairsProcess(width=6, advantage=0.02, classes=classes, own=own)
    expected = [whole.update(a, b) for a, b in rounds]
    for cut in (0, 1, 37):
        first = PairsProcess(width=6, advantage=0.02, classes=classes, own=own)
        for a, b in rounds[:cut]:
            first.update(a, b)
        text = json.dumps(first.state(), allow_nan=False)
        second = PairsProcess(width=6, advantage=0.02, classes=classes, own=own)
        second.restore(json.loads(text))
        assert [second.update(a, b) for a, b in rounds[cut:]] == expected[cut:]
        assert second.state() == whole.state()


def test_a_state_of_another_process_is_refused_and_nothing_changes() -> None:
    process = PairsProcess(width=6, advantage=0.02)
    for a, b in pairs(3, 10):
        process.update(a, b)
    before = process.state()
    other = PairsProcess(width=6, advantage=0.05).state()
    broken = json.loads(json.dumps(before))
    broken["bets"]["learners"]["linear"]["pull"] = [[0.0]]
    for state in (other, {}, broken, {**before, "bets": 3}, {**before, "bets": {"learners": {}}}):
        with pytest.raises(ValueError):
            process.restore(state)
        assert process.state() == before


@pytest.mark.parametrize(
    "bad",
    [
        [1.0] * 5,
        [math.nan] * 6,
        [math.inf, 0, 0, 0, 0, 0],
        [1e200] * 6,
        [[1.0] * 6],
        ["x"] * 6,
        [1j] * 6,
        [None] * 6,
        [{}] * 6,
    ],
)
def test_what_is_no_vector_is_refused_and_nothing_changes(bad: list[float]) -> None:
    process = PairsProcess(width=6, advantage=0.0)
    for a, b in pairs(4, 5):
        process.update(a, b)
    before = process.state()
    for output, reference in ((bad, [0.0] * 6), ([0.0] * 6, bad)):
        with pytest.raises(ValueError):
            process.update(output, reference)
    assert process.state() == before


@pytest.mark.parametrize(("unit", "offset"), [(1e6, -3e5), (1e-13, 0.0)])
def test_the_unit_of_a_feature_does_not_matter(unit: float, offset: float) -> None:
    rounds = pairs(5, 60)
    plain, scaled = (PairsProcess(width=6, advantage=0.0) for _ in range(2))
    for a, b in rounds:
        plain.update(a, b)
        scaled.update([unit * x + offset for x in a], [unit * x + offset for x in b])
    assert scaled.e_value != 1.0
    assert scaled.e_value == pytest.approx(plain.e_value, rel=1e-6)


def test_a_feature_that_never_varies_costs_and_gives_nothing() -> None:
    process = PairsProcess(width=2, advantage=0.0)
    for _ in range(50):
        assert process.update([0.1, 1e9], [0.1, 1e9]) == 1.0


def test_the_average_of_the_classes_is_the_e_value() -> None:
    own, classes = {"squares": squares}, ("squares", "linear")
    process = PairsProcess(width=6, advantage=0.0, classes=classes, weights=(3, 1), own=own)
    for a, b in pairs(6, 60):
        process.update(a, b)
    one, two = process.by_class().values()
    assert two > 4 * one
    assert process.e_value == pytest.approx(0.75 * one + 0.25 * two)
    assert process.anytime_p <= min(1.0, 1 / process.e_value) + 1e-12
    assert process.e_value > 20


def test_a_restart_keeps_what_was_learnt() -> None:
    before, after = pairs(7, 200), pairs(70, 40)
    process = PairsProcess(width=6, advantage=0.0, classes=("linear",))
    fresh = PairsProcess(width=6, advantage=0.0, classes=("linear",))
    for a, b in before:
        process.update(a, b)
    process.restart()
    assert (process.e_value, process.pairs, process.anytime_p) == (1.0, 0, 1.0)
    for a, b in after:
        process.update(a, b)
        fresh.update(a, b)
    assert process.e_value > 2 * fresh.e_value


def test_features_of_the_callers_own_see_what_others_do_not() -> None:
    """Larger spread, same mean: only squares see it."""
    rng = np.random.default_rng(8)
    a, b = rng.normal(0, 1.6, (400, 3)), rng.normal(0, 1.0, (400, 3))
    blind = PairsProcess(width=3, advantage=0.0)
    sees = PairsProcess(width=3, advantage=0.0, classes=("linear", "s"), own={"s": squares})
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        blind.update(x, y)
        sees.update(x, y)
    assert blind.anytime_p > ALPHA
    assert sees.anytime_p < 1e-6


@pytest.mark.parametrize(
    "settings",
    [
        {"width": 0, "advantage": 0.0},
        {"width": 3, "advantage": -0.1},
        {"width": 3, "advantage": 1.0},
        {"width": 3, "advantage": math.nan},
        {"width": 3, "advantage": 0.0, "classes": ()},
        {"width": 3, "advantage": 0.0, "classes": "linear"},
        {"width": 3, "advantage": 0.0, "classes": ("linear", "linear")},
        {"width": 3, "advantage": 0.0, "classes": ("cubic",)},
        {"width": 1, "advantage": 0.0},
        {"width": 65, "advantage": 0.0},
        {"width": 3, "advantage": 0.0, "weights": (1.0,)},
        {"width": 3, "advantage": 0.0, "weights": (1.0, 0.0)},
        {"width": 3, "advantage": 0.0, "weights": (1.0, math.inf)},
        {"width": 3, "advantage": 0.0, "own": {"pairs": squares}},
    ],
)
def test_settings_that_make_no_process_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        PairsProcess(**settings)  # type: ignore[arg-type]


def test_own_features_must_keep_their_number() -> None:
    process = PairsProcess(
        width=2, advantage=0.0, classes=("odd",), own={"odd": lambda v: [1.0] * int(v[0])}
    )
    process.update([2, 0], [2, 1])
    before = process.state()
    for a, b in (([3, 0], [3, 0]), ([2, 0], [3, 0]), ([0, 0], [0, 0])):
        with pytest.raises(ValueError):
            process.update(a, b)
    assert process.state() == before


def test_the_numbers_of_a_plan() -> None:
    assert tolerated_advantage(10_000, 50) == 0.005
    assert tolerated_advantage(10, 0) == 0.0
    assert pairs_to_tell(0.1, 0.0, ALPHA) == pytest.approx(math.log(20) / 0.01)
    assert pairs_to_tell(0.12, 0.02, ALPHA) == pytest.approx(math.log(20) / 0.01)
    assert classes_for(1) == ("linear",)
    assert classes_for(64) == ("linear", "pairs")
    assert classes_for(384) == ("linear",)
    for bad in ((0, 0.0), (10, 11), (10, -1), (10, math.nan)):
        with pytest.raises(ValueError):
            tolerated_advantage(*bad)
    for wrong in ((0.1, 0.1, ALPHA), (0.1, 0.2, ALPHA), (0.1, 0.0, 1.0), (1.1, 0.0, ALPHA)):
        with pytest.raises(ValueError):
            pairs_to_tell(*wrong)


@pytest.mark.parametrize("far", [1e3, -1e99])
def test_one_feature_that_is_far_from_all_others_does_not_end_the_test(far: float) -> None:
    draw = random.Random(5)
    process, alone = (PairsProcess(width=2, advantage=0.02) for _ in range(2))
    for at in range(400):
        output, other = ([draw.gauss(middle, 1), draw.gauss(0, 1)] for middle in (1, 0))
        alone.update(output, other)
        process.update([far, output[1]] if at == 6 else output, other)
    assert alone.log_e > math.log(1e4)
    assert process.log_e > math.log(1e4)


def test_how_far_numbers_are_from_those_before_changes_nothing_up_to_fifty_deviations() -> None:
    made = Bets({"linear": (1,)}, 0.0)
    points = [0.0, 1.0] * 8 + [20.0, 25.0, 3.0, 2.0]
    for a, b in zip(points[::2], points[1::2], strict=True):
        made.play({"linear": (np.array([a]), np.array([b]))})
    scaling = made.scalings["linear"]
    assert scaling.mean[0] == pytest.approx(np.mean(points), rel=1e-12)
    assert scaling.square[0] / scaling.n == pytest.approx(np.var(points), rel=1e-12)
