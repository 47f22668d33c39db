"""The records: bounds, words, JSON and pooling, and the laws they keep."""

import json
import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from safetycase.stats import (
    Affine,
    Certified,
    Clustered,
    ClusteredDifference,
    Difference,
    Exact,
    Interval,
    Proportion,
    SampleSize,
    Statistic,
    bounds,
    clopper_pearson,
    describe,
    estimate,
    from_json,
    natural_range,
    pool,
    sample_size,
    to_json,
)


def proportion(successes: int, trials: int, missing: int = 0) -> Proportion:
    return Proportion(successes=successes, trials=trials, missing=missing)


def at(statistic: Statistic, alpha: float = 0.05) -> Interval:
    return bounds(statistic, alpha_low=alpha, alpha_high=alpha)


counts = st.integers(0, 12)
hits = st.tuples(counts, counts).map(lambda p: (min(p), max(p)))
proportions = st.builds(lambda h, m: proportion(*h, m), hits, st.integers(0, 4))
clustered = st.lists(st.builds(lambda h, m: (*h, m), hits, st.integers(0, 3)), max_size=6).map(
    lambda rows: Clustered(clusters=tuple(rows))
)
paired = st.lists(st.builds(lambda a, b: (*a, *b), hits, hits), max_size=6).map(
    lambda rows: ClusteredDifference(clusters=tuple(rows))
)
numbers = st.floats(-1e6, 1e6)
certified = st.builds(
    lambda ends, level, says: Certified(low=min(ends), high=max(ends), level=level, says=says),
    st.tuples(numbers, numbers), st.floats(0.5, 0.999), st.text(max_size=9),
)  # fmt: skip
plain = st.one_of(
    proportions,
    clustered,
    paired,
    st.builds(Difference, a=proportions, b=proportions),
    certified,
    st.builds(Exact, value=numbers, says=st.text(max_size=9)),
)
scales = st.floats(-4, 4).filter(lambda scale: abs(scale) > 1e-3)
statistics = st.one_of(plain, st.builds(Affine, of=plain, scale=scales, offset=st.floats(-2, 2)))
alphas = st.floats(1e-9, 0.5)


# Bounds


@given(statistics, alphas, alphas)
def test_a_smaller_alpha_never_narrows(statistic: Statistic, one: float, two: float) -> None:
    strict, loose = at(statistic, min(one, two)), at(statistic, max(one, two))
    assert strict.low <= loose.low + 1e-12
    assert strict.high >= loose.high - 1e-12


@given(statistics, alphas)
def test_bounds_enclose_the_estimate_and_stay_in_range(statistic: Statistic, alpha: float) -> None:
    interval, whole, point = at(statistic, alpha), natural_range(statistic), estimate(statistic)
    slack = 1e-9 * max(1.0, abs(interval.low), abs(interval.high))
    slack = slack if math.isfinite(slack) else 0.0
    assert whole.low - slack <= interval.low <= interval.high <= whole.high + slack
    missing = sample_size(statistic).missing
    if not math.isnan(point) and not missing and alpha < 0.25:
        assert interval.low - slack <= point <= interval.high + slack


@given(plain, alphas, alphas)
def test_the_sides_do_not_touch_each_other(statistic: Statistic, low: float, high: float) -> None:
    both = bounds(statistic, alpha_low=low, alpha_high=high)
    assert both.low == bounds(statistic, alpha_low=low, alpha_high=0.01).low
    assert both.high == bounds(statistic, alpha_low=0.01, alpha_high=high).high


@given(statistics)
def test_alpha_zero_gives_the_natural_range(statistic: Statistic) -> None:
    interval, whole = at(statistic, 0), natural_range(statistic)
    assert interval.low == pytest.approx(whole.low, abs=1e-12)
    assert interval.high == pytest.approx(whole.high, abs=1e-12)


@pytest.mark.parametrize("alpha", [-0.1, 1.0, 2.0, math.nan])
def test_an_impossible_alpha_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        at(Exact(value=1.0, says="one"), alpha)


@given(hits, st.integers(0, 5), st.data())
def test_missing_items_are_the_worst_of_all_fillings(
    counted: tuple[int, int], missing: int, data: st.DataObject
) -> None:
    hit, trials = counted
    assume(trials + missing > 0)
    filled = proportion(hit + data.draw(st.integers(0, missing)), trials + missing)
    interval = at(proportion(hit, trials, missing))
    assert interval.low <= at(filled).low
    assert interval.high >= at(filled).high
    lowest = clopper_pearson(hit, trials + missing, alpha_low=0.05, alpha_high=0)
    highest = clopper_pearson(hit + missing, trials + missing, alpha_low=0, alpha_high=0.05)
    assert interval == Interval(lowest.low, highest.high)


@given(clustered, st.data())
def test_missing_items_of_clusters_are_no_better_than_any_filling(
    statistic: Clustered, data: st.DataObject
) -> None:
    filled = []
    for hit, trials, missing in statistic.clusters:
        if trials + missing == 0:  # nothing planned: any mean is possible
            filled.append((data.draw(st.integers(0, 3)), 3, 0))
        else:
            filled.append((hit + data.draw(st.integers(0, missing)), trials + missing, 0))
    interval, exact = at(statistic), at(Clustered(clusters=tuple(filled)))
    assert interval.low <= exact.low + 1e-12
    assert interval.high >= exact.high - 1e-12


def test_missing_items_worked() -> None:
    assert at(proportion(0, 40, 10)).high == pytest.approx(at(proportion(10, 50)).high)
    assert at(proportion(40, 40, 10)).low == pytest.approx(at(proportion(40, 50)).low)
    assert at(proportion(0, 0, 3)).high == 1


def test_difference_is_exact_at_half_the_alpha_each() -> None:
    a, b = proportion(22, 48), proportion(5, 50)
    interval = bounds(Difference(a=a, b=b), alpha_low=0.02, alpha_high=0.1)
    low_a = clopper_pearson(22, 48, alpha_low=0.01, alpha_high=0.05)
    low_b = clopper_pearson(5, 50, alpha_low=0.05, alpha_high=0.01)
    assert interval == Interval(low_a.low - low_b.high, low_a.high - low_b.low)


def test_a_difference_paired_in_clusters_sees_what_two_rates_cannot() -> None:
    # Hard and easy clusters, where arm a is always one of four better.
    rows = ((1, 4, 0, 4), (4, 4, 3, 4)) * 30
    both = at(ClusteredDifference(clusters=rows))
    assert 0.1 < both.low < 0.25 < both.high < 0.4
    assert at(Difference(a=proportion(150, 240), b=proportion(90, 240))).low < both.low + 0.1
    empty = at(ClusteredDifference(clusters=((0, 0, 0, 0),) * 9))
    assert empty == Interval(-1, 1)


def test_affine_maps_and_flips() -> None:
    inner = bounds(proportion(30, 100), alpha_low=0.01, alpha_high=0.05)
    advantage = Affine(of=proportion(30, 100), scale=1 / 0.75, offset=-0.25 / 0.75)
    got = bounds(advantage, alpha_low=0.01, alpha_high=0.05)
    assert got.low == pytest.approx((inner.low - 0.25) / 0.75)
    assert got.high == pytest.approx((inner.high - 0.25) / 0.75)
    assert estimate(advantage) == pytest.approx(0.05 / 0.75)
    flipped = Affine(of=proportion(30, 100), scale=-1.0, offset=1.0)
    got = bounds(flipped, alpha_low=0.05, alpha_high=0.01)
    assert got == Interval(1 - inner.high, 1 - inner.low)


def test_certified_says_nothing_at_a_stricter_level() -> None:
    known = Certified(low=0.1, high=0.2, level=0.95, says="a proof")
    assert at(known, 0.05) == Interval(0.1, 0.2)  # although 1 − 0.95 > 0.05 in floating point
    assert at(known, 0.049) == Interval(-math.inf, math.inf)
    assert bounds(known, alpha_low=0.01, alpha_high=0.3) == Interval(-math.inf, 0.2)
    assert estimate(known) == pytest.approx(0.15)
    one_sided = Certified(low=-math.inf, high=0.2, level=0.95, says="a proof")
    assert estimate(one_sided) == 0.2
    assert math.isnan(estimate(Certified(low=-math.inf, high=math.inf, level=0.5, says="")))


def test_exact_has_no_width() -> None:
    assert at(Exact(value=0.25, says="theorem 1"), 1e-300) == Interval(0.25, 0.25)


def test_nothing_measured_is_everything_possible() -> None:
    for statistic in (proportion(0, 0), Clustered(clusters=()), Clustered(clusters=((0, 0, 5),))):
        assert at(statistic) == Interval(0, 1)
        assert math.isnan(estimate(statistic))


@pytest.mark.parametrize("triple", [(3, 2, 0), (-1, 2, 0), (0, 2, -1), (True, 2, 0), (1.0, 2, 0)])
def test_impossible_counts_are_refused(triple: tuple[Any, Any, Any]) -> None:
    with pytest.raises(ValueError):
        proportion(*triple)
    with pytest.raises(ValueError):
        Clustered(clusters=((1, 2, 0), triple))


@pytest.mark.parametrize(
    "build",
    [
        lambda: Affine(of=proportion(1, 2), scale=0.0, offset=1.0),
        lambda: Affine(of=proportion(1, 2), scale=math.inf, offset=1.0),
        lambda: Certified(low=1.0, high=0.0, level=0.9, says=""),
        lambda: Certified(low=0.0, high=1.0, level=1.0, says=""),
        lambda: Exact(value=math.nan, says=""),
        lambda: ClusteredDifference(clusters=((1, 2, 3, 2),)),
    ],
)
def test_impossible_records_are_refused(build: Any) -> None:
    with pytest.raises(ValueError):
        build()


# Words and sizes


@pytest.mark.parametrize(
    ("statistic", "words", "size"),
    [
        (proportion(3, 50), "3 of 50", (50, 50, 0)),
        (proportion(3, 48, 2), "3 of 48 (2 missing)", (48, 48, 2)),
        (Clustered(clusters=((1, 5, 0),) * 48), "48 of 240 in 48 clusters", (240, 48, 0)),
        (Clustered(clusters=((1, 5, 2),)), "1 of 5 in 1 cluster (2 missing)", (5, 1, 2)),
        (
            Difference(a=proportion(22, 48), b=proportion(5, 50, 1)),
            "(22 of 48) − (5 of 50 (1 missing))",
            (98, 98, 1),
        ),
        (
            ClusteredDifference(clusters=((1, 4, 0, 5),) * 3),
            "(3 of 12) − (0 of 15) in 3 clusters",
            (27, 3, 0),
        ),
        (
            Affine(of=proportion(3, 50), scale=4 / 3, offset=-1 / 3),
            "1.333 × (3 of 50) − 0.3333",
            (50, 50, 0),
        ),
        (Affine(of=proportion(3, 50), scale=-1.0, offset=1.0), "−1 × (3 of 50) + 1", (50, 50, 0)),
        (Affine(of=proportion(3, 50), scale=1.0, offset=0.0), "(3 of 50)", (50, 50, 0)),
        (
            Certified(low=0.1, high=0.2, level=0.975, says="a proof"),
            "[0.1, 0.2] at 97.5 % (a proof)",
            (0, 0, 0),
        ),
        (Exact(value=0.25, says="theorem 1"), "0.25 (theorem 1)", (0, 0, 0)),
    ],
)
def test_words_and_sizes(statistic: Statistic, words: str, size: tuple[int, int, int]) -> None:
    assert describe(statistic) == words
    items, clusters, missing = size
    assert sample_size(statistic) == SampleSize(items=items, clusters=clusters, missing=missing)


def test_estimates_weigh_clusters_equally() -> None:
    assert estimate(Clustered(clusters=((1, 1, 0), (0, 9, 0), (0, 0, 4)))) == 0.5
    pairs = ClusteredDifference(clusters=((1, 1, 0, 9), (0, 2, 2, 2), (1, 1, 0, 0)))
    assert estimate(pairs) == 0


# JSON


def has_float(data: object) -> bool:
    if isinstance(data, dict):
        return any(has_float(value) for value in data.values())
    if isinstance(data, list):
        return any(has_float(value) for value in data)
    return isinstance(data, float)


@given(statistics)
def test_json_round_trip(statistic: Statistic) -> None:
    data = to_json(statistic)
    assert not has_float(data)
    assert from_json(json.loads(json.dumps(data, allow_nan=False))) == statistic


def test_infinite_ends_survive() -> None:
    one_sided = Certified(low=-math.inf, high=0.2, level=0.95, says="a proof")
    assert from_json(to_json(one_sided)) == one_sided


P = {"type": "proportion", "successes": 1, "trials": 2, "missing": 0}


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ([], "mapping"),
        ({}, "None"),
        ({"type": "ratio"}, "ratio"),
        ({"type": ["exact"]}, "exact"),
        ({**P, "n": 3}, "`n`"),
        ({"type": "proportion", "successes": 1, "trials": 2}, "`missing`"),
        ({**P, "trials": 2.0}, "2.0"),
        ({**P, "trials": "2"}, "'2'"),
        ({**P, "trials": True}, "True"),
        ({**P, "successes": 3}, "3 successes in 2 trials"),
        ({"type": "clustered", "clusters": [[1, 2]]}, "`clusters`"),
        ({"type": "clustered", "clusters": "no"}, "`clusters`"),
        ({"type": "clustered", "clusters": [[1, 2, "0"]]}, "'0'"),
        ({"type": "clustered-difference", "clusters": [[1, 2, 0]]}, "`clusters`"),
        ({"type": "difference", "a": P, "b": {"type": "clustered", "clusters": []}}, "`b`"),
        ({"type": "affine", "of": P, "scale": 2.0, "offset": "0.0"}, "`scale`"),
        ({"type": "affine", "of": P, "scale": "2.0", "offset": "none"}, "`offset`"),
        ({"type": "exact", "value": "nan", "says": ""}, "`value`"),
        ({"type": "exact", "value": "inf", "says": ""}, "inf"),
        ({"type": "exact", "value": "1.0", "says": 3}, "`says`"),
    ],
)
def test_json_is_read_strictly(data: Any, names: str) -> None:
    with pytest.raises(ValueError) as raised:
        from_json(data)
    assert names in str(raised.value)


# Pooling


def test_trials_add_up() -> None:
    assert pool([proportion(1, 10, 1), proportion(2, 20)]) == proportion(3, 30, 1)
    difference = Difference(a=proportion(1, 2), b=proportion(0, 3, 1))
    assert pool([difference] * 2) == Difference(a=proportion(2, 4), b=proportion(0, 6, 2))
    advantage = Affine(of=proportion(1, 2), scale=2.0, offset=-1.0)
    assert pool([advantage] * 3) == Affine(of=proportion(3, 6), scale=2.0, offset=-1.0)


def test_another_attempt_makes_no_new_clusters() -> None:
    first = Clustered(clusters=((1, 4, 0), (0, 4, 0)))
    again = Clustered(clusters=((2, 4, 0), (0, 0, 4)))
    assert pool([first, again]) == Clustered(clusters=((3, 8, 0), (0, 4, 4)))
    # A deterministic model run again and again must not look like more and more evidence.
    assert at(pool([first] * 50)) == at(first)
    pairs = ClusteredDifference(clusters=((1, 4, 0, 4),))
    assert pool([pairs] * 2) == ClusteredDifference(clusters=((2, 8, 0, 8),))


@given(statistics)
def test_one_attempt_is_its_own_pool(statistic: Statistic) -> None:
    assert pool([statistic]) == statistic


def test_equal_certificates_pool() -> None:
    exact = Exact(value=1.0, says="theorem 1")
    assert pool([exact, exact]) == exact


def test_certificates_that_differ_pool_into_the_interval_that_holds_them_all() -> None:
    """Whichever of them is wrong, the pool is wrong only if every one is."""
    parts = [Certified(low=x, high=x + 2, level=0.95, says="a") for x in (1.0, 0.5, 2.0)]
    pooled = pool(parts)
    assert (pooled.low, pooled.high, pooled.level) == (0.5, 4.0, 0.95)  # type: ignore[union-attr]
    assert describe(pooled) == "[0.5, 4] at 95 % (a; the widest of 3 attempts)"


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [proportion(1, 2), Clustered(clusters=((1, 2, 0),))],
        [Exact(value=1.0, says="a"), Exact(value=2.0, says="a")],
        [Certified(low=0.0, high=1.0, level=x, says="a") for x in (0.9, 0.95)],
        [Affine(of=proportion(1, 2), scale=s, offset=0.0) for s in (1.0, 2.0)],
        [Clustered(clusters=((1, 2, 0),) * n) for n in (2, 3)],
    ],
)
def test_what_does_not_fit_together_is_refused(parts: list[Statistic]) -> None:
    with pytest.raises(ValueError, match="pool"):
        pool(parts)
