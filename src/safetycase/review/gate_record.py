"""The clauses about the record: what was written, in what order, after how many attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from safetycase.argument.graph import supporting
from safetycase.assess.gated import Judged, Remark
from safetycase.assess.records import LeafResult
from safetycase.ledger.ordering import GRADES
from safetycase.ledger.recipe import IDENTITIES
from safetycase.review.gate_facts import Facts, passed
from safetycase.review.policy import Attempts, Clause, Identified, Order

__all__ = ["RULES"]


def _verifies(facts: Facts, clause: Clause) -> Judged:
    wrong = [problem for problem in facts.problems if problem.severity == "error"]
    if wrong:
        return Judged(
            clause=clause.name,
            kind=clause.kind,
            state="fail",
            weight="record",
            says=f"The record does not verify: {wrong[0].says}"
            + (f", and {len(wrong) - 1} more." if len(wrong) > 1 else "."),
            remarks=tuple(Remark(element="", says=p.says, key=p.says) for p in wrong),
            hint=wrong[0].hint,
        )
    if facts.policy.record and facts.origin != facts.policy.record:
        return _another(facts, clause)
    if facts.assessment.record_length == 0:
        return passed(clause, "There is no record yet, so there is nothing to verify.")
    return passed(clause)


def _another(facts: Facts, clause: Clause) -> Judged:
    """Not the record that the policy names: who makes a record signs in it what they like."""
    there = bool(facts.origin)
    named = facts.policy.record
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail" if there else "unknown",
        weight="record" if there else "unknown",
        says=f"The record is {facts.origin}, and the policy names {named}."
        if there
        else f"The record that the policy names, {named}, is not here.",
        remarks=(Remark(element="", says="not the record of the policy", key="other record"),),
        hint="`safetycase record home set` fetches the record of a team",
    )


def _leaves(facts: Facts) -> Iterator[LeafResult]:
    """The results under the root."""
    for name in supporting(facts.case, [facts.case.root]):
        if name in facts.assessment.leaves:
            yield facts.assessment.leaves[name]


def _attempts(facts: Facts, clause: Clause) -> Judged:
    options: Attempts = clause.options
    over: list[Remark] = []
    for leaf in _leaves(facts):
        if leaf.tally is None:
            continue
        mine = sum(leaf.tally.outcomes.values())
        made, most = mine, leaf.tally.budget
        if options.at_most is not None:
            made, most = mine + sum(leaf.tally.earlier.values()), options.at_most
        if made > most:
            says = f"{leaf.evidence} was tried {made} times, and {most} are allowed"
            over.append(facts.remark(leaf.evidence, says, key="tried too often"))
    if not over:
        return passed(clause)
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail",
        says=f"{len(over)} {'leaf was' if len(over) == 1 else 'leaves were'} tried more often "
        "than allowed.",
        remarks=tuple(over),
        hint="attempts cannot be taken back: argue why they were needed, and have it overridden",
    )


def _order(facts: Facts, clause: Clause) -> Judged:
    options: Order = clause.options
    wanted = GRADES.index(options.at_least)
    short: list[Remark] = []
    unknown = 0
    for leaf in _leaves(facts):
        if leaf.tally is None or leaf.tally.registration is None:
            unknown += 1
            says = f"{leaf.evidence} has no registration"
            short.append(facts.remark(leaf.evidence, says))
        elif GRADES.index(leaf.tally.ordering) < wanted:
            says = f"{leaf.evidence} has the grade {leaf.tally.ordering}"
            short.append(facts.remark(leaf.evidence, says))
    if not short:
        return passed(clause)
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="unknown" if unknown == len(short) else "fail",
        weight="unknown" if unknown == len(short) else "fails",
        says=f"Of {len(short)} {'leaf' if len(short) == 1 else 'leaves'} it is not shown, as "
        f"well as `{options.at_least}`, that the criterion came before the result.",
        remarks=tuple(short),
        hint="register, have it countersigned (`record countersign`), and only then run",
    )


def _identity(facts: Facts, clause: Clause) -> Judged:
    options: Identified = clause.options
    wanted = IDENTITIES.index(options.at_least)
    rows = {row.seq: row for row in facts.history.registrations}
    short: list[Remark] = []
    for leaf in _leaves(facts):
        row = rows.get(leaf.tally.registration or 0) if leaf.tally else None
        subject = row.recipe.get("subject") if row else None
        if not isinstance(subject, Mapping) or not subject.get("weights"):
            continue  # no model in it, or never registered: other clauses see to that
        known = str(subject.get("identity", "")) or "none"
        if known not in IDENTITIES or IDENTITIES.index(known) < wanted:
            says = f"the model of {leaf.evidence} is known by `{known}`"
            short.append(facts.remark(leaf.evidence, says))
    if not short:
        return passed(clause)
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail",
        says=f"{len(short)} {'model is' if len(short) == 1 else 'models are'} known less surely "
        f"than by `{options.at_least}`.",
        remarks=tuple(short),
        hint="run it on weights that the runner hashes, or have the provider sign the id",
    )


RULES: Mapping[str, Callable[[Facts, Clause], Judged]] = {
    "record-verifies": _verifies,
    "attempts-within": _attempts,
    "ordering-grade": _order,
    "identity": _identity,
}
