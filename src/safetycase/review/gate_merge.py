"""The merge gate: whether the case is well-formed, and no weaker than it was.

It judges a change by the policy of the version before it, so that a change cannot loosen the
policy that judges it. The two versions are compared by their argument, and what the record shows
of the root is computed for both under the same record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from safetycase.argument import model
from safetycase.argument.changes import Change, Difference
from safetycase.assess.gated import Gated, Judged, Overrode, Remark, Weighed, Weight
from safetycase.assess.records import Assessment
from safetycase.review.gate import RULES, Rule, rule
from safetycase.review.gate_changes import weigh
from safetycase.review.gate_facts import Facts, overrides, passed
from safetycase.review.policy import Clause, Policy
from safetycase.review.policy_compare import weakened

__all__ = ["Earlier", "merge"]

MOST_FIELDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The version before a change.

    `name` is what the user calls it; `assessment` is that of the earlier case under the record of
    today, None if `problem` stood in the way. `policy` is the policy beside the changed case, and
    `own` that beside the version before, whichever judges the change. `other`
    are the leaves of both versions of which the recipe changed, with the fields that did.
    """

    name: str
    case: model.Case
    difference: Difference
    policy: Policy
    own: Policy
    assessment: Assessment | None = None
    problem: str = ""
    other: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def merge(facts: Facts, earlier: Earlier) -> Gated:
    """Whether the change may be merged; `facts.policy` is the policy of the earlier version."""
    given = overrides(facts)
    asked = facts.policy.of("merge")
    signing = [c for c in asked if c.kind == "loosening-signed"]  # there is always one
    each = {c.name: weigh(facts, earlier.case, earlier.difference, c.options) for c in signing}
    weighed = _strictest(tuple(each.values()))
    own: Mapping[str, Rule] = {
        "policy-not-weaker": partial(_policy, earlier=earlier),
        "loosening-signed": lambda facts, clause: _signed(facts, clause, weighed=each[clause.name]),
        "reruns-recorded": partial(_rerun, earlier=earlier),
        "no-less-shown": partial(_shown, earlier=earlier, weighed=weighed),
    }
    rules = {**RULES, **own}
    return Gated(
        mode="merge",
        assessment=facts.assessment,
        policy=facts.policy.name,
        policy_source=facts.policy.source,
        policy_digest=facts.policy.digest,
        scope=facts.scopes.digest(facts.case.root),
        clauses=tuple(
            rule(facts, clause, rules[clause.kind], _about(clause, given, earlier))
            for clause in asked
        ),
        overrides=given,
        dissents=facts.assessment.review.dissents,
        against=earlier.name,
        difference=earlier.difference,
        changes=weighed,
        before=earlier.assessment,
    )


def _strictest(found: Sequence[tuple[Weighed, ...]]) -> tuple[Weighed, ...]:
    """Each change as the clause takes it that wants most people to sign it."""
    return tuple(max(same, key=lambda w: w.needed) for same in zip(*found, strict=True))


def _about(
    clause: Clause, given: tuple[Overrode, ...], earlier: Earlier
) -> tuple[Overrode, ...]:  # fmt: skip
    """The overrides that may open a clause: a weaker policy is opened as it was read, and no other.

    The digest that binds an override is that of the argument, in which the policy is not.
    """
    if clause.kind != "policy-not-weaker":
        return given
    return tuple(each for each in given if each.policy == earlier.policy.digest)


def _policy(facts: Facts, clause: Clause, *, earlier: Earlier) -> Judged:
    found = weakened(earlier.own, earlier.policy)
    if not found:
        return passed(clause)
    others = [
        each.record
        for each in overrides(facts)
        if clause.name in each.clauses and each.policy != earlier.policy.digest and not each.idle
    ]
    of_another = (
        f" The override in record {others[-1]} was given for another policy." if others else ""
    )
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail",
        weight="review",
        says=f"The policy asks for less than before: {'; '.join(found)}.{of_another}",
        remarks=tuple(Remark(element="", says=says, key=says) for says in found),
        hint="nobody can sign a policy off: have somebody with authority record it with "
        f"`safetycase review override {facts.case.root} --clause {clause.name}`",
    )


def _signed(facts: Facts, clause: Clause, *, weighed: Sequence[Weighed]) -> Judged:
    unsigned = [each for each in weighed if each.missing]
    weaker = [each for each in weighed if each.means == "weaker"]
    if not unsigned:
        asked = [each for each in weighed if each.needed]
        if not asked:
            return passed(clause, "Nothing makes the case weaker.")
        names = dict.fromkeys(name for each in asked for name in each.signed)
        signed = "1 change was" if len(asked) == 1 else f"{len(asked)} changes were"
        return passed(clause, f"{signed} signed, by {', '.join(names)}.")
    weak = sum(each.means == "weaker" for each in unsigned)
    makes = "makes" if weak == 1 else "make"
    counts = [f"{weak} that {makes} the case weaker"] if weak else []
    counts += [f"{len(unsigned) - weak} undecided"] if len(unsigned) > weak else []
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail" if weaker else "unknown",
        weight="review",
        says=f"Changes that not enough others signed: {', '.join(counts)}.",
        remarks=tuple(_remark(facts, each) for each in unsigned),
        hint=f"`safetycase review sign {unsigned[0].through}`, or of what rests on it, with the "
        "key of a reviewer who had no hand in it",
    )


def _remark(facts: Facts, each: Weighed) -> Remark:
    change = each.change
    lacks = f"{len(each.signed)} of {each.needed} reviewers signed {each.through}"
    says = f"{_sentence(change)} — {lacks}" + (f" ({each.says})" if each.says else "")
    gone = change.element not in facts.case.elements and change.kind != "header"
    return Remark(
        element=each.through if gone else change.element,
        says=says,
        at=facts.at(each.through) if gone else change.at,
        key=f"{change.element} {change.field} {change.what}",
    )


def _sentence(change: Change) -> str:
    """A change in one line: what it is of, what it is, before and after."""
    of = f"{change.kind} {change.element}" if change.element else "the case"
    words = [f"`{value}`" for value in (change.before, change.after) if value]
    return f"{of}: {change.what}" + (f" ({' → '.join(words)})" if change.field and words else "")


def _rerun(facts: Facts, clause: Clause, *, earlier: Earlier) -> Judged:
    """Data and code are no part of the argument; what changes them shows in the recipes alone."""
    if earlier.problem:
        says = f"What {earlier.name} ran cannot be told: {earlier.problem}"
        return _less(clause, "unknown", says)
    freshness = facts.assessment.freshness
    due = [
        facts.remark(
            name,
            f"{name} is {freshness.get(name, 'never run')}, and it runs "
            f"otherwise than before: {', '.join(fields[:MOST_FIELDS])}"
            + (f" and {len(fields) - MOST_FIELDS} more" if len(fields) > MOST_FIELDS else ""),
            key=f"runs otherwise: {', '.join(fields)}",
        )
        for name, fields in earlier.other.items()
        if name not in freshness or freshness[name].word != "fresh"
    ]
    if not due:
        again = len(earlier.other)
        runs = "1 leaf runs" if again == 1 else f"{again} leaves run"
        says = f"{runs} otherwise than before, and as it is now is in the record." if again else ""
        return passed(clause, says)
    says = f"{len(due)} {'leaf runs' if len(due) == 1 else 'leaves run'} otherwise than before, "
    return _less(clause, "unknown", f"{says}and the record has no run of that.", tuple(due))


_RANK: Final[Mapping[str, int]] = {
    "holds": 3,
    "insufficient": 2,
    "unknown": 1,
    "not posed": 1,
    "fails": 0,
}
_ROUNDING: Final = 1e-9


def _shown(facts: Facts, clause: Clause, *, earlier: Earlier, weighed: Sequence[Weighed]) -> Judged:
    now, before = facts.assessment, earlier.assessment
    if now.record_length == 0:
        return passed(clause, "There is no record, so that neither version shows anything.")
    if before is None:
        return _less(
            clause, "unknown", f"What {earlier.name} showed cannot be computed: {earlier.problem}"
        )
    lost = [
        facts.remark(name, f"{name} was {was} and is {facts.assessment.states[name].support}"
                     + _left_behind(facts, name, earlier), key="less is shown")
        for name, was in _supported(earlier)
        if name in now.states and now.states[name].support not in ("supported", "assumed")
    ]  # fmt: skip
    worse = _RANK[now.verdict] < _RANK[before.verdict]
    was, low = _confidence(before), _confidence(now)
    if not worse and low >= was - _ROUNDING:
        return passed(clause, f"The root: {_words(before)} before, {_words(now)} now.")
    weight: Weight = "fails" if now.verdict == "fails" else "unknown"
    told = f"less of {facts.case.root}: {_words(before)} before, {_words(now)} now."
    if _only_tighter(weighed) and not earlier.other:
        return passed(clause, f"The case asks for more than before, and so is shown {told}")
    if not earlier.other and not _made_stale(now, earlier) and weight == "unknown":
        # Nothing is left to run: it is what those who sign the change have to judge.
        if not any(each.missing for each in weighed):
            return passed(clause, f"The changes were signed; the record shows {told}")
        weight = "review"
    return _less(
        clause,
        weight,
        f"The same record shows {told}",
        (facts.remark(facts.case.root, "the root is shown less", key="the root"), *lost),
    )


def _left_behind(facts: Facts, name: str, earlier: Earlier) -> str:
    """That a leaf left its results behind with its name, if it did."""
    old = next((old for old, new in earlier.difference.renamed.items() if new == name), None)
    if old is None or not isinstance(facts.case.elements[name], model.Evidence):
        return ""
    return f": its results are recorded under the name that it had, {old}"


def _made_stale(now: Assessment, earlier: Earlier) -> bool:
    """Whether a result that counted for the version before does not count for this one."""
    assert earlier.assessment is not None
    names = earlier.difference.renamed
    return any(
        was.word == "fresh" and name in now.freshness and now.freshness[name].word != "fresh"
        for name, was in (
            (names.get(old, old), was) for old, was in earlier.assessment.freshness.items()
        )
    )


def _only_tighter(weighed: Sequence[Weighed]) -> bool:
    """Whether the change only asks for more.

    Whoever raises a doubt, or a threshold, must not be stopped because the case shows it: that
    would teach people to keep doubts out of it. The release gate waits for the answer.
    """
    means = {each.means for each in weighed}
    return "tighter" in means and means <= {"tighter", "shown"}


def _less(
    clause: Clause, weight: Weight, says: str, remarks: tuple[Remark, ...] = ()
) -> Judged:  # fmt: skip
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail" if weight == "fails" else "unknown",
        weight=weight,
        says=says,
        remarks=remarks,
        hint="sign the change, or take it back"
        if weight == "review"
        else "`safetycase run` runs what the change made due; then ask again",
    )


def _supported(earlier: Earlier) -> Sequence[tuple[str, str]]:
    """Elements that were supported before, by the names that they have now."""
    assert earlier.assessment is not None
    names = earlier.difference.renamed
    return [
        (names.get(name, name), state.support)
        for name, state in earlier.assessment.states.items()
        if state.support in ("supported", "assumed")
    ]


def _confidence(assessment: Assessment) -> float:
    found = assessment.root.confidence
    return found.low if found else 0.0


def _words(assessment: Assessment) -> str:
    found = assessment.root.confidence
    number = f", confidence at least {found.low:.4f}" if found else ""
    return f"{assessment.root.support} ({assessment.verdict}{number})"
