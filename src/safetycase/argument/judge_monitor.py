"""What a changed field of a live monitor means: whether it watches less, later or more quietly.

The error budget is the probability of a false alarm, and a detector alarms when the evidence
reaches its reciprocal. A smaller budget therefore lets a deployment that went wrong run for longer
before anything is said: it loosens, although fewer of the alarms will be false.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safetycase.argument.compare import compare
from safetycase.argument.judgements import (
    Judge,
    Judgement,
    by_size,
    duration,
    flag,
    members,
    optional,
)

__all__ = ["MONITOR_RULES"]


def _alarm(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    """An alarm that goes off on less is the tighter one."""
    if before is None:
        return Judgement("alarm added", "tightens")
    if after is None:
        return Judgement("alarm removed", "loosens")
    return {
        "same": Judgement("alarm rewritten, same meaning"),
        "looser": Judgement("alarm goes off earlier", "tightens"),
        "tighter": Judgement("alarm goes off later", "loosens"),
        "changed": Judgement("alarm changed"),
    }[compare(before, after)]


def _detector(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
    """An early warning challenges nothing, so what becomes one watches less."""
    if "cusum" not in (before, after):
        return Judgement("detector changed")
    return Judgement("detector changed", "loosens" if after == "cusum" else "tightens")


def _metric(_before: Any, _after: Any, old: Any, new: Any) -> Judgement:
    """The metric that is left out is the name in the alarm."""
    same = _measured(old) == _measured(new)
    return Judgement("metric written otherwise" if same else "other events measured")


def _measured(monitor: Any) -> str | None:
    names = monitor.alarm_when.names if monitor.alarm_when else ()
    return monitor.metric or (names[0] if names else None)


def _canaries(before: Any, after: Any, old: Any, new: Any) -> Judgement:
    """The monitor is held blind later if fewer canaries have to be caught, or more surely so."""
    if not before or not after:
        return optional("canaries", lost="loosens", gained="tightens")(before, after, old, new)
    down = after.at_least < before.at_least or after.budget < before.budget
    up = after.at_least > before.at_least or after.budget > before.budget
    if down:
        return Judgement("canaries asked for less", "loosens")
    return Judgement("canaries asked for more", "tightens") if up else Judgement("canaries changed")


def _window(before: Any, after: Any, old: Any, new: Any) -> Judgement:
    """A length that is neither better long nor better short, but has to be there."""
    if before is None or after is None:
        return optional("window", lost="loosens", gained="tightens")(before, after, old, new)
    return Judgement(duration("window")(before, after, old, new).what)


MONITOR_RULES: Mapping[str, Judge] = {
    "alarm_when": _alarm,
    "detector": _detector,
    "kind": lambda *_: Judgement("kind of indicator changed"),
    "metric": _metric,
    "alternative": members("alternative"),
    "budget": by_size("error budget", "lowered, so alarms come later",
                      "raised, so alarms come sooner", less="loosens"),
    "run_length": by_size("run length", "lowered, so alarms come sooner",
                          "raised, so alarms come later", less="tightens"),
    "weight_at_most": by_size("largest weight", "lowered, so alarms come sooner",
                              "raised, so alarms come later", less="tightens"),
    "warns_only": flag(Judgement("only warns from now on", "loosens"),
                       Judgement("challenges from now on", "tightens")),
    "canaries": _canaries,
    "window": _window,
    "heartbeat": duration("time between signs of life"),
    "silent_after": duration("tolerated silence"),
    "loss": by_size("tolerated loss", "lowered", "raised", less="tightens"),
    "answer_within": duration("time to answer"),
    "conditions": members("watched element", removed="loosens", added="tightens"),
}  # fmt: skip
"""Field of a monitor -> what its change means."""
