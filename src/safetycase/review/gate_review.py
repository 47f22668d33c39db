"""The clauses about review: who challenged the case, who answered, who stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from safetycase.assess.gated import Judged, Remark
from safetycase.assess.reviewed import SignedOff
from safetycase.ledger.names import folded
from safetycase.ledger.vocabulary import SEVERITIES
from safetycase.review.gate_facts import (
    ACCEPTS,
    Facts,
    among,
    named,
    owner_of,
    passed,
    people,
    rejections,
    signers,
)
from safetycase.review.policy import Challenges, Clause, Raised, Signing

__all__ = ["RULES"]


def _asked(facts: Facts, clause: Clause) -> Judged:
    options: Raised = clause.options
    challenges = facts.assessment.review.challenges
    own = sum(c.own for c in challenges)  # whoever wrote the case did not ask whether it holds
    nobody = sum(not c.own and not c.vouched for c in challenges)  # a key says itself whose it is
    raised = len(challenges) - own - nobody
    if raised >= options.at_least:
        return passed(clause, f"{raised} challenge{'' if raised == 1 else 's'} raised.")
    says = "Nobody challenged this case" if raised == 0 else f"{raised} challenges were raised"
    but = [f"its authors ({own})"] if own else []
    but += [f"holders of keys that no author let in ({nobody})"] if nobody else []
    says += f" but {' and '.join(but)}" if but else ""
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail",
        weight="review",
        says=f"{says}; the policy asks for at least {options.at_least}. That nobody objected is "
        "no sign of quality.",
        remarks=(facts.remark("", "too few challenges"),),
        hint="`safetycase review checklist` says what to ask, `review challenge` records it",
    )


def _open(facts: Facts, clause: Clause) -> Judged:
    options: Challenges = clause.options
    words = tuple(SEVERITIES)
    least = words.index(options.at_least)
    found = [
        c for c in facts.assessment.review.standing if words.index(c.severity) >= least
    ]  # fmt: skip
    if not found:
        return passed(clause)
    conceded = any(c.standing == "conceded" for c in found)
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail",
        weight="fails" if conceded else "review",
        says=f"{len(found)} challenge{'s' if len(found) > 1 else ''} of at least "
        f"`{options.at_least}` severity {'stand' if len(found) > 1 else 'stands'}.",
        remarks=tuple(
            Remark(
                element=c.element or "",
                says=f"{c.id} ({c.severity}, {c.standing}) against {c.against}, by {c.by}: "
                f"{c.says}",
                at=facts.at(c.element or ""),
                key=f"challenge {c.id}",
            )
            for c in found
        ),
        hint="`safetycase review respond` answers it; a reviewer rules on that with "
        "`review resolve`",
    )


def _signed(facts: Facts, clause: Clause) -> Judged:
    options: Signing = clause.options
    wanted = options.on or (facts.case.root,)
    gone = [name for name in wanted if name not in facts.case.elements]
    if gone:
        return Judged(
            clause=clause.name,
            kind=clause.kind,
            state="fail",
            weight="findings",
            says=f"The policy asks for a sign-off of {', '.join(gone)}, not in this case.",
            remarks=tuple(Remark(element=n, says=f"{n} is gone", at=clause.at) for n in gone),
            hint="correct `on` in the policy",
        )
    short: list[Remark] = []
    names: list[str] = []
    for name in wanted:
        who, missing = _of(facts, options, name)
        names += who
        short += missing
    if not short:
        return passed(clause, f"Signed by {', '.join(dict.fromkeys(names))}.")
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail",
        weight="review",
        says="; ".join(remark.says for remark in short) + ".",
        remarks=tuple(short),
        hint="`safetycase review sign ELEMENT` with the key of a reviewer who had no hand in it",
    )


def _of(facts: Facts, options: Signing, name: str) -> tuple[list[str], list[Remark]]:
    """Who accepts an element, conditions beside the name, and what is missing."""
    said, counting = facts.assessment.review.sign_offs, signers(facts, [name])
    if options.by:
        counting = tuple(s for s in counting if among(facts, s, options.by))
    runs = _runs(facts, name) if options.results == "seen" else {}
    last = max(runs.values(), default=0)
    early = [s for s in counting if s.record < last and s.verdict in ACCEPTS]
    counting = tuple(s for s in counting if s.record > last)
    behind = [group for group in people(facts, counting) if group[-1].verdict in ACCEPTS]
    if options.conditions == "refused":
        behind = [group for group in behind if not group[-1].conditions]
    accepted = [group[-1] for group in behind]
    external = [g for g in behind if {owner_of(facts, s) for s in g} & _external(facts)]
    short = [
        facts.remark(name, f"{named(facts, s)} rejects {name} ({s.says})", key=f"{s.by} rejects")
        for s in rejections(facts, (s for s in said if s.element == name))
    ]
    if len(accepted) < options.count:
        says = f"{len(accepted)} of {options.count} independent reviewers accept {name} as it is"
        says += _why_not(facts, name) + _unseen(early, runs)
        short.append(facts.remark(name, says, key="sign-offs are missing"))
    elif len(external) < options.external:
        says = f"{len(external)} of {options.external} external reviewers accept {name} as it is"
        short.append(facts.remark(name, says, key="external sign-offs are missing"))
    return [_named(facts, s) for s in accepted], short


def _runs(facts: Facts, name: str) -> dict[str, int]:
    """The leaves under an element that count now, each with the record of its last run."""
    started: dict[int, int] = {}
    for attempt in facts.assessment.attempts:
        started[attempt.registration] = max(started.get(attempt.registration, 0), attempt.seq)
    found: dict[str, int] = {}
    for leaf in facts.scopes.names(name):
        result = facts.assessment.leaves.get(leaf)
        if result is not None and result.tally is not None and result.tally.registration:
            found[leaf] = started.get(result.tally.registration, result.tally.registration)
    return found


def _unseen(early: Sequence[SignedOff], runs: Mapping[str, int]) -> str:
    """Who signed before results that the element rests on now."""
    said = []
    for signed in early[-3:]:
        leaf = max(runs, key=lambda name: runs[name])
        said.append(f"{signed.by}: signed before the run of {leaf} in record {runs[leaf]}")
    return f" ({'; '.join(said)})" if said else ""


def _external(facts: Facts) -> frozenset[str]:
    return frozenset(folded(each.name) for each in facts.case.header.reviewers if each.external)


def _named(facts: Facts, signed: SignedOff) -> str:
    name = named(facts, signed)
    if not signed.conditions:
        return name
    return f"{name} (on condition: {'; '.join(signed.conditions)})"


def _why_not(facts: Facts, name: str) -> str:
    """What is wrong with the sign-offs of an element that do not count."""
    found: Sequence[SignedOff] = [
        s
        for s in facts.assessment.review.sign_offs
        if s.element == name and not s.counts and s.verdict in ACCEPTS
    ]
    said = [f"{s.by}: {s.because or 'signed an earlier version'}" for s in found[-3:]]
    return f" ({'; '.join(said)})" if said else ""


RULES: Mapping[str, Callable[[Facts, Clause], Judged]] = {
    "review-asked": _asked,
    "no-open-challenge": _open,
    "sign-off": _signed,
}
