"""A length of time is told in the unit that a person would say it in."""

from __future__ import annotations

import math

import pytest

from safetycase.monitor.times import length


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (259200, "3 days"),
        (86400, "1 day"),
        (36 * 3600, "36 hours"),
        (5400, "90 minutes"),
        (90, "90 s"),
        (1.5, "1.5 s"),
        (math.inf, "inf s"),
    ],
)
def test_a_length_of_time(seconds: float, says: str) -> None:
    assert length(seconds) == says
