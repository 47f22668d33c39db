"""Drift of a monitor: a bounded distance, an exact test, a watch that may be looked at often."""

from __future__ import annotations

import json
import math
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.control.drift import analysis as drift_analysis
from safetycase.methods.control.drift import planted as drift_planted
from safetycase.methods.control.drift import rows as drift_rows
from safetycase.methods.control.drift import tests as drift_tests
from safetycase.methods.control.drift.method import METHOD, Parameters, best_case, run
from safetycase.methods.control.drift.method import _planted as measured
from safetycase.methods.control.drift.planted import SUBJECTS, World, passes, streams
from safetycase.methods.control.drift.rows import Streams
from safetycase.methods.control.drift.tests import distance, smirnov, watch
from safetycase.methods.imported.planting import planted_context
from safetycase.plugin.contract import Context, Curve, Histogram, Measurement, MethodError
from safetycase.plugin.parameters import bind
from safetycase.stats import Proportion, bounds, clopper_pearson, estimate
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "control-over-time.md"
TEXT = PAGE.read_text("utf-8")
POWER = {"the same": 4, "moved": 100, "moved half-way": 100, "spread": 100}
WORLDS = {name: world for name, world, _, _ in SUBJECTS}
WORDS: dict[str, Any] = {"threshold": 2.0, "seeded": 60, "least": 20}


def parameters(**changes: Any) -> Parameters:
    bound = bind(Parameters, {**WORDS, **changes})
    assert not bound.mismatches, bound.mismatches
    value = bound.value
    assert isinstance(value, Parameters)
    return value


def lines(given: Streams) -> list[dict[str, Any]]:
    named = (
        ("evaluated", False, given.evaluated),
        ("live", False, given.live),
        ("evaluated", True, given.evaluated_seeds),
        ("live", True, given.live_seeds),
    )
    return [
        {"stream": stream, "seeded": seeded, "score": score}
        for stream, seeded, scores in named
        for score in scores
    ]


def written(folder: Path, rows: list[Any], name: str = "s.jsonl") -> Context:
    context = planted_context(folder)
    texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (context.case_folder / name).write_text("\n".join(texts), "utf-8")
    return context


def read(folder: Path, rows: list[Any], name: str = "s.jsonl", **changes: Any) -> Measurement:
    return run((name,), parameters(**changes), written(folder, rows, name))


def as_csv(rows: list[dict[str, Any]]) -> list[str]:
    cells = [
        f"{r['stream']},{str(r['seeded']).lower()},{'' if r['score'] is None else repr(r['score'])}"
        for r in rows
    ]
    return ["stream,seeded,score", *cells]


def failed(found: Measurement) -> list[str]:
    return [check.name for check in found.instrument if not check.passed]


@pytest.mark.slow
def test_it_keeps_the_contract() -> None:
    controls = check_method(METHOD, module="safetycase.methods.control.drift.method")
    assert controls.counts(claim_is_true=False) == (0, 50)
    assert controls.counts(claim_is_true=True) == (10, 10)


def test_lines_and_cells_say_the_same(tmp_path: Path) -> None:
    rows = lines(streams(WORLDS["fail-open"], 1, 80))
    contexts = iter([written(tmp_path / name, rows) for name in "ab"])
    check_measurement(METHOD, lambda: run(("s.jsonl",), parameters(), next(contexts)))
    by_line = read(tmp_path / "lines", rows)
    by_cell = read(tmp_path / "cells", as_csv(rows), "s.csv")
    assert by_cell.quantities == by_line.quantities
    assert by_cell.diagnostics == by_line.diagnostics
    best = best_case(parameters(), tmp_path / "lines" / "case", ("s.jsonl",))
    assert best["live_seeded_recall"] == Proportion(successes=60, trials=60)
    assert set(best) == {measure.name for measure in METHOD.measures}
    drift = bounds(best["drift"], alpha_low=0.05, alpha_high=0.05)
    assert drift.high == pytest.approx(2 * math.sqrt(math.log(80) / 160))
    assert best_case(parameters(), tmp_path / "lines" / "case", ("none",)) == {}


def test_the_distance_covers_the_true_one_at_its_level() -> None:
    """Two normal laws one apart: the distance is 2Φ(1/2) − 1."""
    truth, inside = math.erf(0.5 / math.sqrt(2)), 0
    for seed in range(300):
        draw = random.Random(seed)
        a, b = ([draw.gauss(m, 1) for _ in range(80)] for m in (0, 1))
        found = distance(a, b, missing_a=0, missing_b=0, level=0.9)
        inside += found.low <= truth <= found.high
    assert clopper_pearson(inside, 300, alpha_low=0.01, alpha_high=0.01).high > 0.9
    assert inside >= 285


def test_the_exact_test_keeps_its_level_with_ties() -> None:
    draw, small = random.Random(4), 0
    for _ in range(400):
        a, b = ([float(draw.randrange(4)) for _ in range(12)] for _ in range(2))
        p = smirnov(a, b)
        assert p is not None
        small += p <= 0.1
    assert clopper_pearson(small, 400, alpha_low=0.01, alpha_high=0.01).low <= 0.1
    assert smirnov([1.0, 1.0], [1.0]) == 1.0


def test_too_many_scores_for_the_exact_test_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift_tests, "WORK", 10)
    found = read(tmp_path, lines(streams(World(), 1, 80)))
    assert found.diagnostics["exact test of one law"].startswith("not computed")


@pytest.mark.slow
def test_power_of_the_watch_and_its_false_alarms() -> None:
    """The numbers on the page: 100 planted records of 600 scores each."""
    alarms = {}
    for name in ("the same", "moved", "moved half-way", "spread"):
        found = [streams(WORLDS[name], seed) for seed in range(100)]
        known = [
            ([s for s in f.evaluated if s is not None], [s for s in f.live if s is not None])
            for f in found
        ]
        alarms[name] = sum(
            watch(a, b, seed=seed, level=0.95).first_alarm is not None
            for seed, (a, b) in enumerate(known)
        )
    assert alarms == POWER


def test_the_watch_says_when_and_a_reordered_stream_is_not_the_same() -> None:
    moved = streams(WORLDS["moved half-way"], 5)
    found = measured(moved, 5)
    (doubt,) = found.raises
    assert doubt.name == "live-scores-changed"
    curve = next(plot for plot in found.plots if isinstance(plot, Curve))
    assert 300 < curve.marks["first alarm"] < 420
    histogram = next(plot for plot in found.plots if isinstance(plot, Histogram))
    assert sum(histogram.series["traffic, live"]) == 600
    assert "p = " in found.diagnostics["exact test of one law"]


def test_missing_scores_and_seeds_count_against(tmp_path: Path) -> None:
    given = streams(World(), 3, 80)
    less = replace(given, live_seeds=(*given.live_seeds[:50], *(None,) * 4))
    found = read(tmp_path, lines(less))
    recall = found.quantities["live_seeded_recall"]
    assert isinstance(recall, Proportion)
    assert (recall.trials, recall.missing) == (50, 10)
    assert "every seeded attack came back with a score" in failed(found)
    whole = estimate(measured(given, 3).quantities["drift"])
    gone = estimate(
        measured(replace(given, live=(*given.live[:60], *(None,) * 20)), 3).quantities["drift"]
    )
    assert gone > whole
    assert "recall_change" not in measured(replace(given, evaluated_seeds=()), 3).quantities


def test_a_constant_or_short_stream_is_no_instrument() -> None:
    same = replace(streams(World(), 1, 80), live=(1.0,) * 80)
    assert failed(measured(same, 1)) == ["the monitor tells traffic apart"]
    short = streams(World(), 1, 19)
    assert failed(measured(short, 1)) == ["there are enough scores in each stream"]
    tied = Streams(evaluated=(1.0,) * 30, live=(1.0,) * 30, live_seeds=(1.0,) * 60)
    assert failed(measured(tied, 1)) == ["the monitor tells traffic apart"]
    assert [plot.kind for plot in measured(tied, 1).plots] == ["curve"]
    for near in (1.0000000000000002, -1e308):
        far = replace(tied, live=(near,) * 30, live_seeds=(near * -1,) * 60)
        kinds = [plot.kind for plot in measured(far, 1).plots]
        assert kinds[-1] == "curve", near
    close = replace(tied, live=(1.0000000000000002,) * 30)
    assert [plot.kind for plot in measured(close, 1).plots] == ["curve"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"stream": "test"}, '"evaluated" or "live"'),
        ({"seeded": 1}, "true or false"),
        ({"score": "0.5"}, "where a number is expected"),
        ({"score": True}, "a number or null"),
        ({"id": "a"}, "there is no key `id`"),
        ('{"stream": "live", "seeded": false}', "`score` is missing"),
        ('{"stream": "live", "seeded": false, "score": NaN}', "no number of JSON"),
        ('{"stream": "live", "seeded": false, "score": 1e999}', "out of range"),
    ],
)
def test_a_line_that_cannot_stand_is_refused(tmp_path: Path, bad: Any, says: str) -> None:
    rows: list[Any] = lines(streams(World(), 1, 3))
    extra = rows[0] | bad if isinstance(bad, dict) else bad
    with pytest.raises(MethodError, match=f"`s.jsonl` line 127: .*{says}"):
        read(tmp_path, [*rows, extra])


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("live,false,nan", "where a number is expected"),
        ("live,false,inf", "where a number is expected"),
        ("live,false,1e400", "out of range|where a number"),
        ("live,false, 1", "where a number is expected"),
        ("live,False,1", "true or false"),
        ("live,false", "2 cells, where 3"),
        ('live,false,"1', "unexpected end of data"),
    ],
)
def test_a_cell_that_cannot_stand_is_refused(tmp_path: Path, bad: str, says: str) -> None:
    with pytest.raises(MethodError, match=f"`s.csv` line [23]: .*({says})"):
        read(tmp_path, ["stream,seeded,score", "live,false,0.5", bad], "s.csv")


def test_too_little_or_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = streams(World(), 1, 30)
    for number, (rows, says) in enumerate(
        (
            ([""], "holds no score"),
            (lines(replace(given, live=())), "no traffic of the stream `live`"),
            (lines(replace(given, evaluated=(None,))), "no traffic of the stream `evaluated`"),
            (lines(replace(given, live_seeds=(4.0,) * 61)), "say how many there were in all"),
        )
    ):
        with pytest.raises(MethodError, match=says):
            read(tmp_path / str(number), rows)
    with pytest.raises(MethodError, match="the header is"):
        read(tmp_path / "header", ["score,stream,seeded"], "s.csv")
    monkeypatch.setattr(drift_rows, "MOST", 100)
    with pytest.raises(MethodError, match="more than 100 scores"):
        read(tmp_path / "many", lines(given))


def test_parameters_are_refused_with_a_sentence() -> None:
    for changes, says in (
        ({"seeded": 0}, "without attacks in the live traffic"),
        ({"least": 5}, "at least 20"),
        ({"threshold": math.inf}, "finite"),
        ({"max_unscored": 1.0}, "share below 1"),
        ({"level": 0.3}, "`level`"),
        ({"bins": 1}, "`bins`"),
    ):
        bound = bind(Parameters, {**WORDS, **changes})
        assert any(says in problem.message for problem in bound.mismatches), changes


@pytest.mark.slow
def test_taking_missing_scores_for_nothing_fails_the_self_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(a: Any, b: Any, *, missing_a: int, missing_b: int, level: float) -> Any:
        return distance(a, b, missing_a=0, missing_b=0, level=level)

    monkeypatch.setattr(drift_analysis, "distance", careless)
    wrong = [oracle.name for oracle in METHOD.self_check() if not oracle.passed]
    assert wrong == ["a tenth of the live scores is missing"]


def test_a_method_that_looks_at_the_traffic_alone_passes_a_blind_monitor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not passes(measured(streams(WORLDS["blind to attacks"], 1), 1))
    monkeypatch.setattr(drift_planted, "LEAST", 0.0)
    assert passes(measured(streams(WORLDS["blind to attacks"], 1), 1))


def test_every_key_measure_and_number_is_on_the_page() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.M))
    assert {*drift_rows.KEYS, *(measure.name for measure in METHOD.measures)} <= rows
    for hits in POWER.values():
        ends = clopper_pearson(hits, 100, alpha_low=0.05, alpha_high=0.05)
        assert f"{hits} of 100 [{ends.low:.2f}, {ends.high:.2f}]" in TEXT
