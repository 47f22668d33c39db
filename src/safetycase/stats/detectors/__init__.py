"""Detectors: from one value after another to an alarm, with an error that was declared before.

`RateProcess` and `MeanProcess` are e-processes: the chance that they ever alarm while the null
hypothesis holds is at most one over `alarm_at`. `Restarted` spends that chance over many starts.
`Cusum` warns early, with a declared average time between false alarms. All are fed one value at
a time and keep a state of constant size that JSON can hold.
"""

from __future__ import annotations

from safetycase.stats.detectors.cusum import Cusum
from safetycase.stats.detectors.many import Many, many
from safetycase.stats.detectors.mean import MeanProcess, anytime_radius
from safetycase.stats.detectors.rate import RateProcess
from safetycase.stats.detectors.restarted import Restarted, spent

__all__ = [
    "Cusum",
    "Many",
    "MeanProcess",
    "RateProcess",
    "Restarted",
    "anytime_radius",
    "many",
    "spent",
]
