"""What a failed shot says of the chance that is left."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.agenda.shots import (
    CLAIMED,
    after_failures,
    cost_text,
    left,
    shot_id,
    standing,
)
from safetycase.argument.model import Chance
from safetycase.ledger import ShotRecord

chances = st.floats(0, 1)


def shot(name: str, outcome: str | None = None) -> ShotRecord:
    return ShotRecord(
        id=name,
        seq=1,
        at="",
        item="P",
        by="x",
        approach="y",
        outcome=outcome,  # type: ignore[arg-type]
    )


def test_bayes_by_hand() -> None:
    # r = 1/2, s = 1/2: after one failure 1/4 against 1/2, so 1/3; after two 1/8 against 1/2.
    assert after_failures(0.5, 0.5) == pytest.approx(1 / 3)
    assert after_failures(0.5, 0.25) == pytest.approx(1 / 5)
    assert after_failures(1.0, 0.5) == 1.0
    assert after_failures(1.0, 0.0) == 0.0
    assert after_failures(0.0, 0.3) == 0.0


@pytest.mark.parametrize("bad", [(-0.1, 0.5), (0.5, 1.1), (float("nan"), 0.5)])
def test_what_is_no_chance_is_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="outside 0 to 1"):
        after_failures(*bad)


@given(chances, chances, chances, chances, st.integers(0, 20), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=60)
def test_every_chance_in_the_intervals_stays_in_what_is_left(
    a: float, b: float, c: float, d: float, failures: int, t: float, u: float
) -> None:
    solvable = Chance(at_least=min(a, b), at_most=max(a, b))
    each = Chance(at_least=min(c, d), at_most=max(c, d))
    rest = left(solvable, [(each, failures)])
    r = solvable.at_least + t * (solvable.at_most - solvable.at_least)
    s = min(1.0, each.at_least + u * (each.at_most - each.at_least))
    inside = after_failures(min(r, 1.0), (1 - s) ** failures)
    if 0 < r < 1 or failures == 0:
        assert rest.at_least - 1e-9 <= inside <= rest.at_most + 1e-9
    assert rest.at_most <= solvable.at_most + 1e-9


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.9), st.integers(0, 15))
@settings(max_examples=40)
def test_each_failure_leaves_less(r: float, s: float, m: int) -> None:
    assert after_failures(r, (1 - s) ** (m + 1)) < after_failures(r, (1 - s) ** m)


def test_nothing_failed_leaves_exactly_what_was_stated() -> None:
    stated = Chance(at_least=0.1, at_most=0.9)
    assert left(stated, [(Chance(at_least=0.2, at_most=0.3), 0)]) == stated


def test_a_solved_shot_closes_nothing_and_says_so() -> None:
    assert standing([shot("P:1", "failed"), shot("P:2", "solved")]) == CLAIMED
    assert standing([shot("P:1", "failed"), shot("P:2")]) == "open (1 running, 1 failed)"
    assert standing([shot("P:1", "partial")]) == "open (1 partly solved)"
    assert standing([]) == "open"


def test_ids_are_never_used_again() -> None:
    assert shot_id("A/P", []) == "A/P:1"
    assert shot_id("P", [shot("P:1"), shot("P:3")]) == "P:2"
    assert shot_id("P", [shot("P:1"), shot("P:2")]) == "P:3"


def test_costs_are_decimal_texts() -> None:
    assert [cost_text(c) for c in (0, 2.0, 2.5, 1e300)] == ["0", "2", "2.5", "1e+300"]
    for bad in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="at least 0"):
            cost_text(bad)
