"""What the review rules look at: a case, its record if there is one, and who rests on whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from safetycase.argument.findings import Severity
from safetycase.argument.graph import attackers, claim_of, conclusion_of, supporting
from safetycase.argument.model import Case, Claim, Declared, Defeater, Deployment, Evidence, Family
from safetycase.checks.record_facts import EvidenceFacts, RecordFacts, RegisteredFacts
from safetycase.checks.registry import Group, Rule
from safetycase.checks.review_reach import (
    alignment_alone,
    downward,
    family_argued,
    sandbagging_covered,
)

__all__ = [
    "PROFILE",
    "ReviewRule",
    "Says",
    "View",
    "rule",
    "shown",
    "start",
    "view_of",
]

PROFILE = "review"
WHOLE = ""  # the subject of a rule about the case as a whole
_SEARCHED = 2000
_MOST = 10**15  # more items than anybody evaluates, and still a float
_SECONDS = {"hour": 3600, "day": 86400, "week": 604800, "month": 2629746, "year": 31556952}


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """What a rule says of one place; `severity` only where it is not that of the rule."""

    path: tuple[str, ...]
    message: str
    hint: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSeen:
    """A run ended with a result that was read by `criterion`."""

    seq: int
    basis: str
    criterion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A case laid out for the rules, in time linear in its elements.

    `order` has parents before their parts and `parents` the element through which each was first
    reached; `families` the family a claim, step or leaf belongs to, its own or that of the nearest
    claim above; `claims` the claim each evidence decides; `supporting` what the root rests on;
    `attested` whether any evidence attests; `taken_over` the defeaters `EVIDENCE.NAME` by
    evidence. `sandbagging_covered` and `alignment_alone` are those of `review_reach`. `deployed` is
    the number of uses in the whole deployment, None where the facts do not say; `on` the day the
    case is judged on. `timelines` holds by claim what the record registered and saw, in its order,
    and `bases_now` what a run for the claim would be based on today.
    """

    case: Case
    record: RecordFacts | None
    on: date | None
    order: tuple[str, ...]
    parents: Mapping[str, str]
    families: Mapping[str, Family]
    claims: Mapping[str, Claim]
    against: Mapping[str, tuple[str, ...]]
    leaves: tuple[Evidence, ...]
    supporting: frozenset[str]
    attested: bool
    sandbagging_covered: frozenset[str]
    alignment_alone: frozenset[str]
    taken_over: Mapping[str, tuple[str, ...]]
    deployed: float | None
    timelines: Mapping[str, tuple[RegisteredFacts | ResultSeen, ...]]
    bases_now: Mapping[str, frozenset[str]]

    def leaf(self, name: str) -> Evidence:
        """The evidence `name`."""
        element = self.case.elements[name]
        assert isinstance(element, Evidence)
        return element

    def declared(self, name: str) -> Declared:
        """What the author states of a leaf; nothing if nothing."""
        return self.leaf(name).declared or Declared()

    def facts(self, name: str) -> EvidenceFacts | None:
        """What the record says of a leaf; None without a record, empty if it says nothing."""
        if self.record is None:
            return None
        return self.record.evidence.get(name) or EvidenceFacts()

    def evaluated(self, name: str) -> int | None:
        """How many items a leaf looked at: as stated, as recorded, or as planned."""
        leaf, facts = self.leaf(name), self.facts(name)
        stated = leaf.declared.evaluated_n if leaf.declared else None
        planned = leaf.plan.n * leaf.plan.attempts if leaf.plan and leaf.plan.n else None
        found = stated or (facts.n if facts else None) or planned
        return min(found, _MOST) if found and found > 0 else None


Over = Callable[[View], Iterable[str]]
Judge = Callable[[View, str], Iterator[Says]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRule:
    """One review rule: `over` names the elements it can judge ("" the case), `judge` judges one.

    What `over` leaves out is not judged, neither way.
    """

    rule: Rule
    over: Over
    judge: Judge


def rule(
    code: str,
    title: str,
    *,
    text: str,
    message: str,
    clause: str,
    over: Over,
    judge: Judge,
    severity: Severity = "warning",
    group: Group = "structural",
) -> ReviewRule:
    """A rule of the profile `review`."""
    return ReviewRule(
        rule=Rule(
            code=code,
            title=title,
            text=text,
            message=message,
            severity=severity,
            group=group,
            profile=PROFILE,
            clause=clause,
        ),
        over=over,
        judge=judge,
    )


def view_of(case: Case, record: RecordFacts | None, on: date | None) -> View:
    """Lay a case out: who rests on whom, families, leaves."""
    order, parents = downward(case)
    against, conclusions = attackers(case), conclusion_of(case)
    leaves = tuple(e for e in case.elements.values() if isinstance(e, Evidence))
    claims = {e.id: c for e in leaves if (c := claim_of(case, e.id, conclusions))}
    return View(
        case=case,
        record=record,
        on=on or (record.day if record else None),
        order=order,
        parents=parents,
        families=_families(case, order, parents),
        claims=claims,
        against=against,
        leaves=leaves,
        supporting=frozenset(supporting(case, [case.root], against)),
        attested=any(leaf.type == "attestation" for leaf in leaves),
        sandbagging_covered=sandbagging_covered(case, order, parents, against),
        alignment_alone=alignment_alone(case, order),
        taken_over=_taken_over(case),
        deployed=_deployed(case.header.deployment),
        timelines=_timelines(case, record, claims),
        bases_now=_bases_now(record, claims),
    )


def _families(
    case: Case, order: tuple[str, ...], parents: Mapping[str, str]
) -> Mapping[str, Family]:
    found: dict[str, Family] = {}
    for name in order:
        element = case.elements[name]
        own = family_argued(element) if isinstance(element, Claim) else None
        family = own or found.get(parents.get(name, ""))
        if family:
            found[name] = family
    return found


def _taken_over(case: Case) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, element in case.elements.items():
        if isinstance(element, Defeater) and "." in name:
            found.setdefault(name.rpartition(".")[0], []).append(name)
    return {evidence: tuple(names) for evidence, names in found.items()}


def _timelines(
    case: Case, record: RecordFacts | None, claims: Mapping[str, Claim]
) -> Mapping[str, tuple[RegisteredFacts | ResultSeen, ...]]:
    """By claim; a claim that was renamed is the one that its evidence supports now."""
    found: dict[str, list[RegisteredFacts | ResultSeen]] = {}
    for evidence, facts in record.evidence.items() if record else ():
        now = claims.get(evidence)
        by_seq = {r.seq: r for r in facts.registered}
        names = {
            c: now.id if now and c not in case.elements else c
            for c in {r.claim for r in facts.registered}
        }
        for registered in facts.registered:
            found.setdefault(names[registered.claim], []).append(registered)
        for run in facts.runs:
            of = by_seq.get(run.registration)
            if of and run.outcome == "completed" and run.end_seq is not None:
                seen = ResultSeen(seq=run.end_seq, basis=of.basis, criterion=of.criterion)
                found.setdefault(names[of.claim], []).append(seen)
    return {claim: tuple(sorted(rows, key=lambda r: r.seq)) for claim, rows in found.items()}


def _bases_now(
    record: RecordFacts | None, claims: Mapping[str, Claim]
) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for evidence, claim in claims.items() if record else ():
        facts = record.evidence.get(evidence) if record else None
        if facts and facts.basis_now:
            found.setdefault(claim.id, set()).add(facts.basis_now)
    return {claim: frozenset(bases) for claim, bases in found.items()}


def _deployed(deployment: Deployment) -> float | None:
    """Volume times horizon, e.g. 10000 a month for 12 months; None if either is not that plain."""
    volume, horizon = deployment.volume, deployment.horizon
    if volume.number is None:
        return None
    if volume.per is None:
        return volume.number
    period = _SECONDS.get(volume.per)
    unit = _SECONDS.get((horizon.noun or "").removesuffix("s"))
    if period is None or unit is None or horizon.number is None or horizon.per:
        return None
    return volume.number * horizon.number * unit / period


def start(text: str | None) -> str:
    """The part of a text that is searched for words: enough for prose, and bounded."""
    return (text or "")[:_SEARCHED]


def clip(text: str, most: int = 80) -> str:
    """A text short enough for a message."""
    return text if len(text) <= most else text[: most - 3] + "..."


def shown(names: Iterable[str], limit: int = 4) -> str:
    """A few ids or words for a message, and how many more there are."""
    found = [f"`{clip(name)}`" for name in names]
    more = len(found) - limit
    return ", ".join(found[:limit]) + (f" and {more} more" if more > 0 else "")
