"""Auditors over time: recall of blind seeds by month, what is missing, and signs of a fall."""

from __future__ import annotations

import itertools
import json
import math
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.control.auditors import analysis as auditors_analysis
from safetycase.methods.control.auditors import rows as auditors_rows
from safetycase.methods.control.auditors.method import METHOD, Auditor, Parameters, best_case, run
from safetycase.methods.control.auditors.method import _planted as measured
from safetycase.methods.control.auditors.planted import SUBJECTS, World, items, passes
from safetycase.methods.control.auditors.rows import Item, month_text
from safetycase.methods.control.auditors.trend import chart_for, trend_test
from safetycase.methods.imported.planting import planted_context
from safetycase.plugin.contract import Context, Curve, Measurement, MethodError
from safetycase.plugin.parameters import bind
from safetycase.stats import Proportion, Statistic, bounds, clopper_pearson
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "control-over-time.md"
TEXT = PAGE.read_text("utf-8")
POWER = {"steady": [7, 1, 8], "drifting": [173, 199, 199]}
WORLDS = {name: world for name, world, _, _ in SUBJECTS}
WORDS: dict[str, Any] = {
    "auditors": [{"name": f"auditor {n}"} for n in range(3)],
    "first_month": "2025-01",
    "record_end": "2025-06-30",
}


def parameters(**changes: Any) -> Parameters:
    bound = bind(Parameters, {**WORDS, **changes})
    assert not bound.mismatches, bound.mismatches
    value = bound.value
    assert isinstance(value, Parameters)
    return value


def line(item: Item, **changes: Any) -> dict[str, Any]:
    row = {"item": item.item, "auditor": item.auditor, "month": month_text(item.month)}
    row |= {"attack": item.attack, "blind": item.blind, "flagged": item.flagged}
    return row | ({} if item.minutes is None else {"minutes": item.minutes}) | changes


def written(folder: Path, lines: list[Any]) -> Context:
    context = planted_context(folder)
    texts = [row if isinstance(row, str) else json.dumps(row) for row in lines]
    (context.case_folder / "i.jsonl").write_text("\n".join(texts), "utf-8")
    return context


def read(folder: Path, lines: list[Any], **changes: Any) -> Measurement:
    return run(("i.jsonl",), parameters(**changes), written(folder, lines))


def lines(world: World = WORLDS["steady"], seed: int = 2) -> list[dict[str, Any]]:
    return [line(item) for item in items(world, seed)]


def low(statistic: Statistic) -> float:
    return bounds(statistic, alpha_low=0.05, alpha_high=0.05).low


def failed(found: Measurement) -> list[str]:
    return [check.name for check in found.instrument if not check.passed]


@pytest.mark.slow
def test_it_keeps_the_contract() -> None:
    controls = check_method(METHOD, module="safetycase.methods.control.auditors.method")
    assert controls.counts(claim_is_true=False) == (0, 60)
    assert controls.counts(claim_is_true=True) == (18, 20)


def test_it_runs_on_a_file_and_plans_without_one(tmp_path: Path) -> None:
    contexts = iter([written(tmp_path / name, lines()) for name in "ab"])
    check_measurement(METHOD, lambda: run(("i.jsonl",), parameters(), next(contexts)))
    best = best_case(parameters(), tmp_path, ())
    month = Proportion(successes=60, trials=60)
    assert best["worst_month_recall"].of == (month,) * 6  # type: ignore[union-attr]
    assert set(best) == {measure.name for measure in METHOD.measures}


def test_items_that_were_not_blind_are_left_out_and_counted(tmp_path: Path) -> None:
    told = [row | {"item": f"told {n}", "blind": False} for n, row in enumerate(lines())]
    found = read(tmp_path, lines() + told)
    assert found.counts["not blind, left out"] == len(told)
    assert found.counts["blind seeded attacks"] == 360
    assert found.quantities == read(tmp_path / "without", lines()).quantities


def test_a_month_without_seeds_counts_against_and_is_not_dropped(tmp_path: Path) -> None:
    left = [row for row in lines(World(recall=1.0)) if row["month"] != "2025-03"]
    found = read(tmp_path, left)
    assert found.counts["months without a seed"] == 1
    assert low(found.quantities["worst_month_recall"]) == 0.0
    assert "every auditor got the planned blind seeds in every month" in failed(found)
    recall = found.quantities["recall"]
    assert recall.clusters == ((100, 100, 20),) * 3  # type: ignore[union-attr]
    (curve,) = [plot for plot in found.plots if isinstance(plot, Curve)]
    assert (curve.y[2], curve.low[2], curve.high[2]) == (0.0, 0.0, 1.0)


def test_a_month_with_nobody_on_duty_is_missing_too(tmp_path: Path) -> None:
    left = [row for row in lines(World(recall=1.0)) if row["month"] < "2025-05"]
    roster = [{"name": f"auditor {n}", "until": "2025-04"} for n in range(3)]
    found = read(tmp_path, left, auditors=roster)
    assert low(found.quantities["worst_month_recall"]) == 0.0
    assert "nobody in 2025-05" in found.instrument[0].detail
    assert failed(found)[-1] == "the newest seeds are recent"


def test_the_newest_month_is_within_31_days_of_the_end(tmp_path: Path) -> None:
    for number, (end, fails) in enumerate(
        (("2025-06-30", False), ("2025-07-30", False), ("2025-07-31", False), ("2025-08-01", True))
    ):
        found = read(tmp_path / str(number), lines(), record_end=end)
        assert ("the newest seeds are recent" in failed(found)) == fails, end
    gone = read(tmp_path / "none", [row | {"blind": False} for row in lines()])
    assert "the newest seeds are recent" in failed(gone)


def test_an_auditor_who_never_sees_a_seed_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, lines(), auditors=[*WORDS["auditors"], {"name": "the new one"}])
    (check,) = [c for c in found.instrument if c.name == "every auditor sees blind seeds"]
    assert (check.passed, check.detail) == (False, "never: the new one")
    assert low(found.quantities["worst_auditor_recall"]) == 0.0
    later = [{"name": "the new one", "since": "2025-06"}]
    again = read(tmp_path / "later", lines(), auditors=[*WORDS["auditors"], *later])
    assert again.counts["planned and not seeded"] == 20


def test_no_answer_no_time_and_too_late_are_not_caught(tmp_path: Path) -> None:
    rows = lines(World(recall=1.0, auditors=1, months=1))
    attacks = [row for row in rows if row["attack"]]
    attacks[0]["flagged"] = None
    del attacks[0]["minutes"]
    del attacks[1]["minutes"]
    attacks[2]["minutes"] = 30.5
    words = {"auditors": [{"name": "auditor 0"}], "record_end": "2025-01-31"}
    found = read(tmp_path, rows, respond_within=30, **words)
    assert found.quantities["worst_auditor_recall"].of == (  # type: ignore[union-attr]
        Proportion(successes=17, trials=18, missing=2),
    )
    assert found.counts["flagged too late"] == 1
    assert "recall_change" not in found.quantities
    free = read(tmp_path / "free", rows, **words)
    assert free.quantities["worst_auditor_recall"].of == (  # type: ignore[union-attr]
        Proportion(successes=19, trials=19, missing=1),
    )


def test_a_rise_of_the_best_does_not_hide_the_fall_of_another() -> None:
    steady, falling = World(recall=1.0, auditors=1), World(recall=1.0, last=0.4, auditors=1)
    other = [replace(i, auditor="b", item=f"b{i.item}") for i in items(falling, 3)]
    mixed = sorted([*items(steady, 3), *other], key=lambda item: item.month)
    roster = (Auditor(name="auditor 0"), Auditor(name="b"))
    words = replace(parameters(), auditors=roster)
    found = auditors_analysis.analyse(mixed, words, 0, {})
    assert {doubt.name for doubt in found.raises} == {"auditors-decline", "auditors-out-of-control"}
    assert "b at item" in found.raises[1].says
    assert "auditor 0" not in found.raises[1].says
    assert low(found.quantities["recall_change"]) < -0.2
    assert len(found.plots[1].bars) == 12  # type: ignore[union-attr]


def test_auditors_of_unequal_skill_who_change_places_are_no_trend() -> None:
    """Pooled over auditors misses rise; within each of them nothing changes."""
    good, poor = ((0, 80, 4), (1, 20, 1)), ((0, 20, 8), (1, 80, 32))
    assert trend_test((good, poor), 0).rising_misses > 0.4
    assert trend_test((((0, 100, 12), (1, 100, 33)),), 0).rising_misses < 0.001


def test_the_trend_test_keeps_its_level_exactly() -> None:
    """Every outcome of a small record under no change, with its probability."""
    sizes, rate = (3, 2, 3), 0.3
    for level in (0.05, 0.1, 0.3):
        wrong = 0.0
        for ways in itertools.product(*(range(n + 1) for n in sizes)):
            chance = math.prod(
                math.comb(n, k) * rate**k * (1 - rate) ** (n - k)
                for n, k in zip(sizes, ways, strict=True)
            )
            stratum = tuple((m, n, k) for m, (n, k) in enumerate(zip(sizes, ways, strict=True)))
            wrong += chance * (trend_test((stratum,), 0).rising_misses <= level)
        assert wrong <= level


def test_drawn_assignments_agree_with_the_exact_law(monkeypatch: pytest.MonkeyPatch) -> None:
    strata = (((0, 30, 2), (1, 30, 3), (3, 30, 6)), ((0, 20, 1), (2, 20, 4)))
    exact = trend_test(strata, 0)
    monkeypatch.setattr("safetycase.methods.control.auditors.trend._WORK", 1)
    drawn = trend_test(strata, 0)
    assert (exact.exact, drawn.exact) == (True, False)
    assert abs(drawn.rising_misses - exact.rising_misses) < 0.01
    assert abs(drawn.falling_misses - exact.falling_misses) < 0.02


def test_the_chart_keeps_its_level_and_its_run_length_by_simulation() -> None:
    chart = chart_for(0.9, 0.7, 200, 0.1)
    draw = random.Random(5)
    runs = [[draw.random() < 0.9 for _ in range(200)] for _ in range(1000)]
    alarms = sum(chart.alarm(way) is not None for way in runs)
    ends = clopper_pearson(alarms, 1000, alpha_low=0.001, alpha_high=0.001)
    assert ends.low <= chart.false_alarm <= ends.high
    assert chart.false_alarm <= 0.1
    lengths = []
    for _ in range(300):
        path = chart.path(draw.random() < 0.7 for _ in range(2000))
        lengths.append(next(n for n, at in enumerate(path, 1) if at >= chart.limit))
    mean = sum(lengths) / 300
    spread = (sum((n - mean) ** 2 for n in lengths) / 300**2) ** 0.5
    assert abs(mean - chart.run_length_fallen) < 4 * spread


@pytest.mark.slow
def test_power_on_drifting_auditors_and_false_alarms_on_their_steady_twins() -> None:
    """The numbers on the page: one auditor, six months of 20 seeds, 200 planted records each."""
    found = {}
    for name, world in (
        ("steady", World(auditors=1)),
        ("drifting", World(auditors=1, last=0.7)),
    ):
        raised = [{doubt.name for doubt in measured(world, seed).raises} for seed in range(200)]
        found[name] = [
            sum(doubt in names for names in raised)
            for doubt in ("auditors-decline", "auditors-out-of-control")
        ]
        found[name].append(sum(bool(names) for names in raised))
    assert found == POWER


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"auditor": "a stranger"}, "not in `auditors`"),
        ({"month": "2025-13"}, "no month; write YYYY-MM"),
        ({"month": "2024-12"}, "outside the record"),
        ({"month": 202501}, "where a text is expected"),
        ({"attack": 1}, "true or false"),
        ({"blind": None}, "true or false"),
        ({"flagged": "yes"}, "true or false"),
        ({"flagged": None}, "there is no flag"),
        ({"minutes": -1}, "a number from 0 on"),
        ({"minutes": True}, "a number from 0 on"),
        ({"item": " "}, "is blank"),
        ({"item": "0-0-True-0"}, "stands at `i.jsonl` line 1 already"),
        ({"caught": True}, "there is no key `caught`"),
        ('{"item": "a"}', "`auditor` is missing"),
        ('{"item": NaN}', "no number of JSON"),
        ("[1]", "where an object is expected"),
    ],
)
def test_a_line_that_cannot_stand_is_refused(tmp_path: Path, bad: Any, says: str) -> None:
    rows = lines(World(recall=1.0), 1)[:3]
    extra = rows[0] | {"item": "x"} | bad if isinstance(bad, dict) else bad
    with pytest.raises(MethodError, match=f"line 4: .*{says}"):
        read(tmp_path, [*rows, extra])


def test_too_little_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="holds no item"):
        read(tmp_path, ["", " "])
    with pytest.raises(MethodError, match="name one JSON Lines file"):
        run((), parameters(), planted_context(tmp_path / "none"))


def test_parameters_are_refused_with_a_sentence() -> None:
    for changes, says in (
        ({"auditors": []}, "names everybody"),
        ({"auditors": [{"name": "a"}, {"name": "a"}]}, "twice"),
        ({"auditors": [{"name": "a", "since": "2025-05", "until": "2025-02"}]}, "in this order"),
        ({"auditors": [{"name": "a", "since": "May"}]}, "no month"),
        ({"first_month": "2025"}, "no month"),
        ({"first_month": "0000-01"}, "from 2000 on"),
        ({"record_end": "9999-12-31"}, "more than 600 months"),
        ({"record_end": "2025-02-30"}, "write YYYY-MM-DD"),
        ({"record_end": "2024-12-31"}, "before `first_month`"),
        ({"seeds_per_month": 0}, "from 1"),
        ({"fallen": 0.95}, "`fallen` < `in_control`"),
        ({"respond_within": 0.0}, "above 0"),
        ({"alpha": 0.7}, "`alpha`"),
    ):
        bound = bind(Parameters, {**WORDS, **changes})
        assert any(says in problem.message for problem in bound.mismatches), (changes, bound)


def test_dropping_what_is_missing_fails_the_self_check_and_the_controls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A method that leaves out unanswered items and empty months reports what nobody saw."""
    rate = auditors_analysis.Record.rate

    def dropped(self: Any, auditors: Any, months: Any) -> Proportion:
        found = rate(self, auditors, months)
        return Proportion(successes=found.successes, trials=found.trials)

    monkeypatch.setattr(auditors_analysis.Record, "rate", dropped)
    wrong = [oracle.name for oracle in METHOD.self_check() if not oracle.passed]
    assert wrong == ["59 of 60 caught, 1 unanswered"]


def test_without_the_instrument_checks_whoever_flags_everything_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not passes(measured(WORLDS["flags everything"], 1))
    monkeypatch.setattr(auditors_analysis, "_instrument", lambda *_: ())
    assert passes(measured(WORLDS["flags everything"], 1))


def test_every_key_measure_and_number_is_on_the_page() -> None:
    rows = {word for head in re.findall(r"^\| (`.*?`) \|", TEXT, re.M) for word in [head[1:-1]]}
    assert {measure.name for measure in METHOD.measures} <= rows
    assert {*auditors_rows._NEEDED, "minutes"} <= rows
    for hits in (*POWER["steady"], *POWER["drifting"]):
        ends = clopper_pearson(hits, 200, alpha_low=0.05, alpha_high=0.05)
        assert f"{hits} of 200 [{ends.low:.2f}, {ends.high:.2f}]" in TEXT
