"""What a live monitor can measure, and the digest by which its signals are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safetycase.argument.model import Canaries, Duration, Monitor
from safetycase.ledger.canonical import digest

__all__ = ["DETECTORS", "NEAREST", "indicator_digest"]

DOMAIN = "indicator v1"
DETECTORS: Mapping[str, tuple[str, ...]] = {
    "rate": ("e-process", "restarted", "cusum"),
    "mean": ("e-process", "restarted", "cusum"),
    "count": ("threshold",),
    "pairs": ("e-process",),
    "drift": ("e-process", "restarted", "cusum"),
}
"""Kind -> the detectors that can judge it."""

NEAREST = 1e-12
"""Nearer to 0 or 1 than this, floats cannot tell a share beyond a threshold from it."""


def indicator_digest(monitor: Monitor) -> str:
    """SHA-256 (hex) of what `monitor` measures, and how.

    Everything that a signal of it depends on is in: the id, the comparison, kind and detector,
    alternative, budget, reference, canaries, windows and what is allowed to be lost. Words
    (`says`, `owner`), what it conditions and the time to answer are not, so that they can change
    while it runs. How a value is spelled makes no difference: `0.8 > recall` is `recall < 0.8`,
    `1 day` is `24 hours`, and a metric that is the name in `alarm_when` is the one left out.
    """
    return digest(_definition(monitor), domain=DOMAIN)


def _definition(monitor: Monitor) -> dict[str, Any]:
    """The fields as canonical JSON has them: numbers that are no whole ones as text."""
    compared = monitor.alarm_when.comparison if monitor.alarm_when else None
    if compared:
        alarm = [compared.name, compared.op, _number(compared.bound)]
    else:
        alarm = [str(monitor.alarm_when)] if monitor.alarm_when else []
    metric = monitor.metric or (compared.name if compared else None)
    return {
        "id": monitor.id,
        "alarm_when": alarm,
        "metric": metric,
        "kind": monitor.kind,
        "detector": monitor.detector,
        "alternative": [_number(value) for value in monitor.alternative],
        "budget": _number(monitor.budget),
        "run_length": monitor.run_length,
        "weight_at_most": _number(monitor.weight_at_most),
        "warns_only": monitor.warns_only,
        "reference": monitor.reference,
        "canaries": _canaries(monitor.canaries),
        "window": _seconds(monitor.window),
        "heartbeat": _seconds(monitor.heartbeat),
        "silent_after": _seconds(monitor.silent_after),
        "loss": _number(monitor.loss),
    }


def _canaries(canaries: Canaries | None) -> dict[str, Any] | None:
    if canaries is None:
        return None
    return {
        "metric": canaries.metric,  # without one it is its own events that are marked as canaries
        "recall": _number(canaries.recall),
        "at_least": _number(canaries.at_least),
        "budget": _number(canaries.budget),
    }


def _number(value: float) -> str:
    return repr(float(value) + 0.0)  # -0.0 is 0.0


def _seconds(length: Duration | None) -> int | None:
    return None if length is None else length.seconds
