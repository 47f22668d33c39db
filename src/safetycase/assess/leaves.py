"""One evidence, judged now: what its record says, how current it is, and its outcome.

A leaf is decided by its latest registration, pooling the completed attempts its plan allows.
The level is the stricter of the registered and the present one, and the j-th registration of a
claim is judged at alpha / (j (j + 1)): trying again costs certainty.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from safetycase.argument.model import Case
from safetycase.assess.attempts import tally_of
from safetycase.assess.credence import rated
from safetycase.assess.freshness import LeafTarget, Question, counts_until, freshness_of
from safetycase.assess.indexed import Indexed, Standing
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
from safetycase.ledger.attempts import terms, terms_of
from safetycase.ledger.fold import AttemptRecord, Registration
from safetycase.plugin.wire import controls_of, quantities_of, restored_plots
from safetycase.stats import (
    Statistic,
    clopper_pearson,
    describe,
    estimate,
    is_computed,
    pool,
    sample_size,
)

__all__ = [
    "CONTROLS_LEVEL",
    "EARLIER",
    "Leaf",
    "LeafTarget",
    "assess_leaf",
    "attempt_of",
    "statistics_of",
]

EARLIER = "EARLIER-REFUTATION"
CONTROLS_LEVEL = 0.95


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


def attempt_of(record: AttemptRecord, registration: Registration) -> Attempt:
    """One attempt as reports show it."""
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


def assess_leaf(
    case: Case, target: LeafTarget, history: Indexed, now: datetime, *, share: float | None = None
) -> Leaf:
    """Judge one evidence against the record at the instant `now`.

    `share` is the equal share of the case's doubt, which is the same for every leaf of a case.
    """
    standing = history.standing(target.evidence.id)
    latest, pooled = standing.latest, standing.pooled
    planned = planned_alpha(case, target.evidence.id, share=share)
    decided, problem = _decide(planned, target, history, latest, pooled)
    current = freshness_of(
        Question(
            target=target,
            standing=standing,
            now=now,
            distribution=case.header.deployment.distribution,
            events=history.events,
            waivers=history.waivers.get(target.evidence.id, ()),
            problem=problem,
            shortfall=_shortfall(decided, latest, len(_counted(latest, pooled))),
        )
    )
    fresh = current.freshness.word == "fresh"
    controls = _controls(target, history)
    known = None
    if decided and fresh:
        known = rated(
            _criterion(target),
            decided.statistics,
            confidence(_criterion(target), decided.statistics),
            rank=_rank(target, history, latest),
            controls=controls,
            prior=target.evidence.prior,
        )
    alpha = decided.alpha if decided else _alpha(planned, target, history, latest)
    result = _result(target, history, standing, decided, alpha)
    return Leaf(
        result=replace(result, controls=controls, credence=known.told if known else None),
        statistics=decided.statistics if decided and fresh else {},
        freshness=current.freshness,
        outcome=decided.judged.outcome if decided else None,
        bounds=known.bounds if known else VACUOUS,
        due=current.due,
    )


def _criterion(target: LeafTarget) -> Any:
    assert target.claim.holds_when is not None
    return target.claim.holds_when


def statistics_of(
    reads: Mapping[str, str], attempts: Sequence[AttemptRecord], *, imported: bool
) -> dict[str, Statistic]:
    """The attempts of one plan as one; what was made elsewhere counts once, however often read."""
    found = [quantities_of(a.measurement) for a in attempts if a.measurement]
    if imported:
        del found[1:]
    return {q: pool([f[measure] for f in found]) for q, measure in reads.items()}


def _counted(
    latest: Registration | None, pooled: Sequence[AttemptRecord]
) -> Sequence[AttemptRecord]:
    """The attempts whose items add up.

    To read a result made elsewhere once more makes no new item: the first attempt counts, so that
    no later one, with another seed, can be waited for either.
    """
    return pooled[:1] if latest and latest.body.get("imported") else pooled


def _decide(
    planned: float,
    target: LeafTarget,
    history: Indexed,
    latest: Registration | None,
    pooled: Sequence[AttemptRecord],
) -> tuple[_Decided | None, str]:
    if latest is None or not pooled:
        return None, ""
    alpha = _alpha(planned, target, history, latest)
    try:
        reads = latest.body.get("reads") or dict(target.evidence.reads)
        imported = latest.body.get("imported") is True
        statistics = statistics_of(reads, pooled, imported=imported)
        judged = judge(_criterion(target), statistics, alpha)
    except (KeyError, ValueError, TypeError) as error:
        return None, f"its recorded measurement cannot be read: {error}"
    return _Decided(judged=judged, statistics=statistics, alpha=alpha), ""


def _alpha(
    planned: float, target: LeafTarget, history: Indexed, latest: Registration | None
) -> float:
    """The doubt at which the latest registration is judged, or the first one would be."""
    registered = planned if latest is None else 1 - float(latest.level)
    return spent_alpha(min(planned, registered), _rank(target, history, latest))


def _rank(target: LeafTarget, history: Indexed, latest: Registration | None) -> int:
    """Which registration of this claim with a completed attempt this one is, from 1."""
    before = latest.seq if latest else sys.maxsize
    return 1 + history.looked_before(target.claim.id, target.evidence.id, before)


def _shortfall(
    decided: _Decided | None, latest: Registration | None, attempts: int
) -> Callable[[], tuple[int, int] | None]:
    """(tried, planned) items, where fewer were tried than the registered plan promised."""

    def found() -> tuple[int, int] | None:
        planned = latest.plan.get("n", 0) if latest else 0
        if not decided or not isinstance(planned, int) or not planned:
            return None
        sizes = [sample_size(statistic) for statistic in decided.statistics.values()]
        counted = [size.items + size.missing for size in sizes if size.items + size.missing]
        short = bool(counted) and min(counted) < planned * attempts
        return (min(counted), planned * attempts) if short else None

    return found


def _result(
    target: LeafTarget,
    history: Indexed,
    standing: Standing,
    decided: _Decided | None,
    alpha: float,
) -> LeafResult:
    latest, pooled = standing.latest, standing.pooled
    last = pooled[-1] if pooled else None
    said: Mapping[str, Any] = (last.measurement or {}) if last else {}
    return LeafResult(
        evidence=target.evidence.id,
        claim=target.claim.id,
        method=target.evidence.method or "",
        criterion=str(target.claim.holds_when),
        level=1 - alpha,
        outcome=decided.judged.outcome if decided else None,
        quantities=_quantities(target, decided) if decided else (),
        attempts=tuple(attempt_of(a, history.by_seq[a.registration]) for a in standing.tried),
        registrations=len(standing.registrations),
        registered_at=latest.at if latest else None,
        ran_at=last.ended_at if last else None,
        valid_until=counts_until(target, latest, pooled) if latest else None,
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
        planned_attempts=terms_of(latest).attempts if latest else 1,
        tally=tally_of(standing.registrations, standing.tried, terms(target.evidence.plan)),
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
                computed=is_computed(statistic),
            )
        )
    return tuple(found)


def _raised(
    target: LeafTarget, history: Indexed, latest: Registration | None, said: Mapping[str, Any]
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
    target: LeafTarget, history: Indexed, latest: Registration | None
) -> str | None:
    if latest is None:
        return None

    def refutes(old: Registration, tried: Sequence[AttemptRecord]) -> bool:
        done = [a for a in tried if a.outcome == "completed" and a.measurement]
        # What counts is that it refutes what is asked now, however that was spelled then.
        reads = old.body.get("reads", {})
        same = all(reads.get(q) == target.evidence.reads.get(q) for q in _criterion(target).names)
        if not done or not same:
            return False
        try:
            imported = old.body.get("imported") is True
            statistics = statistics_of(old.body.get("reads", {}), done, imported=imported)
            judged = judge(_criterion(target), statistics, 1 - float(old.level))
        except (KeyError, ValueError, TypeError):
            return False
        return judged.outcome == "refutes"

    subject = latest.recipe.get("subject")
    for old in history.refuting(target.claim.id, target.evidence.id, refutes):
        if old.seq < latest.seq and old.recipe.get("subject") == subject:
            names = (old.claim, old.evidence)
            then = "" if names == (target.claim.id, target.evidence.id) else (
                f" ({old.evidence} for {old.claim} then)"
            )  # fmt: skip
            return (
                f"the registration in record {old.seq} of {old.at[:10]} refuted the claim "
                f"for the same system{then}; a later pass does not undo it"
            )
    return None


def _controls(target: LeafTarget, history: Indexed) -> ControlsRecord | None:
    method = target.method
    if method is None or target.recipe is None:
        return None
    code = str(target.recipe.groups["instrument"]["method_code"])
    entry = history.controls.get((method.name, code))
    if entry is None:
        return None
    controls = controls_of(entry.body)
    bad = controls.counts(claim_is_true=False)
    good = controls.counts(claim_is_true=True)
    level = 1 - CONTROLS_LEVEL
    return ControlsRecord(
        method=method.name,
        version=entry.version,
        criterion=controls.criterion,
        false_passes=bad[0],
        false_runs=bad[1],
        true_passes=good[0],
        true_runs=good[1],
        p_pass_if_false=clopper_pearson(*bad, alpha_low=level, alpha_high=level),
        p_pass_if_true=clopper_pearson(*good, alpha_low=level, alpha_high=level),
    )
