"""Review rules on stated results: L07 and L08."""

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
)
from safetycase.stats import clopper_pearson


@pytest.mark.parametrize(
    ("n", "percent"), [(50, "5.82 %"), (300, "0.994 %"), (1000, "0.299 %"), (29956, "0.01 %")]
)
def test_l07_zero_of_n_is_shown_as_its_upper_bound(n: int, percent: str) -> None:
    """One-sided 95 % bounds of Clopper and Pearson: 1 - 0.05 ** (1 / n)."""
    (finding,) = only("L07", swap(BASE, ("seldom missed.", f"missed in 0 of {n:,} tries.")))
    assert finding.hint is not None
    assert f"at most {percent} at 95 %" in finding.hint
    assert math.isclose(
        clopper_pearson(0, n, alpha_low=0.05, alpha_high=0.05).high,
        1 - 0.05 ** (1 / n),
        rel_tol=1e-9,
    )


@pytest.mark.parametrize(
    "text",
    [
        "missed in 10 of 50 tries.",
        "missed at 10/10/2026, by version 2.0/3.",
        "missed in 0 of 50 tries, at most 5.8 %.",
        "missed by v1.0 of 50 tools.",
        "missed 0 times in a year of use.",
        "missed in 0/0 tries.",
    ],
)
def test_l07_keeps_quiet_on_other_numbers(text: str) -> None:
    assert codes(swap(BASE, ("seldom missed.", text))) == set()


CITED = leaf(
    "red team",
    "instrument: suite 2.1",
    "dated: 2026-11-01",
    "evaluated_n: 400",
    text=swap(
        BASE,
        (
            "type: simulation",
            "artefact: report.pdf\n          statistic: upper bound\n          type: simulation",
        ),
    ),
)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("            instrument: suite 2.1\n", "what was tested"),
        ("            dated: 2026-11-01\n", "when"),
        ("            evaluated_n: 400\n", "how many"),
        ("          statistic: upper bound\n", "the bound"),
    ],
)
def test_l07_a_cited_absence_states_how_it_was_looked_for(line: str, what: str) -> None:
    assert codes(CITED) == set()
    assert what in only("L07", swap(CITED, (line, "")))[0].message
    at_least = swap(CITED, (line, ""), ("miss_rate <= 0.10", "miss_rate >= 0.10"))
    assert only("L07", at_least) == []


@pytest.mark.parametrize(
    ("statistic", "fires"),
    [
        ("mean score", True),
        ("point estimate of the rate", True),
        ("median", True),
        ("upper bound of the mean", False),
        ("95 % interval of the rate", False),
        ("posterior odds", False),
        ("AUROC", False),
    ],
)
def test_l08_asks_for_an_end_of_an_interval(statistic: str, fires: bool) -> None:
    text = swap(BASE, ("type: simulation", f"statistic: {statistic}\n          type: simulation"))
    assert ("L08" in codes(text)) is fires


def test_l08_says_where_an_interval_straddles_the_threshold() -> None:
    text = swap(BASE, ("type: simulation", "method: toy/coin"))
    record = recorded(E_MISSED=EvidenceFacts(outcome="inconclusive"))
    (note,) = only("L08", text, record)
    assert note.severity == "note"
    assert "undetermined" in note.message
    assert only("L08", text, recorded(E_MISSED=EvidenceFacts(outcome="supports"))) == []
