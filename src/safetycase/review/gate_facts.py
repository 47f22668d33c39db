"""What a gate looks at, and who stands behind what: sign-offs by person, overrides with force."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safetycase.argument.findings import Finding, Span, did_you_mean
from safetycase.argument.model import Case
from safetycase.assess.gated import Judged, Overrode, Remark
from safetycase.assess.records import Assessment
from safetycase.assess.reviewed import Overridden, SignedOff
from safetycase.checks.scope import Scopes
from safetycase.ledger.fold import History
from safetycase.ledger.names import folded
from safetycase.ledger.record import Problem, stamp
from safetycase.review.policy import CLAUSES, NOT_OVERRIDDEN, Clause, Policy, is_keyid

__all__ = [
    "ACCEPTS",
    "Facts",
    "among",
    "instant",
    "named",
    "overridden",
    "overrides",
    "owner_of",
    "passed",
    "people",
    "rejections",
    "signers",
]

ACCEPTS = frozenset({"accept", "accept-with-conditions"})
"""The verdicts of a sign-off that stand behind what was signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a gate is given: it reads no file and no clock.

    `problems` is what is wrong with the record; `assessment` was computed with every digest taken
    anew. `findings` are those of the case file. `origin` is the name of the record, empty without
    one.
    """

    assessment: Assessment
    history: History
    policy: Policy
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    origin: str = ""
    scopes: Scopes = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what every element rests on."""
        object.__setattr__(self, "scopes", Scopes(self.assessment.case))

    @property
    def case(self) -> Case:
        """The case that is judged."""
        return self.assessment.case

    @property
    def now(self) -> datetime:
        """The instant it is judged at."""
        return self.assessment.at

    def at(self, element: str, *keys: str) -> Span | None:
        """Where an element stands in the text; None for one that is not in the case."""
        known = element in self.case.elements or element == ""
        return self.case.span(element, *keys) if known else None

    def remark(self, element: str, says: str, *keys: str, key: str = "") -> Remark:
        """A remark at the place of an element."""
        return Remark(element=element, says=says, at=self.at(element, *keys), key=key or says)


def passed(clause: Clause, says: str = "") -> Judged:
    """A clause that passes, in its own words or those of the catalogue."""
    words = says or CLAUSES[clause.kind][1]
    return Judged(clause=clause.name, kind=clause.kind, state="pass", says=words)


def instant(text: str) -> datetime:
    """A UTC time of the record."""
    return datetime.fromisoformat(text)


def signers(facts: Facts, elements: Iterable[str]) -> tuple[SignedOff, ...]:
    """The sign-offs that count for any of `elements`: current and independent."""
    wanted = set(elements)
    return tuple(s for s in facts.assessment.review.sign_offs if s.element in wanted and s.counts)


def owner_of(facts: Facts, signed: SignedOff) -> str:
    """Whose key signed, folded: an author vouched for that, while anybody can write any `by`."""
    row = next((r for r in facts.history.sign_offs if r.seq == signed.record), None)
    key = next((k for k in facts.history.keys if row is not None and k.keyid == row.keyid), None)
    return folded(key.owner if key is not None and key.owner else signed.by)


def named(facts: Facts, row: SignedOff | Overridden) -> str:
    """Who signed, by the name under it; whose key it was beside that, if that is another name.

    Anybody can write any name there, and an author vouched for that of the key.
    """
    rows = facts.history.sign_offs if isinstance(row, SignedOff) else facts.history.overrides
    keyid = next((r.keyid for r in rows if r.seq == row.record), "")
    owner = next((k.owner for k in facts.history.keys if k.keyid == keyid), "")
    other = folded(owner) not in ("", folded(row.by))
    return f"{row.by} (with the key of {owner})" if other else row.by


def among(facts: Facts, signed: SignedOff, who: Iterable[str]) -> bool:
    """Whether the key that signed is one of `who`: of an owner by name, or the key of that id.

    Whose key it is, an author said who let it in; its id, nobody can take for another's.
    """
    row = next((r for r in facts.history.sign_offs if r.seq == signed.record), None)
    keyid = row.keyid if row is not None else ""
    owner = owner_of(facts, signed)
    return any(keyid.startswith(each) if is_keyid(each) else folded(each) == owner for each in who)


def rejections(facts: Facts, signed: Iterable[SignedOff]) -> tuple[SignedOff, ...]:
    """Those who reject an element as it is, and did not say otherwise with the same key since.

    Another key is another voice here: an author lets keys in, and so could one under that name.
    """
    keyids = {row.seq: row.keyid for row in facts.history.sign_offs}
    last: dict[tuple[str, str], SignedOff] = {}
    for each in signed:
        if each.current:
            key = keyids.get(each.record, f"record {each.record}")
            last[each.element, key] = each
    return tuple(each for each in last.values() if each.verdict == "reject")


def people(facts: Facts, signed: Sequence[SignedOff]) -> tuple[tuple[SignedOff, ...], ...]:
    """The sign-offs by person: one key, one owner of keys, or one name is one person.

    Whoever signs twice under two names with one key is not two people.
    """
    rows = {row.seq: row for row in facts.history.sign_offs}
    owners = {key.keyid: folded(key.owner) for key in facts.history.keys}
    groups: list[tuple[set[str], list[SignedOff]]] = []
    for each in signed:
        keyid = rows[each.record].keyid if each.record in rows else ""
        traits = {f"key {keyid}"} if keyid else set()
        traits |= {f"name {folded(name)}" for name in (each.by, owners.get(keyid, "")) if name}
        same = [group for group in groups if group[0] & traits]
        rest = [group for group in groups if not group[0] & traits]
        merged = [s for group in same for s in group[1]] + [each]
        groups = [*rest, (set().union(traits, *(group[0] for group in same)), merged)]
    ordered = [tuple(sorted(group[1], key=lambda s: s.record)) for group in groups]
    return tuple(sorted(ordered, key=lambda group: group[0].record))


def overrides(facts: Facts) -> tuple[Overrode, ...]:
    """Every override in the record, those without force as well, which say why."""
    return tuple(
        Overrode(
            clauses=row.clauses,
            element=row.element,
            by=named(facts, row),
            authority=row.authority,
            reason=row.reason,
            until=min(row.expires, _latest(facts, row)),
            record=row.record,
            idle=_idle(facts, row),
            policy=row.policy,
        )
        for row in facts.assessment.review.overrides
    )


def _latest(facts: Facts, row: Overridden) -> str:
    """Until when the policy lets an override have force; its own end where that says nothing."""
    lasts = facts.policy.override_valid_for
    if lasts is None:
        return row.expires
    try:
        return stamp(instant(row.at) + timedelta(seconds=lasts.seconds))
    except OverflowError:
        return row.expires


def _idle(facts: Facts, row: Overridden) -> str:
    """Why an override has no force; empty if it has."""
    if instant(row.expires) <= facts.now:
        return f"it expired at {row.expires}"
    if instant(_latest(facts, row)) <= facts.now and facts.policy.override_valid_for:
        lasts = facts.policy.override_valid_for.text
        return f"it was given at {row.at}, and the policy lets it stand for {lasts}"
    if row.because:
        return f"nobody overrides a policy for their own work: {row.because}"
    if instant(row.at) > facts.now:
        return f"it was given at {row.at}, later than the time the case is judged at"
    allowed = facts.policy.authorities
    if allowed and folded(row.authority) not in {folded(name) for name in allowed}:
        return f"{row.authority} is no authority of the policy ({', '.join(allowed)})"
    if not set(row.clauses) & _names(facts.policy):
        hint = did_you_mean(row.clauses[0], _names(facts.policy))
        return "the policy has no clause of that name" + (f" ({hint})" if hint else "")
    if not row.current:
        return f"it was given for an earlier version of {row.element}"
    return ""


def _names(policy: Policy) -> set[str]:
    return {clause.name for clause in (*policy.of("release"), *policy.of("merge"))}


def overridden(facts: Facts, judged: Judged, given: Sequence[Overrode]) -> Judged:
    """The clause as an override leaves it.

    It has to name the clause, by its name in the policy, and to be about the root, or about
    elements under which all that is remarked lies. Some clauses nobody overrides.
    """
    if not judged.blocks or not _open_to_override(facts, judged):
        return judged
    about = {remark.element or facts.case.root for remark in judged.remarks}
    for override in reversed(given):
        if override.idle or judged.clause not in override.clauses:
            continue
        under = set(facts.scopes.names(override.element))
        if override.element == facts.case.root or (about and about <= under):
            return dataclasses.replace(judged, state="overridden", override=override)
    return judged


def _open_to_override(facts: Facts, judged: Judged) -> bool:
    refuted = judged.kind == "verdict-holds" and facts.assessment.verdict in ("fails", "not posed")
    return not refuted and judged.kind not in NOT_OVERRIDDEN
