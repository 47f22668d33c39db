"""The rules of well-formedness: one rule, one function, one code (`checks.codes`).

A rule takes a `Subject` and yields findings; it opens no file and imports no method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from safetycase.argument.findings import Finding, Severity, did_you_mean
from safetycase.argument.graph import blockers, conclusion_of, cycle, rule_of, supporting
from safetycase.argument.model import (
    Argument,
    Assumption,
    Case,
    Claim,
    Context,
    Defeater,
    Evidence,
    Problem,
)
from safetycase.checks.criterion import claim_of, judge, planned_alpha, spent_alpha
from safetycase.plugin.contract import Method
from safetycase.plugin.parameters import Mismatch
from safetycase.stats import Statistic, sample_size

__all__ = ["REGISTRY_COMPLETE", "LeafFacts", "Subject", "check"]

REGISTRY_COMPLETE = "REGISTRY-COMPLETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafFacts:
    """What the workspace found out about one evidence before the rules run.

    `method` is the loaded method or the reason why there is none (with its code);
    `missing_files` are paths it names that are not there; `best_case` is the safest result of
    the planned size by measured quantity, empty where it cannot be known.
    """

    method: Method | tuple[str, str]
    mismatches: tuple[Mismatch, ...] = ()
    missing_files: tuple[tuple[str, str], ...] = ()
    unknown_facts: tuple[tuple[tuple[str, ...], str], ...] = ()
    best_case: Mapping[str, Statistic] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A case and what is known about its leaves."""

    case: Case
    leaves: Mapping[str, LeafFacts]
    method_names: tuple[str, ...] = ()


def check(subject: Subject) -> tuple[Finding, ...]:
    """Every finding of every rule, in file order."""
    found = [finding for rule in RULES for finding in rule(subject)]
    return tuple(sorted(found, key=lambda f: (f.span, f.code)))


def _finding(
    subject: Subject,
    code: str,
    path: tuple[str, ...],
    message: str,
    hint: str | None = None,
    severity: Severity = "error",
) -> Finding:
    return Finding(
        code=code,
        span=subject.case.span(*path),
        message=message,
        hint=hint,
        subject=path[0] or None,
        severity=severity,
    )


def circular_support(subject: Subject) -> Iterator[Finding]:
    """C101."""
    loop = cycle(subject.case)
    if loop:
        yield _finding(
            subject,
            "C101",
            (loop[0],),
            "support runs in a circle: " + " → ".join(loop),
            "remove one of these links; a loop proves nothing",
        )


def undeveloped(subject: Subject) -> Iterator[Finding]:
    """C102."""
    blocked = blockers(subject.case)
    for name, element in subject.case.elements.items():
        if isinstance(element, Claim) and element.by is None and name not in blocked:
            yield _finding(
                subject,
                "C102",
                (name,),
                f"nothing supports `{name}` and no problem says what would",
                "add `by`, or a `problem` that blocks it",
                "warning",
            )


def impossible_rule(subject: Subject) -> Iterator[Finding]:
    """C103."""
    for name, element in subject.case.elements.items():
        if not isinstance(element, Argument):
            continue
        if not element.premises:
            yield _finding(subject, "C103", (name, "premises"), f"step `{name}` has no premise")
        elif rule_of(element) == "k of n":
            k, n = element.k, len(element.premises)
            if k is None or not 1 <= k <= n:
                yield _finding(
                    subject,
                    "C103",
                    (name, "k"),
                    f"`{name}` is `k of n` with {n} premises and k = {k}",
                    f"write `k:` between 1 and {n}",
                )
        elif element.k is not None:
            yield _finding(
                subject,
                "C103",
                (name, "k"),
                f"`{name}` states `k` but its rule is `{rule_of(element)}`",
                "write `rule: k of n`",
            )


def not_a_leg(subject: Subject) -> Iterator[Finding]:
    """C104."""
    for name, element in subject.case.elements.items():
        if isinstance(element, Argument):
            for leg in element.despite:
                if leg not in element.premises:
                    yield _finding(
                        subject,
                        "C104",
                        (name, "despite", leg),
                        f"`{leg}` is no premise of `{name}`",
                        did_you_mean(leg, element.premises),
                    )


def carries_and_only_supports(subject: Subject) -> Iterator[Finding]:
    """C105."""
    carried = set(supporting(subject.case, [subject.case.root]))
    for name, element in subject.case.elements.items():
        if isinstance(element, Claim):
            for position, shown in enumerate(element.in_support):
                if shown in carried:
                    yield _finding(
                        subject,
                        "C105",
                        (name, "in_support", str(position)),
                        f"`{shown}` is shown in support of `{name}` and carries support elsewhere",
                        "take it out of `premises` or `in_support`",
                    )


def loose(subject: Subject) -> Iterator[Finding]:
    """C106."""
    case = subject.case
    shown = {s for e in case.elements.values() if isinstance(e, Claim) for s in e.in_support}
    used = set(supporting(case, [case.root, *shown]))
    contexts = {c for e in case.elements.values() if isinstance(e, Claim) for c in e.context}
    for name, element in case.elements.items():
        if isinstance(element, Defeater):
            connected = element.against in used or "." in element.against
        elif isinstance(element, Problem):
            connected = any(target in used or target in case.elements for target in element.blocks)
        elif isinstance(element, Context):
            connected = name in contexts
        else:
            connected = name in used or name == REGISTRY_COMPLETE
        if not connected:
            yield _finding(
                subject,
                "C106",
                (name,),
                f"nothing rests on `{name}`",
                "refer to it, or remove it",
                "warning",
            )


def out_of_range(subject: Subject) -> Iterator[Finding]:
    """C107."""
    case = subject.case
    if not 0 < case.header.target < 1:
        yield _finding(
            subject,
            "C107",
            ("", "target"),
            f"target {case.header.target:g} is not between 0 and 1",
            "0.90 asks for 90 % confidence",
        )
    for name, element in case.elements.items():
        level = element.level if isinstance(element, Evidence) else None
        if level is not None and not 0 < level < 1:
            yield _finding(
                subject, "C107", (name, "level"), f"level {level:g} is not between 0 and 1"
            )
        credence = getattr(element, "credence", None)
        if credence and not 0 <= credence.at_least <= credence.at_most <= 1:
            yield _finding(
                subject,
                "C107",
                (name, "credence"),
                "a credence is an interval of "
                f"probability, not [{credence.at_least:g}, {credence.at_most:g}]",
            )
        accepted = getattr(element, "accepted", None)
        if accepted and not 0 <= accepted.doubt <= 1:
            yield _finding(
                subject,
                "C107",
                (name, "accepted", "doubt"),
                f"a doubt is a probability, not {accepted.doubt:g}",
            )


def mandatory_accepted(subject: Subject) -> Iterator[Finding]:
    """C108."""
    for name, element in subject.case.elements.items():
        if isinstance(element, Defeater) and element.mandatory and element.accepted:
            yield _finding(
                subject,
                "C108",
                (name, "accepted"),
                f"`{name}` is mandatory and cannot be accepted",
                "answer it with `answered_by`",
            )


def quantities(subject: Subject) -> Iterator[Finding]:
    """C110, C111, C112."""
    case, conclusions = subject.case, conclusion_of(subject.case)
    measured: set[str] = set()
    for name, element in case.elements.items():
        if not isinstance(element, Evidence) or name not in conclusions:
            continue
        claim = claim_of(case, name, conclusions)
        if claim is None:
            continue
        if claim.holds_when is None and element.method is None:
            continue  # a planned leaf or a document: nothing measures anything yet
        if claim.holds_when is None:
            yield _finding(
                subject,
                "C111",
                (claim.id,),
                f"`{claim.id}` rests on the evidence `{name}` and has no `holds_when`",
                "write the criterion, e.g. `holds_when: pass_rate <= 0.20`",
            )
            continue
        measured.add(claim.id)
        for quantity in element.reads:
            if quantity not in claim.holds_when.names:
                yield _finding(
                    subject,
                    "C110",
                    (name, "reads", quantity),
                    f"`{name}` reads "
                    f"`{quantity}`, which the criterion of `{claim.id}` does not use",
                    did_you_mean(quantity, claim.holds_when.names),
                )
        for quantity in claim.holds_when.names:
            if quantity not in element.reads and element.method:
                yield _finding(
                    subject,
                    "C110",
                    (claim.id, "holds_when"),
                    f"`{name}` does not "
                    f"read `{quantity}`, which the criterion of `{claim.id}` names",
                    did_you_mean(quantity, element.reads),
                )
    for name, element in case.elements.items():
        if isinstance(element, Claim) and element.holds_when and name not in measured:
            yield _finding(
                subject,
                "C112",
                (name, "holds_when"),
                f"`{name}` has a criterion and no evidence that measures it",
                "add `by: {evidence: ...}`",
            )


def methods(subject: Subject) -> Iterator[Finding]:
    """C120, C121, C122, C123, C127."""
    for name, facts in subject.leaves.items():
        element = subject.case.elements[name]
        assert isinstance(element, Evidence)
        assert element.method is not None
        if not isinstance(facts.method, Method):
            code, reason = facts.method
            hint = did_you_mean(element.method, subject.method_names)
            yield _finding(
                subject,
                code,
                (name, "method"),
                reason,
                hint if code == "C120" else "reinstall that package",
            )
            continue
        for path, fact in facts.unknown_facts:
            yield _finding(
                subject,
                "C127",
                (name, "with", *path),
                f"there is no fact `{fact}`",
                "facts: deployment.users, deployment.volume, deployment.horizon",
            )
        for mismatch in facts.mismatches:
            yield _finding(
                subject,
                "C122",
                (name, "with", *mismatch.path),
                f"{mismatch.message} (parameters of `{element.method}`)",
                mismatch.hint,
            )
        names = [measure.name for measure in facts.method.measures]
        for quantity, measure in element.reads.items():
            if not any(fnmatchcase(measure, known) for known in names):
                yield _finding(
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
            yield _finding(
                subject,
                "C124",
                (name, "inputs"),
                f"`{path}` of `{name}` {reason}",
                "paths start at the case folder",
            )


def models(subject: Subject) -> Iterator[Finding]:
    """C125."""
    case = subject.case
    named = [(("", "system"), case.header.system.model)]
    named += [
        ((name, "model"), element.model)
        for name, element in case.elements.items()
        if isinstance(element, Evidence) and element.model
    ]
    for path, model in named:
        if model not in case.header.models:
            yield _finding(
                subject,
                "C125",
                path,
                f"there is no model `{model}`",
                did_you_mean(model, case.header.models),
            )


def planned_n(subject: Subject) -> Iterator[Finding]:
    """C126."""
    conclusions = conclusion_of(subject.case)
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
        alpha = spent_alpha(planned_alpha(subject.case, name), 1)
        judged = judge(claim.holds_when, statistics, alpha)
        if judged.outcome != "supports":
            reached = ", ".join(
                f"{q} within [{i.low:.4f}, {i.high:.4f}] at n = {sample_size(statistics[q]).items}"
                for q, i in judged.intervals.items()
            )
            yield _finding(
                subject,
                "C126",
                (name,),
                f"even the best result of `{name}` cannot "
                f"decide `{claim.holds_when}` at level {1 - alpha:.4f}: {reached}",
                "plan more samples, or a bound that this many can decide",
            )


def assumptions(subject: Subject) -> Iterator[Finding]:
    """C130, C131, C132."""
    for name, element in subject.case.elements.items():
        if isinstance(element, Assumption):
            if element.owner is None:
                yield _finding(
                    subject,
                    "C130",
                    (name,),
                    f"nobody owns the assumption `{name}`; it stays open",
                    "write `owner:`",
                    "warning",
                )
            if element.expires is None and element.monitor is None:
                yield _finding(
                    subject,
                    "C131",
                    (name,),
                    f"the assumption `{name}` has neither `expires` nor `monitor`",
                    "write `expires: YYYY-MM-DD`",
                )
    if not isinstance(subject.case.elements.get(REGISTRY_COMPLETE), Assumption):
        yield _finding(
            subject,
            "C132",
            ("", "case"),
            f"the assumption {REGISTRY_COMPLETE} is not in this case; the root stays open",
            f"add `- assumption: {REGISTRY_COMPLETE}` with an owner under the root",
            "warning",
        )


RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    circular_support,
    undeveloped,
    impossible_rule,
    not_a_leg,
    carries_and_only_supports,
    loose,
    out_of_range,
    mandatory_accepted,
    quantities,
    methods,
    files,
    models,
    planned_n,
    assumptions,
)
