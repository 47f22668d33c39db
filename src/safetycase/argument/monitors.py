"""Live monitors of a deployment, as a case declares them."""

from dataclasses import dataclass
from typing import Literal

from safetycase.argument.expression import Expression
from safetycase.argument.header import Duration
from safetycase.argument.ref_to import TargetRef

__all__ = ["Canaries", "DetectorKind", "IndicatorKind", "Monitor"]

IndicatorKind = Literal["rate", "mean", "count", "pairs", "drift"]
DetectorKind = Literal["e-process", "restarted", "cusum", "threshold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """Known-bad items put in on purpose, by which a monitor shows that it still sees.

    `metric` names the events that say of a canary whether it was caught (default: those of the
    monitor that are marked as canaries), `recall` the share that was caught when it was measured,
    and `at_least` the share below which the monitor is blind: it then reports nothing that
    counts. `budget` is the probability of a false alarm of that kind, ever.
    """

    metric: str | None = None
    recall: float
    at_least: float
    budget: float = 0.01


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """A live safety performance indicator that conditions claims.

    `alarm_when` compares one measured quantity with a number; what it negates is the null
    hypothesis, and an alarm of the detector is evidence against it. `metric` names the events that
    are measured (default: the quantity in `alarm_when`). `kind` says what an event carries: a
    failure or none (`rate`), a number in [0, 1] (`mean`), an occurrence (`count`), features of an
    output and of a reference (`pairs`), or features to compare with those of a file (`drift`,
    which only warns).

    `alternative` are the values that an alarm should come quickly for. `budget` is the probability
    of a false alarm, ever, as long as nothing is resolved; after a resolution the rest of it is
    spent further. With `warns_only` an alarm is shown at the claims and challenges none. A `cusum`
    has `run_length` in place of the budget: the number of events that pass, on average, until it
    raises a false alarm. Where events are sampled, `weight_at_most` bounds one over the probability
    that an event was.

    `window` is the time that one report sums up. A source says at least every `heartbeat` that it
    lives; silence for longer than `silent_after`, or a share of lost events above `loss`, turns
    the claims unknown. An alarm is to be answered within `answer_within`.
    """

    id: str
    says: str
    owner: str
    conditions: tuple[TargetRef, ...] = ()
    alarm_when: Expression | None = None
    metric: str | None = None
    kind: IndicatorKind = "rate"
    detector: DetectorKind = "e-process"
    alternative: tuple[float, ...] = ()
    budget: float = 0.05
    run_length: int | None = None
    weight_at_most: float = 1.0
    warns_only: bool = False
    reference: str | None = None
    canaries: Canaries | None = None
    window: Duration | None = None
    heartbeat: Duration | None = None
    silent_after: Duration | None = None
    loss: float = 0.0
    answer_within: Duration | None = None
    reconstructed: bool = False
