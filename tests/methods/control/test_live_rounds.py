"""Who moved last, and whether the red team could do what the model can."""

from __future__ import annotations

import pytest

from safetycase.argument.model import Affordance
from safetycase.methods.control.live.rounds import ADAPTIVE, LEVELS, Round, moved_last, needed, told

RED = Round(by="red", changed="new strategies", affordances=("prompting", "document planting"))
BLUE = Round(by="blue", changed="a new threshold")


def passed(*rounds: Round, adaptive: str = "none", level: int | None = None, shown=()) -> bool:  # type: ignore[no-untyped-def]
    check = moved_last(rounds, adaptive, level, shown)
    assert check is not None
    return check.passed


def test_nothing_is_said_where_nothing_was_declared() -> None:
    assert moved_last((), "none", None, ()) is None
    assert "not known" in told((), "none")


def test_blue_last_fails_until_red_adapts() -> None:
    assert passed(BLUE, RED, shown=("prompting",))
    assert not passed(RED, BLUE, shown=("prompting",))
    assert passed(RED, BLUE, adaptive="search", shown=("prompting", *ADAPTIVE))
    assert not passed(level=1)
    why = moved_last((RED, BLUE), "none", None, ())
    assert why is not None
    assert "blue team moved last" in why.detail


def test_each_level_needs_what_it_adds() -> None:
    assert needed(5) is None
    assert len(needed(4) or ()) == sum(len(names) for names in LEVELS.values())
    for level in range(1, 5):
        wanted = needed(level) or ()
        full = Round(by="red", changed="all", affordances=wanted)
        assert passed(full, level=level, shown=wanted)
        assert not passed(full, level=level + 1, shown=(*wanted, *ADAPTIVE))
        for name in wanted:
            less = tuple(other for other in wanted if other != name)
            check = moved_last(
                (Round(by="red", changed="less", affordances=less),), "none", level, less
            )
            assert check is not None
            assert not check.passed
            assert name in check.detail


def test_an_affordance_that_a_run_can_show_and_did_not_use_does_not_count() -> None:
    assert not passed(RED, level=1)
    check = moved_last((RED,), "none", 1, ())
    assert check is not None
    assert "declared, and not used in this run: prompting" in check.detail
    assert passed(RED, level=1, shown=("prompting",))
    papers = Round(by="red", changed="x", affordances=("document planting",))
    assert passed(papers, level=1, shown=("prompting",))  # used in the run, declared or not


def test_the_adaptive_round_of_the_run_is_a_round_of_red() -> None:
    said = told((RED, BLUE), "search")
    assert said.startswith("1. red: new strategies (with prompting")
    assert "2. blue: a new threshold;" in said
    assert "3. red: chose" in said
    assert "threshold, final move" in said


def test_impossible_rounds_are_refused() -> None:
    twice: tuple[Affordance, ...] = ("clock", "clock")
    for arguments in (
        {"by": "red", "changed": " "},
        {"by": "blue", "changed": "x", "affordances": ("clock",)},
        {"by": "red", "changed": "x", "affordances": twice},
    ):
        with pytest.raises(ValueError, match="round"):
            Round(**arguments)  # type: ignore[arg-type]
