"""Why a status is what it is: short sentences, each pointing to the element it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from safetycase.argument.graph import rule_of
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
from safetycase.argument.stated import nobody
from safetycase.assess.leaves import Leaf
from safetycase.assess.logic import Facts, standing, unanswered_legs
from safetycase.assess.objecting import noted, objections
from safetycase.assess.records import Reason
from safetycase.assess.watch_reasons import (
    challenge_reasons,
    live_reasons,
    monitor_reasons,
    watched_reasons,
)
from safetycase.checks.rules import REGISTRY_COMPLETE

__all__ = ["reasons_of"]

Values = Mapping[str, bool | None]


def reasons_of(
    name: str,
    facts: Facts,
    values: Values,
    leaves: Mapping[str, Leaf],
    case: Case,
    now: datetime,
) -> tuple[Reason, ...]:
    """The reasons for the status of one element, the deciding ones first."""
    element = facts.elements[name]
    found: list[Reason] = []
    for defeater in standing(facts, values, name):
        says = getattr(facts.elements[defeater], "says", "")
        found.append(Reason(says=f"An undefeated doubt stands against it: {says}", about=defeater))
    for defeater in facts.attacks.get(name, ()):
        if defeater in facts.accepted:
            attack = facts.elements[defeater]
            accepted = attack.accepted if isinstance(attack, Defeater) else None
            assert accepted is not None
            found.append(
                Reason(
                    says=f"The doubt {defeater} is accepted by {accepted.owner} until "
                    f"{accepted.expires}: {accepted.because}",
                    about=defeater,
                )
            )
    found += watched_reasons(name, facts)
    for problem in facts.problems.get(name, ()):
        says = getattr(case.elements[problem], "says", "")
        found.append(Reason(says=f"An open problem blocks it: {says}", about=problem))
    found += _own(name, element, facts, values, leaves, case, now)
    found += live_reasons(name, facts)
    found += [Reason(says=says) for says in noted(name, facts.review)]
    return tuple(found)


def _own(
    name: str,
    element: Element,
    facts: Facts,
    values: Values,
    leaves: Mapping[str, Leaf],
    case: Case,
    now: datetime,
) -> list[Reason]:
    if isinstance(element, Evidence):
        return _planned(element) if element.method is None else _evidence(name, leaves)
    if isinstance(element, Claim):
        return _claim(name, element, facts, values, case)
    if isinstance(element, Argument):
        return _argument(element, values)
    if isinstance(element, Assumption):
        return [_assumption(element, facts, now)]
    if name in facts.challenged:
        return [Reason(says=says) for says in objections(facts.challenged[name])]
    if isinstance(element, Defeater):
        return [*challenge_reasons(name, facts, case, now), *_defeater(element, facts, values)]
    if isinstance(element, Monitor):
        return monitor_reasons(element, facts, now)
    if isinstance(element, Problem):
        return [Reason(says=f"It is closed when {element.closed_when}")]
    return _noted(element)


def _noted(element: Element) -> list[Reason]:
    """Elements that scope, and are neither true nor false."""
    if isinstance(element, Hazard):
        found = [Reason(says=f"{name} covers it.", about=name) for name in element.covered_by]
        if element.excluded_because:
            found.append(Reason(says=f"It is excluded: {element.excluded_because}"))
        return found or [Reason(says="No claim covers it, and nothing excludes it.")]
    if isinstance(element, Dependence):
        who = (
            f"{element.owner} answers for it"
            if not nobody(element.owner)
            else "Nobody answers for it"
        )
        counts = (
            f"and holds it at {element.credence.at_least:g} or more"
            if element.credence
            else "and without a credence it adds nothing"
        )
        about = [Reason(says=f"It is declared of {n}.", about=n) for n in element.among]
        return [Reason(says=f"{who}, {counts}: {element.because}"), *about]
    return [Reason(says="It states a scope or a reason; nothing rests on its truth.")]


def _planned(element: Evidence) -> list[Reason]:
    found = [Reason(says="Nothing executes it yet, so it supports nothing.")]
    if element.statistic:
        found.append(Reason(says=f"It would be decided by {element.statistic}."))
    if element.artefact:
        found.append(Reason(says=f"It names the document {element.artefact}."))
    return found


def _evidence(name: str, leaves: Mapping[str, Leaf]) -> list[Reason]:
    leaf = leaves.get(name)
    if leaf is None:
        return [Reason(says="It supports no claim with a criterion, so nothing can judge it.")]
    result, found = leaf.result, []
    if leaf.freshness.word != "fresh":
        found.append(Reason(says=f"It counts for nothing now: {leaf.freshness}."))
    found += [Reason(says=f"It counts as {waived}") for waived in leaf.freshness.waived]
    found += [Reason(says=f"{warning}.") for warning in leaf.freshness.warnings]
    if leaf.outcome is not None:
        verb = {"supports": "meets", "refutes": "fails", "inconclusive": "does not decide"}
        found.append(
            Reason(
                says=f"The measured result {verb[leaf.outcome]} the criterion `{result.criterion}`."
            )
        )
    for quantity in result.quantities:
        found.append(Reason(says=f"{quantity.name}: {quantity.text}."))
    for check, passed, detail in result.instrument:
        if not passed:
            found.append(Reason(says=f"The instrument check `{check}` failed: {detail}"))
    if result.ran_at:
        found.append(
            Reason(
                says=f"Run by {result.method} on {result.ran_at[:10]} with seed "
                f"{result.seed}, attempt {result.attempts[-1].id}."
            )
        )
    bad = [a for a in result.attempts if a.outcome not in ("completed", "running")]
    if bad:
        found.append(
            Reason(
                says=f"{len(bad)} of {len(result.attempts)} attempts did not complete; "
                f"the last of them {bad[-1].outcome}: {bad[-1].reason or 'no reason'}"
            )
        )
    return found


def _claim(name: str, element: Claim, facts: Facts, values: Values, case: Case) -> list[Reason]:
    found: list[Reason] = []
    if name == case.root:
        registry = facts.elements.get(REGISTRY_COMPLETE)
        if not isinstance(registry, Assumption):
            found.append(
                Reason(
                    says="Nobody states that every run is in the record "
                    f"({REGISTRY_COMPLETE} is missing)."
                )
            )
        elif not facts.assumed[REGISTRY_COMPLETE]:
            found.append(
                Reason(
                    says="Nobody answers for every run being in the record.",
                    about=REGISTRY_COMPLETE,
                )
            )
    if element.by is None:
        if name not in facts.problems:
            found.append(Reason(says="Nothing supports it."))
        return found
    if element.by not in facts.elements:
        return [*found, Reason(says=f"Its support `{element.by}` is not in the case.")]
    word = {
        True: "It rests on {}, which goes through.",
        False: "Its support {} is refuted.",
        None: "Its support {} does not go through.",
    }[values[element.by]]
    found.append(Reason(says=word.format(element.by), about=element.by))
    return found


def _argument(element: Argument, values: Values) -> list[Reason]:
    rule = rule_of(element)
    if rule == "calculate":
        return _calculation(element, values)
    needed = {"all": "all", "any": "any one"}.get(rule, f"{element.k}")
    parts = (*element.premises, *element.side_conditions)
    good = [p for p in parts if values.get(p) is True]
    bad = [p for p in parts if values.get(p) is not True]
    found = [
        Reason(
            says=f"It needs {needed} of its {len(element.premises)} premises; "
            f"{len([p for p in element.premises if p in good])} hold."
        )
    ]
    for premise in bad:
        state = "is refuted" if values.get(premise) is False else "is not established"
        found.append(Reason(says=f"{premise} {state}.", about=premise))
    if rule == "any":
        for leg in unanswered_legs(element, values.get):
            found.append(
                Reason(
                    says=f"The leg {leg} is refuted, and nothing says why the others "
                    "stand without it (`despite`).",
                    about=leg,
                )
            )
        found += [
            Reason(says=f"It stands although {leg} is refuted: {why}", about=leg)
            for leg, why in element.despite.items()
            if values.get(leg) is False
        ]
    found += [Reason(says=f"{premise} holds.", about=premise) for premise in good]
    return found


def _calculation(element: Argument, values: Values) -> list[Reason]:
    found = [
        Reason(says=f"It computes {name} = {formula} on the measured intervals.")
        for name, formula in element.computes.items()
    ]
    for premise in (*element.premises, *element.side_conditions):
        word = {True: "holds", False: "is refuted"}.get(values.get(premise), "is not established")  # type: ignore[arg-type]
        found.append(Reason(says=f"{premise} {word}.", about=premise))
    return found


def _assumption(element: Assumption, facts: Facts, now: datetime) -> Reason:
    if nobody(element.owner):
        return Reason(says="Nobody owns this assumption, so it supports nothing.")
    if element.expires is not None and element.expires < now.date():
        return Reason(
            says=f"It was assumed by {element.owner} until {element.expires}, which has passed."
        )
    until = f" until {element.expires}" if element.expires else ""
    if element.monitor is None:
        return Reason(says=f"Assumed without proof by {element.owner}{until}.")
    if not facts.assumed.get(element.id):
        return Reason(says=f"Its monitor `{element.monitor}` is not in the case, so nothing does.")
    if element.id in facts.monitors:
        return Reason(says=f"{element.owner} takes it without proof{until}, but not unwatched.")
    return Reason(
        says=f"Assumed without proof by {element.owner}{until}, while its monitor "
        f"{element.monitor} is quiet."
    )


def _defeater(element: Defeater, facts: Facts, values: Values) -> list[Reason]:
    if element.id in facts.silent:
        return [Reason(says="Neither the latest result nor an open alarm raises it.")]
    found: list[Reason] = []
    if element.by:
        found.append(Reason(says=f"It rests on {element.by}.", about=element.by))
    for answer in (*element.answered_by, *facts.attacks.get(element.id, ())):
        word = "answers it" if values.get(answer) is True else "would answer it and does not hold"
        found.append(Reason(says=f"{answer} {word}.", about=answer))
    if not found:
        found.append(Reason(says="It was raised and nothing answers it."))
    for challenge in facts.kept.get(element.id, ()):
        if challenge in facts.challenged:
            says = f"While challenge {facts.challenged[challenge].id} stands, nothing answers it."
            found.append(Reason(says=says, about=challenge))
    for monitor in facts.kept.get(element.id, ()):
        if element.id in facts.watching.challenges or monitor in facts.challenged:
            continue
        says = f"While its monitor {monitor} is not known to be quiet, nothing answers it."
        found.append(Reason(says=says, about=monitor))
    return found
