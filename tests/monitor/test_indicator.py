"""Monitors of a case as indicators: what is taken over, what is refused, and in which words."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.monitor.streams import indicator

from safetycase.argument.expression import parse
from safetycase.argument.model import Canaries, Case, Duration, Monitor
from safetycase.checks.monitors import indicator_digest
from safetycase.monitor.indicator import indicators_of, unwatched


def monitor(alarm: str | None = "recall < 0.8", **changes: Any) -> Monitor:
    base: dict[str, Any] = {"id": "M", "says": "It sees.", "owner": "team"}
    when = None if alarm is None else parse(alarm)
    return Monitor(**{**base, "alarm_when": when, **changes})


def case(*monitors: Monitor) -> Case:
    made = object.__new__(Case)
    object.__setattr__(made, "elements", {one.id: one for one in monitors})
    return made


def rows(_: str) -> list[list[float]]:
    return [[float(at)] for at in range(300)]


def test_it_takes_over_what_the_monitor_says_in_seconds() -> None:
    said = monitor(
        "0.8 >= recall",
        metric="seeded.caught",
        alternative=(0.5,),
        budget=0.01,
        window=Duration(text="2 days", seconds=172_800),
        silent_after=Duration(text="3 days", seconds=259_200),
        canaries=Canaries(recall=0.9, at_least=0.5),
        weight_at_most=4.0,
    )
    (one,) = indicators_of(case(said), reference=rows)
    assert (one.metric, one.quantity, one.op, one.threshold) == (
        "seeded.caught",
        "recall",
        "<=",
        0.8,
    )
    assert (one.window, one.silent_after, one.weight_at_most) == (172_800, 259_200, 4)
    assert one.digest == indicator_digest(said)
    assert not one.above
    assert (one.lateness, one.patience, one.cadence) == (300, 259_200, 129_600)


def test_without_a_window_it_is_a_day_and_without_silence_the_window_decides() -> None:
    (one,) = indicators_of(case(monitor()), reference=rows)
    assert (one.length, one.lateness, one.cadence) == (86_400, 300, 86_400)
    assert one.patience == math.inf
    assert one.metric == "recall"
    assert indicator(heartbeat=60.0).patience == 180
    assert indicator(window=60.0).lateness == 6


def test_what_measures_nothing_is_named_and_left_out() -> None:
    told = case(monitor(None, id="WORDS"), monitor(id="M"))
    assert [one.id for one in indicators_of(told, reference=rows)] == ["M"]
    assert unwatched(told) == ("WORDS",)


def test_a_reference_is_read_or_the_reason_is_told() -> None:
    said = monitor("strange > 0.05", kind="drift", reference="features.jsonl")
    (one,) = indicators_of(case(said), reference=rows)
    assert one.reference[2] == (2.0,)

    def missing(name: str) -> list[list[float]]:
        raise FileNotFoundError(f"no file {name}")

    with pytest.raises(ValueError, match=r"monitor M: reference features\.jsonl: no file"):
        indicators_of(case(said), reference=missing)
    with pytest.raises(ValueError, match="against a `reference`"):
        indicators_of(case(monitor("strange > 0.05", kind="drift")), reference=rows)


@pytest.mark.parametrize(
    ("alarm", "changes", "says"),
    [
        ("recall < 0.8 and recall > 0.1", {}, "not one comparison"),
        ("2 * recall < 0.8", {}, "not one comparison"),
        ("recall < 0.8", {"detector": "threshold"}, "kind `rate` is watched by `e-process` or"),
        ("jobs > 5", {}, "is it of kind `count`"),
        ("jobs > 5", {"kind": "count"}, "watched by `threshold`, not by `e-process`"),
        ("recall < 0", {}, "no rate is ever `< 0`"),
        ("recall < 0.00000000000000001", {}, "too near to the rate that nothing is beyond"),
        ("recall > 0.9999999999999999", {}, "too near to the rate that nothing is beyond"),
        ("score > 0", {"kind": "mean"}, "strictly between 0 and 1"),
        ("gap < 0.1", {"kind": "pairs"}, "is above a number"),
        ("recall < 0.8", {"alternative": (0.9,)}, "not on the side that alarms"),
        ("recall < 0.8", {"budget": 0.0}, "budget 0.0"),
        ("recall < 0.8", {"loss": 1.0}, "loss 1.0"),
        ("recall < 0.8", {"weight_at_most": 0.5}, "weight_at_most 0.5"),
        ("recall < 0.8", {"detector": "cusum"}, "needs a `run_length`"),
        ("recall < 0.8", {"canaries": Canaries(recall=0.5, at_least=0.6)}, "at_least < recall"),
        ("recall < 0.8", {"canaries": Canaries(recall=0.5, at_least=0.1, budget=2)}, "canaries"),
        (
            "recall < 0.8",
            {
                "heartbeat": Duration(text="2 days", seconds=172_800),
                "silent_after": Duration(text="1 day", seconds=86_400),
            },
            "shorter than the heartbeat",
        ),
    ],
)
def test_what_cannot_be_watched_is_refused_with_the_monitor_and_the_reason(
    alarm: str, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=r"^monitor M: ") as told:
        indicators_of(case(monitor(alarm, **changes)), reference=rows)
    assert says in str(told.value)
