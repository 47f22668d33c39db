"""The rules about leaves that a method executes; they need methods and statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase

from safetycase.argument.findings import Finding, did_you_mean
from safetycase.argument.graph import claim_of, rule_of
from safetycase.argument.model import Argument, Assumption, Claim, Evidence
from safetycase.checks.criterion import equal_share, judge, planned_alpha, spent_alpha
from safetycase.checks.subject import Subject, finding
from safetycase.checks.vacuous_rules import cannot_fail
from safetycase.plugin.contract import Method
from safetycase.stats import Certified, Statistic, is_computed, sample_size

__all__ = ["LEAF_RULES"]

AS_GIVEN = "it is computed from given numbers: change those, or let it show what it cannot"


def methods(subject: Subject) -> Iterator[Finding]:
    """C120, C121, C122, C123, C127."""
    for name, facts in subject.leaves.items():
        element = subject.case.elements[name]
        assert isinstance(element, Evidence)
        assert element.method is not None
        if not isinstance(facts.method, Method):
            code, reason = facts.method
            hint = did_you_mean(element.method, subject.method_names)
            yield finding(
                subject,
                code,
                (name, "method"),
                reason,
                hint if code == "C120" else "reinstall that package",
            )
            continue
        for path, fact in facts.unknown_facts:
            yield finding(
                subject,
                "C127",
                (name, "with", *path),
                f"there is no fact `{fact}`",
                "facts: deployment.users, deployment.volume, deployment.horizon",
            )
        for mismatch in facts.mismatches:
            yield finding(
                subject,
                "C122",
                (name, "with", *mismatch.path),
                f"{mismatch.message} (parameters of `{element.method}`)",
                mismatch.hint,
            )
        names = [measure.name for measure in facts.method.measures]
        for quantity, measure in element.reads.items():
            if not any(fnmatchcase(measure, known) for known in names):
                yield finding(
                    subject,
                    "C123",
                    (name, "reads", quantity),
                    f"`{element.method}` does not measure `{measure}`",
                    did_you_mean(measure, names),
                )


def files(subject: Subject) -> Iterator[Finding]:
    """C124."""
    for name, facts in subject.leaves.items():
        for path, reason in facts.missing_files:
            yield finding(
                subject,
                "C124",
                (name, "inputs"),
                f"`{path}` of `{name}` {reason}",
                "paths start at the case folder",
            )


def planned_n(subject: Subject) -> Iterator[Finding]:
    """C126; a warning where the result is computed from given numbers, which no run changes."""
    conclusions = subject.conclusions
    share = equal_share(subject.case) if subject.leaves else 0.0
    for name, facts in subject.leaves.items():
        element = subject.case.elements[name]
        claim = claim_of(subject.case, name, conclusions)
        if not isinstance(element, Evidence) or claim is None or claim.holds_when is None:
            continue
        statistics = {
            q: facts.best_case[m] for q, m in element.reads.items() if m in facts.best_case
        }
        if not statistics or any(q not in statistics for q in claim.holds_when.names):
            continue
        alpha = spent_alpha(planned_alpha(subject.case, name, share=share), 1)
        judged = judge(claim.holds_when, statistics, alpha)
        given = all(is_computed(s) and not _too_low(s, alpha) for s in statistics.values())
        if judged.outcome != "supports":
            reached = ", ".join(
                f"{q} within [{i.low:.4f}, {i.high:.4f}] at n = {sample_size(statistics[q]).items}"
                for q, i in judged.intervals.items()
            )
            yield finding(
                subject,
                "C126",
                (name,),
                f"even the best result of `{name}` cannot "
                f"decide `{claim.holds_when}` at level {1 - alpha:.4f}: {reached}",
                AS_GIVEN if given else _way_out(statistics.values(), alpha),
                "warning" if given else "error",
            )


def _too_low(statistic: Statistic, alpha: float) -> bool:
    return isinstance(statistic, Certified) and 1 - statistic.level > alpha * (1 + 1e-9)


def _way_out(statistics: Iterable[Statistic], alpha: float) -> str:
    """An interval that was certified at a lower level says nothing, however many samples it has."""
    levels = [s.level for s in statistics if isinstance(s, Certified) and _too_low(s, alpha)]
    if levels:
        return (
            f"the method certifies at {min(levels):.4g} and is asked at {1 - alpha:.6g}: raise its "
            "`level` to that, or ask for less"
        )
    return "plan more samples, or a bound that this many can decide"


def training(subject: Subject) -> Iterator[Finding]:
    """C140: evidence that would close an argument from training without being able to."""
    for name, claim in subject.each(Claim):
        if claim.argues != "alignment by training" or claim.by is None:
            continue
        for below in _closing(subject, claim.by, frozenset({name})) or ():
            method = subject.leaves[below].method
            if isinstance(method, Method) and claim.argues in method.establishes:
                continue
            yield finding(
                subject,
                "C140",
                (below,),
                f"`{below}` would show `{name}`, that training is unlikely to lead to scheming, "
                "and its method does not establish that",
                f"leave a part of `{name}` open with a problem, or let somebody assume and own it",
            )


def _closing(subject: Subject, name: str, above: frozenset[str]) -> tuple[str, ...] | None:
    """The executed evidence that could carry `name` to the end; None if a part of it stays open."""
    element = subject.case.elements.get(name)
    if isinstance(element, Assumption):
        return ()
    if isinstance(element, Evidence):
        return (name,) if name in subject.leaves else None
    if name in above or not isinstance(element, Claim | Argument):
        return None
    if isinstance(element, Claim):
        return _closing(subject, element.by, above | {name}) if element.by else None
    legs = [_closing(subject, p, above | {name}) for p in element.premises]
    closed = [leg for leg in legs if leg is not None]
    wanted = {"any": 1, "k of n": element.k or len(legs)}.get(rule_of(element), len(legs))
    return tuple(dict.fromkeys(e for leg in closed for e in leg)) if len(closed) >= wanted else None


LEAF_RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    methods,
    files,
    planned_n,
    cannot_fail,
    training,
)
