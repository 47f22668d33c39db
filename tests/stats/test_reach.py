"""Beyond the reach of a reference: the tolerance bound exactly, and by simulation."""

from __future__ import annotations

import math
import random

import pytest

from safetycase.stats.reach import Reach, _place
from safetycase.stats.special import incomplete_beta


def test_the_place_is_that_of_the_published_tolerance_bound() -> None:
    """The largest of 59 leaves at most 5 % beyond it with 95 % confidence (Wilks 1941)."""
    assert _place(59, 0.05, 0.05) == 59
    with pytest.raises(ValueError, match="it takes 118 rows"):
        _place(58, 0.05, 0.05)
    place = _place(400, 0.05, 0.01)
    assert 1 - incomplete_beta(0.05, 400 - place + 1, place) <= 0.01
    assert 1 - incomplete_beta(0.05, 400 - place + 2, place - 1) > 0.01


@pytest.mark.slow
def test_the_share_beyond_is_kept_as_often_as_stated() -> None:
    draw, broken, runs = random.Random(1), 0, 100
    for _ in range(runs):
        rows = [[draw.gauss(0, 1), draw.expovariate(1)] for _ in range(300)]
        reach = Reach(rows, share=0.1, doubt=0.1)
        beyond = sum(reach.beyond([draw.gauss(0, 1), draw.expovariate(1)]) for _ in range(200))
        broken += beyond / 200 > 0.1 + 3 * math.sqrt(0.09 / 200)
    assert broken / runs <= 0.1


def test_other_inputs_lie_beyond() -> None:
    draw = random.Random(2)
    # Two clusters, so that what lies between them is as strange as what lies outside.
    rows = [[draw.gauss(5 * (at % 4 // 2), 0.3), 7.0] for at in range(400)]
    reach = Reach(rows, share=0.05, doubt=0.025)
    assert not reach.beyond([0.1, 7.0])
    assert not reach.beyond([5.1, 7.0])
    assert reach.beyond([2.5, 7.0])
    assert reach.beyond([5.1, 9.0])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "width"),
        ([[1.0], [1.0, 2.0]], "width"),
        ([[]] * 200, "width"),
        ([[1.0], [math.nan]] * 200, "finite"),
        ([[1.0]] * 50, "rows"),
    ],
)
def test_it_refuses_what_shows_nothing(rows: list[list[float]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Reach(rows, share=0.05, doubt=0.025)
