"""The clauses about the state of the case: what it shows today, and for how long that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from safetycase.argument.graph import supporting
from safetycase.argument.model import Assumption, Evidence
from safetycase.argument.stated import nobody
from safetycase.assess.gated import Judged, Remark, Weight
from safetycase.checks.unstated import unstated
from safetycase.review.gate_facts import Facts, passed
from safetycase.review.policy import Clause

__all__ = ["RULES"]


def _well_formed(facts: Facts, clause: Clause) -> Judged:
    errors = [finding for finding in facts.findings if finding.severity == "error"]
    if not errors:
        return passed(clause)
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail",
        weight="findings",
        says=f"{len(errors)} {'finding' if len(errors) == 1 else 'findings'} of `check` "
        f"{'keeps' if len(errors) == 1 else 'keep'} parts of the case from being ready.",
        remarks=tuple(
            Remark(
                element=f.subject or "",
                says=f"{f.code} {f.message}",
                at=f.span,
                key=f"{f.code} {f.subject or ''}",
            )
            for f in errors
        ),
        hint="`safetycase check` lists them with the way out of each",
    )


def _maturity(facts: Facts, clause: Clause) -> Judged:
    word = facts.case.header.maturity
    unsaid = tuple(unstated(facts.case.header))
    if word == "full" and unsaid:
        return Judged(
            clause=clause.name,
            kind=clause.kind,
            state="fail",
            says="The case calls itself full, and does not say what it is about.",
            remarks=tuple(
                facts.remark("", f"it does not state {what}", *path) for path, what in unsaid
            ),
            hint="write what is decided by whom, about which system, use and harm",
        )
    if word == "full":
        return passed(clause)
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail",
        says=f"The case is a {word}, and only a full case can be released.",
        remarks=(facts.remark("", f"maturity is {word}", "maturity"),),
        hint="bind and close what it leaves open, then state `maturity: full`",
    )


_VERDICTS: Final[Mapping[str, Weight]] = {
    "fails": "fails",
    "not posed": "findings",
    "insufficient": "unknown",
    "unknown": "unknown",
}


def _verdict(facts: Facts, clause: Clause) -> Judged:
    found = facts.assessment
    if found.verdict == "holds":
        return passed(clause, found.headline)
    because = "".join(f" {why[0].upper()}{why[1:]}." for why in found.no_number_because if why)
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail" if found.verdict in ("fails", "not posed") else "unknown",
        weight=_VERDICTS[found.verdict],
        says=found.headline + because,
        remarks=(
            facts.remark(facts.case.root, found.headline, key=f"the verdict is {found.verdict}"),
        ),
        hint=f"`safetycase why {facts.case.root}` gives the reasons down to the runs",
    )


def _fresh(facts: Facts, clause: Clause) -> Judged:
    freshness = facts.assessment.freshness
    late = [
        facts.remark(name, f"{name} is {freshness[name]}", key=f"is {freshness[name].word}")
        for name in _below(facts)
        if name in freshness and freshness[name].word != "fresh"
    ]
    late += [
        facts.remark(name, f"{name} is executed by nothing", "method")
        for name in _below(facts)
        if isinstance(leaf := facts.case.elements[name], Evidence) and leaf.method is None
    ]
    if not late:
        return passed(clause)
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="unknown",
        weight="unknown",
        says=f"{len(late)} {'result under the root does' if len(late) == 1 else 'results do'} "
        "not count today.",
        remarks=tuple(late),
        hint="`safetycase run` runs what is due, and `status` says what made it so",
    )


def _below(facts: Facts) -> tuple[str, ...]:
    """What the support of the root rests on."""
    return supporting(facts.case, [facts.case.root])


def _assumptions(facts: Facts, clause: Clause) -> Judged:
    loose = tuple(_loose(facts))
    if not loose:
        return passed(clause)
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail",
        says=f"{len(loose)} {'assumption' if len(loose) == 1 else 'assumptions'} under the root "
        "stand without an owner or an end.",
        remarks=loose,
        hint="name an `owner`, and an `expires` ahead or a `monitor` that watches it",
    )


def _loose(facts: Facts) -> Iterator[Remark]:
    for name in _below(facts):
        taken = facts.case.elements[name]
        if not isinstance(taken, Assumption):
            continue
        if nobody(taken.owner):
            yield facts.remark(name, f"nobody owns {name}")
        if taken.expires is not None and taken.expires < facts.now.date():
            yield facts.remark(name, f"{name} expired on {taken.expires}", "expires")
        elif taken.expires is None and taken.monitor is None:
            yield facts.remark(name, f"{name} has no end and nothing watches it")


def _decision(facts: Facts, clause: Clause) -> Judged:
    decision = facts.case.header.decision
    if decision.expires >= facts.now.date():
        return passed(clause, f"The decision stands until {decision.expires}.")
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="unknown",
        weight="unknown",
        says=f"The decision that the case supports expired on {decision.expires}.",
        remarks=(
            facts.remark("", f"the decision expired on {decision.expires}", "decision", "expires"),
        ),
        hint=f"{decision.owner} decides anew, and the case says until when",
    )


def _monitors(facts: Facts, clause: Clause) -> Judged:
    watched = facts.assessment.monitors.values()
    alarms = [
        facts.remark(m.id, f"{m.id} raised an alarm in record {a.report.record}", key="alarm")
        for m in watched
        for a in m.open
    ]
    deaf = [
        facts.remark(m.id, f"{m.id} is {m.state}: {m.because}", key=f"is {m.state}")
        for m in watched
        if m.blocks
    ]
    if not alarms and not deaf:
        return passed(clause)
    return Judged(
        clause=clause.name,
        kind=clause.kind,
        state="fail" if alarms else "unknown",
        weight="fails" if alarms else "unknown",
        says=f"{len(alarms)} open alarms, and {len(deaf)} monitors that cannot be relied on.",
        remarks=(*alarms, *deaf),
        hint="`safetycase watch` hears them again; `record resolve` answers an alarm",
    )


RULES: Mapping[str, Callable[[Facts, Clause], Judged]] = {
    "well-formed": _well_formed,
    "maturity-full": _maturity,
    "verdict-holds": _verdict,
    "leaves-fresh": _fresh,
    "assumptions-owned-and-unexpired": _assumptions,
    "decision-unexpired": _decision,
    "monitors-heard": _monitors,
}
