"""Review rules on what is declared of a leaf: L06, L09 to L11, L14, L15, L23, L24."""

from __future__ import annotations

import math

import pytest
from tests.checks.cases import (
    BASE,
    codes,
    leaf,
    only,
    recorded,
    swap,
)

from safetycase.checks.record_facts import (
    EvidenceFacts,
    PlantedFacts,
)
from safetycase.checks.review_leaves import strategic_sensitivity


@pytest.mark.parametrize("kind", ["detection", "probe"])
def test_l06_planted_subjects_of_the_method_count_too(kind: str) -> None:
    extra = ("signal_trained_on: false",) if kind == "probe" else ()
    text = leaf(kind, *extra)
    (finding,) = only("L06", text)
    assert finding.severity == "error"
    planted = PlantedFacts(false_passes=1, false_runs=20, true_passes=20, true_runs=20)
    assert only("L06", text, recorded(E_MISSED=EvidenceFacts(controls=planted))) == []
    none = PlantedFacts(false_passes=0, false_runs=0, true_passes=20, true_runs=20)
    assert only("L06", text, recorded(E_MISSED=EvidenceFacts(controls=none)))
    assert only("L06", leaf(kind, "planted_positives: not stated", *extra))


AFFORDANCES = "affordances: [prompting, document planting]"


@pytest.mark.parametrize(
    ("lines", "lacking"),
    [
        ((), "without its definition"),
        (("safety: per attempt race",), "`attack_rate`, `horizon`, `affordances`"),
        (("safety: deployment independent", "attack_rate: 1", AFFORDANCES), "`horizon`"),
        (("safety: full information", AFFORDANCES), "`horizon`"),
        (("safety: full information", "horizon: 10000", AFFORDANCES), ""),
        (("safety: constant rate supremum", "horizon: 10000", AFFORDANCES), ""),
    ],
)
def test_l09_each_definition_states_what_it_needs(lines: tuple[str, ...], lacking: str) -> None:
    got = only("L09", leaf("control evaluation", *lines))
    assert bool(got) is bool(lacking)
    assert all(lacking in f.message and f.severity == "error" for f in got)


def test_l09_the_numbers_of_its_hint_follow_from_the_published_rates() -> None:
    """Per attempt 24/71 caught and 13/71 won (Greenblatt et al. 2023): race, deployment."""
    caught, won = 24 / 71, 13 / 71

    def safety(rate: float, n: int) -> float:
        ends = caught + won
        return 1 - won / ends * (1 - (1 - rate * ends) ** n)

    assert math.isclose(safety(1, 1500), 24 / 37, abs_tol=1e-9)
    assert [round(safety(*x), 2) for x in ((1, 1500), (0.001, 1500), (0.001, 100))] == [
        0.65,
        0.81,
        0.98,
    ]


@pytest.mark.parametrize(
    ("lines", "fires"),
    [
        (("control_level: 1", AFFORDANCES), False),
        (("control_level: 1", "affordances: [prompting]"), True),
        (("control_level: 1",), True),
        (("control_level: 2", AFFORDANCES), True),
        (
            ("control_level: 2", "affordances: [prompting, document planting, goal installation]"),
            False,
        ),
        (("control_level: 5", "affordances: [prompting, document planting, final move]"), True),
        (("control_level: 9", AFFORDANCES), True),
        (("last_move: red",), False),
        (("last_move: blue",), True),
        ((AFFORDANCES,), False),
    ],
)
def test_l10_the_red_team_matches_the_model(lines: tuple[str, ...], fires: bool) -> None:
    assert bool(only("L10", leaf("red team", *lines))) is fires


@pytest.mark.parametrize(
    ("tuned", "tested", "fires"),
    [
        ("[a, b]", "[B ]", True),
        ("[a]", "[a, b]", False),
        ("[a]", "[]", False),
        ("[]", "[a]", False),
    ],
)
def test_l11_something_was_held_out(tuned: str, tested: str, fires: bool) -> None:
    text = leaf("red team", f"tuned_on: {tuned}", f"tested_on: {tested}")
    assert bool(only("L11", text)) is fires


@pytest.mark.parametrize(
    ("volume", "horizon", "n", "fires"),
    [
        ("1000 tasks per month", "10 months", 10, False),  # exactly 1000 times
        ("1001 tasks per month", "10 months", 10, True),
        ("120000 tasks per year", "1 month", 9, True),
        ("10001 tasks", "10 months", 10, True),  # a volume that is a total
        ("many tasks", "10 months", 10, False),
        ("100000 tasks per month", "until release", 10, False),
        ("100000 tasks per month", "10 releases", 10, False),
    ],
)
def test_l14_over_a_thousand_times_as_many(volume: str, horizon: str, n: int, fires: bool) -> None:
    text = swap(
        leaf("simulation", f"evaluated_n: {n}"),
        ("1000 tasks per month", volume),
        ("10 months", horizon),
    )
    assert bool(only("L14", text)) is fires


def test_l14_takes_the_size_from_record_or_plan_and_accepts_a_value_over_the_deployment() -> None:
    big = swap(BASE, ("1000 tasks per month", "1000000 tasks per month"))
    cited = leaf("red team", text=big)
    assert only("L14", cited) == []  # nobody says how many
    assert only("L14", cited, recorded(E_MISSED=EvidenceFacts(n=400)))
    assert only("L14", swap(cited, ("type: red team", "type: red team\n          plan: {n: 400}")))
    whole = leaf(
        "control evaluation",
        "safety: full information",
        "horizon: 10000000",
        "evaluated_n: 400",
        AFFORDANCES,
        text=big,
    )
    assert codes(whole) == set()
    assert only("L14", swap(whole, ("horizon: 10000000", "horizon: 9999999")))


@pytest.mark.parametrize("n", ["-5", "0", "9" * 400])
def test_absurd_sizes_are_no_traceback(n: str) -> None:
    text = leaf("honeypot evaluation", f"evaluated_n: {n}", f"horizon: {n}")
    huge = swap(text, ("1000 tasks per month", f"{'9' * 400} tasks per month"))
    assert "L15" in codes(text) & codes(huge)


@pytest.mark.parametrize(
    ("n", "fixed", "best"), [(1000, 0.905, 0.368), (10_000, 0.368, 0.368), (0, 1.0, 1.0)]
)
def test_l15_known_answers_of_kovarik_et_al(n: int, fixed: float, best: float) -> None:
    found = strategic_sensitivity(n)
    assert round(found.fixed_rate, 3) == fixed
    assert round(found.best_response, 3) == best
    assert found.distinguishing == 1


def test_l23_the_best_of_a_hundred_is_large_by_chance() -> None:
    """100 items at 70 %, 100 noise levels, no effect: the ratio to one baseline, exactly."""
    n, p, levels = 100, 0.7, 100
    mass = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    below = [sum(mass[: k + 1]) for k in range(n + 1)]
    best = [below[k] ** levels - (below[k - 1] ** levels if k else 0) for k in range(n + 1)]
    ratios = sorted((m / b, best[m] * mass[b]) for m in range(n + 1) for b in range(1, n + 1))
    mean, total, quantile = sum(r * w for r, w in ratios), 0.0, 0.0
    for ratio, weight in ratios:
        total += weight
        if total >= 0.95:
            quantile = ratio
            break
    assert round(mean, 2) == 1.16
    assert round(quantile, 1) == 1.3


def test_l24_asks_where_nothing_is_said() -> None:
    (note,) = only("L24", leaf("legibility test"))
    assert note.severity == "note"
    assert only("L24", leaf("detection", "planted_positives: some")) == []
    assert only("L24", leaf("detection", "planted_positives: some", "signal_trained_on: true"))
