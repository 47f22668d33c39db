"""What a run would do and cost, from what is planned and what the record says of earlier runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from safetycase.evidence.registering import standing
from safetycase.evidence.setting import Job, Setting
from safetycase.ledger import AttemptRecord, History
from safetycase.ledger.attempts import exploratory_left

__all__ = ["Forecast", "Totals", "forecast", "totals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What one leaf would take.

    `attempts` would be started, of a budget of `budget` of which `left` are left. `n` items each,
    0 if not planned. `seconds_each` is the median wall time of its `timed` attempts that came to
    a result; None without any. `cost` is in the unit of the case's budget: what is spent once, if
    nothing was tried before, and per item; None if the plan states no cost.
    """

    evidence: str
    claim: str
    because: str
    new: bool
    attempts: int
    left: int
    budget: int
    n: int
    seconds_each: float | None
    timed: int
    cost: float | None

    @property
    def seconds(self) -> float | None:
        """Wall seconds of all its attempts, one after the other; None if not known."""
        return None if self.seconds_each is None else self.attempts * self.seconds_each


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over leaves; `untimed` and `unpriced` leaves are not in them."""

    leaves: int
    attempts: int
    seconds: float
    untimed: int
    cost: float
    unpriced: int


def forecast(setting: Setting, jobs: Sequence[Job]) -> tuple[Forecast, ...]:
    """The plan of a run of `jobs`, in order; nothing is registered or started."""
    times = _times(setting.history)
    return tuple(_forecast(setting, job, times.get(job.evidence.id, ())) for job in jobs)


def totals(rows: Iterable[Forecast]) -> Totals:
    """The sums of a plan."""
    listed = list(rows)
    return Totals(
        leaves=len(listed),
        attempts=sum(row.attempts for row in listed),
        seconds=sum(row.seconds or 0.0 for row in listed),
        untimed=sum(row.seconds is None for row in listed),
        cost=sum(row.cost or 0.0 for row in listed),
        unpriced=sum(row.cost is None for row in listed),
    )


def _forecast(setting: Setting, job: Job, times: Sequence[float]) -> Forecast:
    plan, found = job.plan, standing(setting, job)
    if found is None:
        left, wanted, tried = plan.budget, plan.attempts, 0
        if setting.exploratory and job.recipe.recipe is not None:
            digest, name = job.recipe.recipe.digest, job.evidence.id
            left = min(left, exploratory_left(setting.history, name, digest, plan.exploratory))
    else:
        left, wanted, tried = found.left, len(found.replicates), found.tried
    attempts = min(wanted, left)
    return Forecast(
        evidence=job.evidence.id,
        claim=job.claim.id,
        because=job.because,
        new=found is None,
        attempts=attempts,
        left=left,
        budget=plan.budget,
        n=plan.n,
        seconds_each=median(times) if times else None,
        timed=len(times),
        cost=_cost(job, attempts, first=tried == 0),
    )


def _cost(job: Job, attempts: int, *, first: bool) -> float | None:
    plan = job.evidence.plan
    if plan is None or (plan.cost_per_item is None and plan.cost_fixed is None):
        return None
    if plan.cost_per_item is not None and not plan.n:
        return None  # a price for each of nobody knows how many
    fixed = (plan.cost_fixed or 0.0) if first else 0.0
    return fixed + attempts * (plan.n or 0) * (plan.cost_per_item or 0.0)


def _times(history: History) -> Mapping[str, list[float]]:
    """Wall seconds of the attempts that came to a result, by evidence."""
    names = {r.seq: r.evidence for r in history.registrations}
    found: dict[str, list[float]] = {}
    for attempt in history.attempts:
        seconds = _seconds(attempt)
        if seconds is not None:
            found.setdefault(names.get(attempt.registration, ""), []).append(seconds)
    return found


def _seconds(attempt: AttemptRecord) -> float | None:
    if attempt.outcome not in ("completed", "failed") or attempt.seconds is None:
        return None
    return float(attempt.seconds)
