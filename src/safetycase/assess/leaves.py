"""One evidence, judged now: what its record says, how current it is, and its outcome.

A leaf is decided by its latest registration, pooling the completed attempts its plan allows.
The level is the stricter of the registered and the present one, and the j-th registration of a
claim is judged at alpha / (j (j + 1)): trying again costs certainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from safetycase.argument.model import Case, Claim, Evidence
from safetycase.assess.credence import rated
from safetycase.assess.records import (
    Attempt,
    ControlsRecord,
    Freshness,
    LeafResult,
    Outcome,
    QuantityResult,
)
from safetycase.checks.criterion import Judged, confidence, judge, planned_alpha, spent_alpha
from safetycase.confidence.bounds import VACUOUS, Bounds
from safetycase.ledger.fold import AttemptRecord, History, Registration
from safetycase.ledger.recipe import Recipe, differences
from safetycase.plugin.contract import Method
from safetycase.plugin.wire import controls_of, quantities_of, restored_plots
from safetycase.stats import (
    Statistic,
    clopper_pearson,
    describe,
    estimate,
    pool,
    sample_size,
)

__all__ = ["CONTROLS_LEVEL", "EARLIER", "Leaf", "LeafTarget", "assess_leaf", "attempt_of"]

EARLIER = "EARLIER-REFUTATION"
CONTROLS_LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafTarget:
    """What a leaf is judged against: claim, recipe now (or why there is none), method."""

    evidence: Evidence
    claim: Claim
    recipe: Recipe | None
    problem: str
    method: Method | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """The judged leaf; `bounds` is what it is worth, `due` why it should run."""

    result: LeafResult
    freshness: Freshness
    outcome: Outcome | None
    bounds: Bounds
    statistics: Mapping[str, Statistic]
    due: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    judged: Judged
    statistics: Mapping[str, Statistic]
    alpha: float


def parse_time(text: str) -> datetime:
    """A time of the record."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def attempt_of(record: AttemptRecord, history: History) -> Attempt:
    """One attempt as reports show it."""
    registration = next(r for r in history.registrations if r.seq == record.registration)
    return Attempt(
        id=record.id,
        seq=record.start_seq,
        registration=record.registration,
        evidence=registration.evidence,
        exploratory=registration.exploratory,
        started_at=record.started_at,
        ended_at=record.ended_at,
        outcome=record.state,
        reason=record.reason,
        seconds=float(record.seconds) if record.seconds else None,
    )


def assess_leaf(case: Case, target: LeafTarget, history: History, now: datetime) -> Leaf:
    """Judge one evidence against the record at the instant `now`."""
    mine = [r for r in history.registrations if r.evidence == target.evidence.id]
    counted = [r for r in mine if not r.exploratory]
    latest = counted[-1] if counted else None
    tried = [a for a in history.attempts if a.registration in {r.seq for r in mine}]
    pooled = _pooled(latest, tried) if latest else []
    decided, problem = _decide(case, target, history, latest, pooled)
    freshness = _freshness(case, target, latest, tried, pooled, problem, now)
    if decided and latest and freshness.word == "fresh":
        freshness = _large_enough(decided, latest, len(pooled))
    outcome = decided.judged.outcome if decided else None
    fresh = freshness.word == "fresh"
    controls = _controls(target, history)
    known = None
    if decided and fresh:
        known = rated(
            _criterion(target),
            decided.statistics,
            confidence(_criterion(target), decided.statistics),
            rank=_rank(target, history, latest) if latest else 1,
            controls=controls,
            prior=target.evidence.prior,
        )
    result = _result(case, target, history, latest, tried, pooled, decided)
    return Leaf(
        result=replace(result, controls=controls, credence=known.told if known else None),
        statistics=decided.statistics if decided and fresh else {},
        freshness=freshness,
        outcome=outcome,
        bounds=known.bounds if known else VACUOUS,
        due=_due(freshness, latest, tried, pooled),
    )


def _criterion(target: LeafTarget) -> Any:
    assert target.claim.holds_when is not None
    return target.claim.holds_when


def _pooled(latest: Registration, tried: Sequence[AttemptRecord]) -> list[AttemptRecord]:
    """The completed attempts that count: the first of the registered number, in order."""
    done = [
        a
        for a in tried
        if a.registration == latest.seq and a.outcome == "completed" and a.measurement
    ]
    return done[: int(latest.plan.get("attempts", 1))]


def _statistics(
    reads: Mapping[str, str], attempts: Sequence[AttemptRecord]
) -> dict[str, Statistic]:
    found = [quantities_of(a.measurement) for a in attempts if a.measurement]
    return {q: pool([f[measure] for f in found]) for q, measure in reads.items()}


def _decide(
    case: Case,
    target: LeafTarget,
    history: History,
    latest: Registration | None,
    pooled: Sequence[AttemptRecord],
) -> tuple[_Decided | None, str]:
    if latest is None or not pooled:
        return None, ""
    alpha = _alpha(case, target, history, latest)
    try:
        reads = latest.body.get("reads") or dict(target.evidence.reads)
        statistics = _statistics(reads, pooled)
        judged = judge(_criterion(target), statistics, alpha)
    except (KeyError, ValueError, TypeError) as error:
        return None, f"its recorded measurement cannot be read: {error}"
    return _Decided(judged=judged, statistics=statistics, alpha=alpha), ""


def _alpha(case: Case, target: LeafTarget, history: History, latest: Registration) -> float:
    now = planned_alpha(case, target.evidence.id)
    registered = 1 - float(latest.level)
    return spent_alpha(min(now, registered), _rank(target, history, latest))


def _rank(target: LeafTarget, history: History, latest: Registration) -> int:
    """Which registration of this claim with a completed attempt this one is, from 1."""
    looked = {a.registration for a in history.attempts if a.outcome == "completed"}
    earlier = [
        r
        for r in history.registrations
        if r.claim == target.claim.id
        and not r.exploratory
        and r.seq < latest.seq
        and r.seq in looked
    ]
    return len(earlier) + 1


def _freshness(
    case: Case,
    target: LeafTarget,
    latest: Registration | None,
    tried: Sequence[AttemptRecord],
    pooled: Sequence[AttemptRecord],
    problem: str,
    now: datetime,
) -> Freshness:
    if latest is None:
        return Freshness(word="never run", detail="exploratory runs do not count" if tried else "")
    if target.recipe is None:
        return Freshness(word="unknown", detail=target.problem)
    mismatch = _mismatch(case, target, latest)
    if mismatch:
        return mismatch
    if not pooled:
        return _without_result(tried, latest)
    if problem:
        return Freshness(word="unknown", detail=problem)
    planned = int(latest.plan.get("attempts", 1))
    if len(pooled) < planned:
        return Freshness(word="insufficient", detail=f"{len(pooled)} of {planned} attempts")
    changed = sorted({str(c) for a in pooled for c in a.body.get("changed_during_run", [])})
    if changed:
        return Freshness(word="tainted", detail=", ".join(changed) + " changed during the run")
    end = parse_time(pooled[-1].ended_at or pooled[-1].started_at)
    if target.evidence.valid_for:
        until = end + timedelta(seconds=target.evidence.valid_for.seconds)
        if now > until:
            return Freshness(word="expired", detail=until.strftime("%Y-%m-%d"))
    failed = [
        c["name"]
        for a in pooled
        if a.measurement
        for c in a.measurement.get("instrument", [])
        if not c["passed"]
    ]
    if failed:
        return Freshness(
            word="insufficient",
            detail="effort: instrument check failed: " + ", ".join(dict.fromkeys(failed)),
        )
    return Freshness(word="fresh")


def _large_enough(decided: _Decided, latest: Registration, attempts: int) -> Freshness:
    """Fresh, unless fewer items were tried than the registered plan promised."""
    planned = int(latest.plan.get("n", 0)) * attempts
    sizes = [sample_size(statistic) for statistic in decided.statistics.values()]
    counted = [size.items + size.missing for size in sizes if size.items + size.missing]
    if counted and min(counted) < planned:
        return Freshness(word="insufficient", detail=f"n: {min(counted)} of {planned} planned")
    return Freshness(word="fresh")


def _mismatch(case: Case, target: LeafTarget, latest: Registration) -> Freshness | None:
    assert target.recipe is not None
    changed = differences(latest.recipe, target.recipe.groups)
    if latest.criterion != str(target.claim.holds_when):
        changed = (*changed, "criterion")
    subject = [c for c in changed if c.startswith("subject")]
    if subject:
        return Freshness(word="not applicable", detail=", ".join(subject))
    if changed:
        return Freshness(word="stale", detail=", ".join(changed))
    asked, on = case.header.deployment.distribution, target.evidence.distribution
    if on is not None and on != asked:
        return Freshness(word="not applicable", detail="measured on another distribution")
    return None


def _without_result(tried: Sequence[AttemptRecord], latest: Registration) -> Freshness:
    mine = [a for a in tried if a.registration == latest.seq]
    if not mine:
        return Freshness(word="never run", detail="registered, not started")
    last = mine[-1]
    return Freshness(word="unknown", detail=f"the last attempt {_ended(last)}")


def _ended(attempt: AttemptRecord) -> str:
    words = {"failed": "failed", "aborted": "was aborted", "lost": "was lost"}
    if attempt.outcome is None:
        return "has not ended"
    if attempt.outcome == "completed":
        return "completed without a measurement"
    return words[attempt.outcome] + (f": {attempt.reason}" if attempt.reason else "")


def _due(
    freshness: Freshness,
    latest: Registration | None,
    tried: Sequence[AttemptRecord],
    pooled: Sequence[AttemptRecord],
) -> str | None:
    """Why the leaf should be run, or None: the same recipe is never run again by itself."""
    if freshness.word == "fresh" or (
        freshness.word == "insufficient" and freshness.detail.startswith(("effort", "n:"))
    ):
        return None
    if latest is not None and freshness.word == "unknown" and pooled:
        return None
    if freshness.word == "unknown" and not tried:
        return None
    return str(freshness)


def _result(
    case: Case,
    target: LeafTarget,
    history: History,
    latest: Registration | None,
    tried: Sequence[AttemptRecord],
    pooled: Sequence[AttemptRecord],
    decided: _Decided | None,
) -> LeafResult:
    last = pooled[-1] if pooled else None
    said: Mapping[str, Any] = (last.measurement or {}) if last else {}
    alpha = decided.alpha if decided else spent_alpha(planned_alpha(case, target.evidence.id), 1)
    return LeafResult(
        evidence=target.evidence.id,
        claim=target.claim.id,
        method=target.evidence.method or "",
        criterion=str(target.claim.holds_when),
        level=1 - alpha,
        outcome=decided.judged.outcome if decided else None,
        quantities=_quantities(target, decided) if decided else (),
        attempts=tuple(attempt_of(a, history) for a in tried),
        registrations=len(
            {r.seq for r in history.registrations if r.evidence == target.evidence.id}
        ),
        registered_at=latest.at if latest else None,
        ran_at=last.ended_at if last else None,
        seed=latest.seed if latest else None,
        counts=said.get("counts", {}),
        effort=said.get("effort", {}),
        instrument=tuple((c["name"], c["passed"], c["detail"]) for c in said.get("instrument", [])),
        raised=_raised(target, history, latest, said),
        plots=restored_plots(said.get("plots", [])),
        transcripts=tuple(said.get("transcripts", [])),
        diagnostics=said.get("diagnostics", {}),
        artefacts=dict(last.artefacts) if last else {},
        limits=target.method.limits if target.method else (),
        recipe_digest=latest.recipe_digest if latest else None,
        method_version=_version(latest, target),
        planned_attempts=int(latest.plan.get("attempts", 1)) if latest else 1,
    )


def _version(latest: Registration | None, target: LeafTarget) -> str:
    """The version of the method that ran, or of the one that would."""
    if latest is not None:
        return str(latest.recipe.get("instrument", {}).get("method_version", ""))
    return target.method.version if target.method else ""


def _quantities(target: LeafTarget, decided: _Decided) -> tuple[QuantityResult, ...]:
    measures = {m.name: m for m in (target.method.measures if target.method else ())}
    found = []
    for name, interval in decided.judged.intervals.items():
        statistic, measured = decided.statistics[name], target.evidence.reads.get(name, name)
        measure, size = measures.get(measured), sample_size(statistic)
        level = 1 - decided.judged.alpha_per_side
        found.append(
            QuantityResult(
                name=name,
                measured_as=measured,
                estimate=estimate(statistic),
                interval=interval,
                level=level,
                n=size.items,
                clusters=size.clusters,
                unit=measure.unit if measure else "",
                safer=measure.safer if measure else "neither",
                text=describe(statistic),
            )
        )
    return tuple(found)


def _raised(
    target: LeafTarget, history: History, latest: Registration | None, said: Mapping[str, Any]
) -> tuple[tuple[str, str], ...]:
    """Doubts the result raises against itself, and an earlier refutation on the same subject."""
    found = [
        (f"{target.evidence.id}.{r['name'].upper()}", r["says"]) for r in said.get("raises", [])
    ]
    earlier = _earlier_refutation(target, history, latest)
    if earlier:
        found.append((f"{target.evidence.id}.{EARLIER}", earlier))
    return tuple(found)


def _earlier_refutation(
    target: LeafTarget, history: History, latest: Registration | None
) -> str | None:
    for old in history.registrations:
        same = (
            old.claim == target.claim.id
            and not old.exploratory
            and latest is not None
            and old.seq < latest.seq
            and old.recipe.get("subject") == latest.recipe.get("subject")
            and old.criterion == str(target.claim.holds_when)
        )
        if not same:
            continue
        done = [
            a
            for a in history.attempts
            if a.registration == old.seq and a.outcome == "completed" and a.measurement
        ]
        try:
            statistics = _statistics(old.body.get("reads", {}), done) if done else None
            if (
                statistics
                and judge(_criterion(target), statistics, 1 - float(old.level)).outcome == "refutes"
            ):
                return (
                    f"the registration in record {old.seq} of {old.at[:10]} refuted the claim "
                    "for the same system; a later pass does not undo it"
                )
        except (KeyError, ValueError, TypeError):
            continue
    return None


def _controls(target: LeafTarget, history: History) -> ControlsRecord | None:
    method = target.method
    if method is None or target.recipe is None:
        return None
    code = target.recipe.groups["instrument"]["method_code"]
    for entry in reversed(history.controls):
        if entry.method == method.name and entry.code_digest == code and entry.planted:
            controls = controls_of(entry.body)
            bad = controls.counts(claim_is_true=False)
            good = controls.counts(claim_is_true=True)
            return ControlsRecord(
                method=method.name,
                version=entry.version,
                criterion=controls.criterion,
                false_passes=bad[0],
                false_runs=bad[1],
                true_passes=good[0],
                true_runs=good[1],
                p_pass_if_false=clopper_pearson(
                    *bad, alpha_low=1 - CONTROLS_LEVEL, alpha_high=1 - CONTROLS_LEVEL
                ),
                p_pass_if_true=clopper_pearson(
                    *good, alpha_low=1 - CONTROLS_LEVEL, alpha_high=1 - CONTROLS_LEVEL
                ),
            )
    return None
