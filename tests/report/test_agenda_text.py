"""The agenda in the terminal: within the width, and safe to look at."""

from __future__ import annotations

from typing import Any

import pytest

from safetycase.report.agenda_text import agenda_lines, fund_lines, library_lines, small
from safetycase.report.clean import columns


def chance(low: float, high: float) -> dict[str, float]:
    return {"at_least": low, "at_most": high}


ALIKE = {"solvable": chance(0.1, 0.9), "each_shot": chance(0.02, 0.5), "cost": 1.0, "said": "wide"}


def item(**more: Any) -> dict[str, Any]:
    return {
        "id": "OP4",
        "what": "problem",
        "kind": "theory",
        "kind_stated": True,
        "says": "Solve it.",
        "closed_when": "it is solved",
        "proxy": "a run",
        "command": None,
        "carries": True,
        "library": None,
        "instance_of": None,
        "who": None,
        "tried": [],
        "shots": [],
        "status": "open",
        "path": ["SAFE", "OP4"],
        "price_of_doubt": None,
        "value_of_more_trials": None,
        "value_of_knowing": {"value": 0.0},
        "lift": {
            "bound_now": 0.0,
            "bound_if_solved": 0.5,
            "point_now": 0.1,
            "point_if_solved": 0.2,
            "log_odds_per_cost": 0.8,
        },
        "prospects": {
            "solvable": chance(0.1, 0.9),
            "solvable_before_shots": chance(0.1, 0.9),
            "failed_shots": 0,
            "judged_by": None,
            "cost": 2.0,
        },
    } | more


def agenda(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "items": list(items),
        "groups": [],
        "groups_of": "problems",
        "substitutes": [],
        "truncated": False,
        "taken_alike": {"for": ["OP4"], **ALIKE},
        "taken_to_hold": [],
        "notes": [],
        "threshold": 0.9,
        "model": "exact within the declared point model",
    } | more


def test_an_item_says_what_solving_it_would_do() -> None:
    text = "\n".join(agenda_lines(agenda(item()), 200))
    assert "OP4  [problem]  theory\n  Solve it.\n  closed when: it is solved" in text
    assert "headline bound 0 → 0.5; point 0.1 → 0.2 (log odds +0.8 for each unit of cost)" in text
    assert "can be solved: 0.1 to 0.9 (nobody stated it); a shot costs 2" in text
    assert "Nobody stated these numbers; taken alike for 1 items" in text
    assert "exact within the declared point model" in text


def test_shots_and_what_they_left_are_shown() -> None:
    shot = {
        "id": "OP4:1",
        "by": "us",
        "cost": "2",
        "approach": "games",
        "outcome": "solved",
        "says": "yes",
    }
    prospects = item()["prospects"] | {"failed_shots": 2, "solvable": chance(0.05, 0.8)}
    shown = item(
        shots=[shot, shot | {"outcome": None}],
        status="claimed solved, not yet in the case",
        prospects=prospects,
    )
    text = "\n".join(agenda_lines(agenda(shown), 100))
    assert "stands: claimed solved, not yet in the case" in text
    assert "shot OP4:1 us, cost 2: games — solved: yes" in text
    assert "games — running" in text
    assert "0.05 to 0.8, 0.1 to 0.9 before 2 failed (nobody stated it)" in text


def test_an_unknown_library_problem_is_named() -> None:
    text = "\n".join(agenda_lines(agenda(item(instance_of="aisi/P99")), 100))
    assert "library: there is no problem `aisi/P99`" in text


@pytest.mark.parametrize("width", [24, 60, 140])
def test_hostile_text_stays_within_the_width_and_drives_no_terminal(width: int) -> None:
    bad = "\x1b[31m\u202e" + "漢" * 50 + "x" * 10_000
    data = agenda(item(id=bad, says=bad, closed_when=bad, path=[bad], who=bad, status=bad))
    split = {
        "budget": 10.0,
        "spent": 9.0,
        "value": chance(0.1, 0.2),
        "value_without_funding": chance(0.0, 0.0),
        "exact": False,
        "bound": 0.3,
        "funded": [{"item": bad, "shots": 3, "cost": 9.0, "chance": chance(0.1, 0.2)}],
        "frontier": [
            {"budget": 0.0, "value": chance(0, 0)},
            {"budget": 10.0, "value": chance(0, 1)},
        ],
        "order": {"items": [bad], "expected_cost": 1.0, "optimal": False, "why": bad},
        "taken_alike": {"for": [bad] * 30, **ALIKE},
        "taken_as_done": [bad],
        "not_needed": [bad],
        "taken_to_hold": [bad],
        "notes": [bad],
    }
    entry = dict.fromkeys(("id", "title", "says", "recognised_when", "proxy", "area", "kind"), bad)
    lines = [
        *agenda_lines(data, width),
        *fund_lines(split, {bad: bad}, width),
        *library_lines([entry | {"sources": [bad]}], width, whole=True),
        *library_lines([entry | {"sources": [bad]}], width, whole=False),
    ]
    for line in lines:
        assert columns(line) <= width
        assert "\x1b" not in line
        assert "\u202e" not in line


def test_numbers_are_never_a_bare_zero_unless_they_are() -> None:
    assert [small(n) for n in (0, 0.0, 5e-16, 0.38591, 100.0)] == [
        "0", "0", "5e-16", "0.386", "100",
    ]  # fmt: skip
