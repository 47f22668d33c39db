"""False alarms of the parts that only the engine has: canaries, drift, and segments."""

from __future__ import annotations

import math
import random

import pytest
from tests.monitor.streams import indicator

from safetycase.argument.model import Canaries
from safetycase.monitor.detecting import CanaryWatch, alarm_at, detector_of
from safetycase.stats.detectors import RateProcess
from safetycase.stats.reach import Reach

RUNS = 2000


def most(nominal: float) -> float:
    return nominal + 3 * math.sqrt(nominal * (1 - nominal) / RUNS)


@pytest.mark.slow
def test_canaries_at_the_floor_blind_seldom_and_at_the_measured_recall_seldom_warn() -> None:
    draw, canaries = random.Random(29), Canaries(recall=0.9, at_least=0.8, budget=0.1)
    blind = warned = 0
    for _ in range(RUNS):
        floor, measured = CanaryWatch(canaries), CanaryWatch(canaries)
        for _ in range(150):
            floor.observe(float(draw.random() < 0.8))
            measured.observe(float(draw.random() < 0.9))
            if floor.blind:
                break
        blind += floor.blind
        warned += measured.decayed
    assert 0 < blind / RUNS <= most(0.05)
    assert warned / RUNS <= most(0.05)


@pytest.mark.slow
def test_inputs_like_the_reference_seldom_warn_of_drift() -> None:
    """Each run has a reference of its own: that it reaches too little is paid for as well."""
    draw, warned = random.Random(31), 0
    for _ in range(RUNS):
        rows = [[draw.gauss(0, 1)] for _ in range(120)]
        reach = Reach(rows, share=0.1, doubt=0.05)
        process = RateProcess(0.1, alarm_at=alarm_at(0.05, 1))
        inputs = ([draw.gauss(0, 1)] for _ in range(60))
        warned += any(process.observe(float(reach.beyond(one))) for one in inputs)
    assert warned / RUNS <= most(0.05 + 0.025)


@pytest.mark.slow
def test_with_every_alarm_resolved_the_budget_still_holds() -> None:
    """A reviewer resolves each false alarm at once, and the next segment begins."""
    draw, alarmed, alarms = random.Random(37), 0, 0
    watched = indicator(threshold=0.2, budget=0.2)
    for _ in range(RUNS):
        segment, detector = 1, detector_of(watched, 1)
        for _ in range(200):
            if detector.observe(float(draw.random() < 0.2)):
                segment += 1
                detector = detector_of(watched, segment)
        alarmed += segment > 1
        alarms += segment - 1
    assert 0 < alarmed / RUNS <= most(0.1)
    assert alarms / RUNS <= most(0.2)
