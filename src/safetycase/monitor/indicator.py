"""What a monitor of a case measures: checked once, in the terms that the engine works in."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from safetycase.argument.model import (
    Canaries,
    Case,
    DetectorKind,
    Duration,
    IndicatorKind,
    Monitor,
)
from safetycase.checks.monitors import DETECTORS, NEAREST, indicator_digest

__all__ = ["Indicator", "Rows", "indicators_of", "unwatched"]

Rows = Iterable[Sequence[float]]

_DAY = 86_400.0
_LATENESS = 300.0  # seconds by which an event may come after its window, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One monitor of a case, ready to be watched; times are in seconds.

    It alarms when `quantity` `op` `threshold` is shown, `op` one of > >= < <=. `metric` names its
    events. `window` is what one report sums up, and `silent_after` how long it may hear nothing.
    `reference` holds rows of features, for drift. `digest` is that of the definition in the case.
    `weight_at_most` is the largest sampling weight that may occur, and `run_length` how many
    events a CUSUM lets pass between false alarms on average.
    """

    id: str
    metric: str
    kind: IndicatorKind
    detector: DetectorKind
    quantity: str
    op: str
    threshold: float
    alternatives: tuple[float, ...] = ()
    budget: float = 0.05
    warns_only: bool = False
    window: float | None = None
    heartbeat: float | None = None
    silent_after: float | None = None
    loss: float = 0.0
    canaries: Canaries | None = None
    reference: tuple[tuple[float, ...], ...] = ()
    weight_at_most: float = 1.0
    run_length: float | None = None
    digest: str = ""

    def __post_init__(self) -> None:
        wrong = _unfit(self)
        if wrong:
            raise ValueError(f"monitor {self.id}: {wrong}")

    @property
    def identity(self) -> str:
        """SHA-256 of the definition and of the reference as it was read: what a state is of."""
        rows = repr(self.reference) if self.reference else ""
        return hashlib.sha256(f"{self.digest}\n{rows}".encode()).hexdigest()

    @property
    def above(self) -> bool:
        """Whether a large value alarms."""
        return self.op in (">", ">=")

    @property
    def length(self) -> float:
        """The length of a window: a day if none was declared."""
        return _DAY if self.window is None else self.window

    @property
    def lateness(self) -> float:
        """How long a window is kept open for events that come late: a tenth, at most 5 minutes."""
        return min(_LATENESS, self.length / 10)

    @property
    def patience(self) -> float:
        """How long it may hear nothing: as declared, or three heartbeats.

        With neither it is infinite, and a window in which nothing was heard is silent.
        """
        if self.silent_after is not None:
            return self.silent_after
        return math.inf if self.heartbeat is None else 3 * self.heartbeat

    @property
    def cadence(self) -> float:
        """How often it reports: each window, or twice in `silent_after` if that is sooner."""
        if self.silent_after is None:
            return self.length
        return min(self.length, self.silent_after / 2)


def indicators_of(case: Case, *, reference: Callable[[str], Rows]) -> tuple[Indicator, ...]:
    """The indicators of the monitors of `case` that say what they measure, in file order.

    `reference` reads the rows of features from the file of that name. `ValueError` with the
    monitor and the reason for what cannot be watched as declared. A monitor without `alarm_when`
    measures nothing and is left out: `unwatched` names it.
    """
    found = [each for each in case.elements.values() if isinstance(each, Monitor)]
    return tuple(_indicator(each, reference) for each in found if each.alarm_when is not None)


def unwatched(case: Case) -> tuple[str, ...]:
    """The monitors of `case` that say no `alarm_when`, so that nothing of them can be watched."""
    monitors = [each for each in case.elements.values() if isinstance(each, Monitor)]
    return tuple(each.id for each in monitors if each.alarm_when is None)


def _indicator(monitor: Monitor, reference: Callable[[str], Rows]) -> Indicator:
    compared = monitor.alarm_when.comparison if monitor.alarm_when else None
    if compared is None:
        raise ValueError(
            f"monitor {monitor.id}: `alarm_when: {monitor.alarm_when}` is not one comparison of "
            "one quantity with a number, such as `recall < 0.8`"
        )
    return Indicator(
        id=monitor.id,
        metric=monitor.metric or compared.name,
        kind=monitor.kind,
        detector=monitor.detector,
        quantity=compared.name,
        op=compared.op,
        threshold=float(compared.bound),
        alternatives=tuple(float(value) for value in monitor.alternative),
        budget=monitor.budget,
        warns_only=monitor.warns_only,
        window=_seconds(monitor.window),
        heartbeat=_seconds(monitor.heartbeat),
        silent_after=_seconds(monitor.silent_after),
        loss=monitor.loss,
        canaries=monitor.canaries,
        weight_at_most=monitor.weight_at_most,
        run_length=None if monitor.run_length is None else float(monitor.run_length),
        reference=_rows(monitor, reference),
        digest=indicator_digest(monitor),
    )


def _rows(monitor: Monitor, reference: Callable[[str], Rows]) -> tuple[tuple[float, ...], ...]:
    if monitor.kind != "drift":
        return ()
    if monitor.reference is None:
        raise ValueError(
            f"monitor {monitor.id}: drift is measured against a `reference`, a file of features"
        )
    try:
        return tuple(tuple(float(value) for value in row) for row in reference(monitor.reference))
    except (OSError, TypeError, ValueError) as wrong:
        raise ValueError(f"monitor {monitor.id}: reference {monitor.reference}: {wrong}") from wrong


def _seconds(length: Duration | None) -> float | None:
    return None if length is None else float(length.seconds)


def _unfit(one: Indicator) -> str | None:
    """Why `one` cannot be watched; None if it can."""
    if not one.metric or one.op not in (">", ">=", "<", "<="):
        return f"`{one.metric} {one.op}` is no comparison of a metric"
    if one.detector not in DETECTORS[one.kind]:
        fit = " or ".join(f"`{name}`" for name in DETECTORS[one.kind])
        return f"kind `{one.kind}` is watched by {fit}, not by `{one.detector}`"
    if not 0 < one.budget < 1:
        return f"budget {one.budget!r} is not strictly between 0 and 1"
    if not 0 <= one.loss < 1:
        return f"loss {one.loss!r} is not at least 0 and below 1"
    if not 1 <= one.weight_at_most < math.inf:
        return f"weight_at_most {one.weight_at_most!r} is not a finite number of at least 1"
    for name in ("window", "heartbeat", "silent_after"):
        length = getattr(one, name)
        if length is not None and not 1 <= length < math.inf:
            return f"{name} of {length!r} seconds is not at least one second"
    if one.silent_after is not None and one.heartbeat and one.heartbeat > one.silent_after:
        return "silent_after is shorter than the heartbeat, so it would always be silent"
    return _unfit_threshold(one) or _unfit_detector(one) or _unfit_canaries(one.canaries)


def _unfit_threshold(one: Indicator) -> str | None:
    at = one.threshold
    if one.kind == "count":
        return None if 0 <= at < math.inf else f"{at!r} is no number of events"
    if not 0 <= at <= 1:
        return f"a {one.kind} lies in [0, 1], and {at!r} does not; is it of kind `count`?"
    if at == (1 if one.above else 0):
        return f"no {one.kind} is ever `{one.op} {at:g}`"
    if (1 - at if one.above else at) < NEAREST:
        return f"{at!r} is too near to the {one.kind} that nothing is beyond"
    if one.kind == "mean" and at in (0, 1):
        return "the number in `alarm_when` of a mean is strictly between 0 and 1"
    if one.kind in ("pairs", "drift") and not one.above:
        return f"kind `{one.kind}` alarms when {one.quantity} is above a number"
    if one.kind == "drift" and at == 0:
        return "some share of the inputs always lies beyond the reference; 0 is none to tolerate"
    for value in one.alternatives:
        if not (at < value <= 1 if one.above else 0 <= value < at):
            return f"the alternative {value!r} is not on the side that alarms (`{one.op} {at:g}`)"
    return None


def _unfit_detector(one: Indicator) -> str | None:
    if one.detector != "cusum":
        return None
    if one.run_length is None or not 10 <= one.run_length <= 1e12:
        return "a `cusum` needs a `run_length`: events between false alarms on average, 10 to 1e12"
    if one.threshold in (0, 1):
        return "a `cusum` needs a number strictly between 0 and 1 in `alarm_when`"
    return None


def _unfit_canaries(canaries: Canaries | None) -> str | None:
    if canaries is None:
        return None
    if not 0 < canaries.at_least < canaries.recall <= 1:
        return "canaries need 0 < at_least < recall <= 1"
    if not 0 < canaries.budget < 1:
        return f"the budget {canaries.budget!r} of the canaries is not strictly between 0 and 1"
    return None
