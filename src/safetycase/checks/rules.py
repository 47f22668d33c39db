"""The rules of well-formedness: one rule, one function, one code (`checks.codes`).

A rule takes a `Subject` and yields findings; it opens no file and imports no method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set

from safetycase.argument.findings import Finding, did_you_mean
from safetycase.argument.graph import (
    blockers,
    claim_of,
    cycle,
    rule_of,
    supporting,
)
from safetycase.argument.model import (
    Argument,
    Assumption,
    Case,
    Claim,
    Defeater,
    Dependence,
    Element,
    Evidence,
    Hazard,
    Monitor,
    Problem,
)
from safetycase.checks.judge_rules import same_family
from safetycase.checks.monitor_rules import MONITOR_RULES
from safetycase.checks.owner_rules import nobody_answers
from safetycase.checks.plan_rules import impossible_plan
from safetycase.checks.probability_rules import PROBABILITY_RULES
from safetycase.checks.subject import REGISTRY_COMPLETE, Subject, finding

__all__ = ["REGISTRY_COMPLETE", "check"]


def check(subject: Subject) -> tuple[Finding, ...]:
    """Every finding of every rule, in file order."""
    rules = RULES
    if subject.leaves:
        # Methods and statistics take longer to import than a small case to check.
        from safetycase.checks.leaf_rules import LEAF_RULES

        rules += LEAF_RULES
    found = [f for rule in rules for f in rule(subject)]
    return tuple(sorted(found, key=lambda f: (f.span, f.code)))


def circular_support(subject: Subject) -> Iterator[Finding]:
    """C101."""
    loop = cycle(subject.case)
    if loop:
        yield finding(
            subject,
            "C101",
            (loop[0],),
            "support runs in a circle: " + " → ".join(loop),
            "remove one of these links; a loop proves nothing",
        )


def undeveloped(subject: Subject) -> Iterator[Finding]:
    """C102."""
    blocked = blockers(subject.case)
    for name, element in subject.each(Claim):
        if element.by is None and name not in blocked:
            yield finding(
                subject,
                "C102",
                (name,),
                f"nothing supports `{name}` and no problem says what would",
                "add `by`, or a `problem` that blocks it",
                "warning",
            )


def impossible_rule(subject: Subject) -> Iterator[Finding]:
    """C103."""
    for name, element in subject.each(Argument):
        if not element.premises:
            yield finding(subject, "C103", (name, "premises"), f"step `{name}` has no premise")
        elif rule_of(element) == "k of n":
            k, n = element.k, len(element.premises)
            if k is None or not 1 <= k <= n:
                yield finding(
                    subject,
                    "C103",
                    (name, "k"),
                    f"`{name}` is `k of n` with {n} premises and k = {k}",
                    f"write `k:` between 1 and {n}",
                )
        elif element.k is not None:
            yield finding(
                subject,
                "C103",
                (name, "k"),
                f"`{name}` states `k` but its rule is `{rule_of(element)}`",
                "write `rule: k of n`",
            )
        yield from _too_easy(subject, name, element)
        for index, premise in enumerate(element.premises):
            if premise in element.premises[:index]:
                yield finding(
                    subject,
                    "C103",
                    (name, "premises", str(index)),
                    f"`{name}` names the premise `{premise}` twice, and it can count once",
                    "name it once, or argue for another premise",
                )


def _too_easy(subject: Subject, name: str, step: Argument) -> Iterator[Finding]:
    """One leg is enough only among alternatives, and the record's completeness is none of them."""
    rule = rule_of(step)
    if rule == "any" and step.kind != "alternatives":
        yield finding(
            subject,
            "C103",
            (name, "rule"),
            f"`{name}` is a {step.kind} and its rule is `any`: one premise would do for all",
            "write `kind: alternatives` if each premise shows it by itself, or leave the rule out",
        )
    if rule in ("any", "k of n") and REGISTRY_COMPLETE in step.premises:
        yield finding(
            subject,
            "C103",
            (name, "premises"),
            f"{REGISTRY_COMPLETE} is one of the legs of `{name}`, and shows nothing by itself",
            "put it under a step that needs all of its premises",
        )


def not_a_leg(subject: Subject) -> Iterator[Finding]:
    """C104."""
    for name, element in subject.each(Argument):
        for leg in element.despite:
            if leg not in element.premises:
                yield finding(
                    subject,
                    "C104",
                    (name, "despite", leg),
                    f"`{leg}` is no premise of `{name}`",
                    did_you_mean(leg, element.premises),
                )


def carries_and_only_supports(subject: Subject) -> Iterator[Finding]:
    """C105."""
    for name, element in subject.each(Claim):
        for position, shown in enumerate(element.in_support):
            if shown in subject.carried:
                yield finding(
                    subject,
                    "C105",
                    (name, "in_support", str(position)),
                    f"`{shown}` is shown in support of `{name}` and carries support elsewhere",
                    "take it out of `premises` or `in_support`",
                )


def loose(subject: Subject) -> Iterator[Finding]:
    """C106."""
    case = subject.case
    shown = [s for _, e in subject.each(Claim) for s in e.in_support]
    used = set(supporting(case, shown)) | subject.carried if shown else subject.carried
    scoped = {c for _, e in subject.each(Claim) for c in e.context}
    scoped |= {c for _, e in subject.each(Argument) for c in e.context}
    scoped |= {c for _, e in subject.each(Evidence) for c in e.context}
    for name, element in case.elements.items():
        if name in used or name in scoped or name == REGISTRY_COMPLETE:
            continue
        if _joined(element, used, case):
            continue
        yield finding(
            subject,
            "C106",
            (name,),
            f"nothing rests on `{name}`",
            "refer to it, or remove it",
            "warning",
        )


def _joined(element: Element, used: Set[str], case: Case) -> bool:
    """Whether an element that nothing rests on speaks of something that is used."""
    if isinstance(element, Defeater):
        return element.against in used or "." in element.against
    if isinstance(element, Problem):
        return any(target in used or target in case.elements for target in element.blocks)
    if isinstance(element, Monitor):
        watched = any(target in case.elements for target in element.conditions)
        names = (e.monitor for e in case.elements.values() if isinstance(e, Assumption))
        return watched or element.id in names
    if isinstance(element, Claim):  # a claim that a module offers to others
        return any(element.id in module.public for module in case.modules.values())
    return isinstance(element, Hazard | Dependence)


def mandatory_accepted(subject: Subject) -> Iterator[Finding]:
    """C108."""
    for name, element in subject.each(Defeater):
        if element.mandatory and element.accepted:
            yield finding(
                subject,
                "C108",
                (name, "accepted"),
                f"`{name}` is mandatory and cannot be accepted",
                "answer it with `answered_by`",
            )


def quantities(subject: Subject) -> Iterator[Finding]:
    """C110, C111, C112."""
    claims = subject.each(Claim)
    if not (
        any(e.method for _, e in subject.each(Evidence)) or any(c.holds_when for _, c in claims)
    ):
        return
    case, conclusions = subject.case, subject.conclusions
    measured: set[str] = set(_computed(subject))
    for name, element in subject.each(Evidence):
        if name not in conclusions:
            continue
        claim = claim_of(case, name, conclusions)
        if claim is None:
            continue
        if claim.holds_when is None and element.method is None:
            continue  # a planned leaf or a document: nothing measures anything yet
        if claim.holds_when is None:
            yield finding(
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
                yield finding(
                    subject,
                    "C110",
                    (name, "reads", quantity),
                    f"`{name}` reads "
                    f"`{quantity}`, which the criterion of `{claim.id}` does not use",
                    did_you_mean(quantity, claim.holds_when.names),
                )
        for quantity in claim.holds_when.names:
            if quantity not in element.reads and element.method:
                yield finding(
                    subject,
                    "C110",
                    (claim.id, "holds_when"),
                    f"`{name}` does not "
                    f"read `{quantity}`, which the criterion of `{claim.id}` names",
                    did_you_mean(quantity, element.reads),
                )
    yield from _unmeasured(subject, measured)


def _unmeasured(subject: Subject, measured: Set[str]) -> Iterator[Finding]:
    for name, element in subject.each(Claim):
        if element.holds_when and name not in measured:
            yield finding(
                subject,
                "C112",
                (name, "holds_when"),
                f"`{name}` has a criterion and no evidence that measures it",
                "add `by: {evidence: ...}`",
            )


def _computed(subject: Subject) -> Iterator[str]:
    """The claims whose quantities a calculation computes."""
    for name, element in subject.each(Claim):
        step = subject.case.elements.get(element.by or "")
        if isinstance(step, Argument) and step.computes:
            yield name


def calculations(subject: Subject) -> Iterator[Finding]:
    """C109."""
    for name, element in subject.each(Argument):
        calculates = rule_of(element) == "calculate"
        if calculates is not bool(element.computes):
            says = "states no formula under `computes`" if calculates else "does not calculate"
            hint = "`rule: calculate` and `computes: {quantity: formula}` go together"
            yield finding(subject, "C109", (name, "computes"), f"`{name}` {says}", hint)
            continue
        if not calculates:
            continue
        known = {q for p in element.premises for q in _quantities_of(subject, p)}
        for quantity, formula in element.computes.items():
            for used in formula.names:
                if used not in known:
                    yield finding(
                        subject,
                        "C109",
                        (name, "computes", quantity),
                        f"`{used}` in the formula of `{name}` is no quantity of its premises",
                        did_you_mean(used, known),
                    )


def _quantities_of(subject: Subject, premise: str) -> tuple[str, ...]:
    element = subject.case.elements.get(premise)
    if isinstance(element, Claim) and element.holds_when:
        return element.holds_when.names
    return tuple(element.reads) if isinstance(element, Evidence) else ()


def residual_owner(subject: Subject) -> Iterator[Finding]:
    """C113."""
    authors = {author.name for author in subject.case.header.authors}
    for name, element in subject.each(Defeater):
        if element.accepted and element.accepted.owner in authors:
            yield finding(
                subject,
                "C113",
                (name, "accepted", "owner"),
                f"the doubt `{name}` is accepted by an author of the case",
                "somebody who did not write the case accepts what remains",
            )


def models(subject: Subject) -> Iterator[Finding]:
    """C125."""
    case = subject.case
    named = [(("", "system"), case.header.system.model)]
    named += [((name, "model"), e.model) for name, e in subject.each(Evidence) if e.model]
    for path, model in named:
        if model not in case.header.models:
            yield finding(
                subject,
                "C125",
                path,
                f"there is no model `{model}`",
                did_you_mean(model, case.header.models),
            )


def assumptions(subject: Subject) -> Iterator[Finding]:
    """C131, C132."""
    for name, element in subject.each(Assumption):
        if element.expires is None and element.monitor is None:
            yield finding(
                subject,
                "C131",
                (name,),
                f"the assumption `{name}` has neither `expires` nor `monitor`",
                "write `expires: YYYY-MM-DD`",
            )
    if not isinstance(subject.case.elements.get(REGISTRY_COMPLETE), Assumption):
        yield finding(
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
    mandatory_accepted,
    calculations,
    residual_owner,
    quantities,
    models,
    nobody_answers,
    assumptions,
    same_family,
    *PROBABILITY_RULES,
    impossible_plan,
    *MONITOR_RULES,
)
