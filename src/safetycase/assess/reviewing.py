"""What the challenges, sign-offs, dissents and overrides of a record make of a case now.

Nobody signs off their own work, calls a challenge to it answered, or overrides a policy for it: who
does is neither an author nor a signer of evidence. A challenge ends by a ruling in the record and
by nothing that is written into the case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from safetycase.argument.model import (
    Case,
    Context,
    Element,
    Hazard,
    Justification,
    Monitor,
    Problem,
)
from safetycase.assess.independence import Independence
from safetycase.assess.reviewed import (
    Challenged,
    Dissented,
    Overridden,
    Responded,
    Review,
    Ruled,
    SignedOff,
    Standing,
)
from safetycase.checks.rules import REGISTRY_COMPLETE
from safetycase.checks.scope import Scopes, target_of
from safetycase.ledger.fold import (
    ChallengeRecord,
    History,
    OverrideRecord,
    ResponseRecord,
    RulingRecord,
    SignOffRecord,
)

__all__ = ["bears_on", "reviewing"]


def reviewing(
    case: Case, history: History, now: datetime, elements: Mapping[str, Element]
) -> Review:
    """Judge the review of a case by its record.

    `elements` are those of the case and the doubts that its measurements and monitors raise.
    """
    if not (history.challenges or history.sign_offs or history.dissents or history.overrides):
        return Review()
    return _Reviewing(case, history, now, elements).review()


class _Reviewing:
    def __init__(
        self, case: Case, history: History, now: datetime, elements: Mapping[str, Element]
    ) -> None:
        self.case, self.history, self.now, self.elements = case, history, now, elements
        self.scopes = Scopes(case)
        self.independence = Independence(case, history, self.scopes)
        self.taken = set(elements)
        self.responses: dict[str, list[ResponseRecord]] = {}
        for response in history.responses:
            self.responses.setdefault(response.challenge, []).append(response)
        self.rulings: dict[str, list[RulingRecord]] = {}
        for ruling in history.rulings:
            self.rulings.setdefault(ruling.challenge, []).append(ruling)

    def review(self) -> Review:
        return Review(
            challenges=tuple(self._challenged(each) for each in self.history.challenges),
            sign_offs=tuple(self._signed(each) for each in self.history.sign_offs),
            dissents=tuple(
                Dissented(
                    element=d.element,
                    says=d.says,
                    by=d.by,
                    at=d.at,
                    record=d.seq,
                    digest=d.digest,
                    current=self._current(d.element, d.digest),
                )
                for d in self.history.dissents
            ),
            overrides=tuple(self._overridden(each) for each in self.history.overrides),
        )

    def _overridden(self, given: OverrideRecord) -> Overridden:
        current = self._current(given.element, given.digest)
        target = target_of(self.case, given.element) or self.case.root
        because = "; ".join(self.independence.own_work(given.keyid, given.by, target))
        return Overridden(
            element=given.element,
            clauses=given.clauses,
            authority=given.authority,
            reason=given.reason,
            by=given.by,
            expires=given.expires,
            at=given.at,
            record=given.seq,
            digest=given.digest,
            current=current,
            in_force=current and not because and _time(given.expires) > self.now,
            because=because,
            policy=given.policy,
        )

    def _current(self, element: str, digest: str) -> bool:
        target = target_of(self.case, element)
        return target is not None and self.scopes.digest(target) == digest

    def _signed(self, signed: SignOffRecord) -> SignedOff:
        target = target_of(self.case, signed.element)
        current = self._current(signed.element, signed.digest)
        reasons = []
        if target is None:
            reasons.append(f"the case no longer has {signed.element}")
        elif not current:
            reasons.append(
                f"an earlier version was signed: {signed.element}, or what it rests on, changed"
            )
        # Whoever finds that it does not convince need not be a stranger to it: else a key under
        # their name, or their name among the authors, would take their rejection away.
        dependent: tuple[str, ...] = ()
        if signed.verdict != "reject":
            dependent = self.independence.missing(signed.keyid, signed.by, target or self.case.root)
        return SignedOff(
            element=signed.element,
            verdict=signed.verdict,
            conditions=signed.conditions,
            says=signed.says,
            by=signed.by,
            competence=signed.competence,
            independence=signed.independence,
            hours=signed.hours,
            at=signed.at,
            record=signed.seq,
            digest=signed.digest,
            current=current,
            independent=not dependent,
            because="; ".join((*reasons, *dependent)),
        )

    def _challenged(self, raised: ChallengeRecord) -> Challenged:
        element = raised.against if raised.against in self.elements else None
        element = element or target_of(self.case, raised.against)
        about = target_of(self.case, raised.against) or self.case.root
        rulings = tuple(self._ruled(each, about) for each in self.rulings.get(raised.id, ()))
        last = next((ruled for ruled in reversed(rulings) if ruled.counts), None)
        standing: Standing = last.outcome if last else "open"  # type: ignore[assignment]
        contests = raised.severity != "minor" and standing in ("open", "conceded")
        return Challenged(
            id=raised.id,
            against=raised.against,
            severity=raised.severity,
            says=raised.says,
            by=raised.by,
            at=raised.at,
            record=raised.seq,
            standing=standing,
            responses=tuple(
                Responded(record=r.seq, at=r.at, says=r.says, by=r.by)
                for r in self.responses.get(raised.id, ())
            ),
            rulings=rulings,
            contests=contests,
            element=element,
            targets=bears_on(self.case, self.elements, element) if contests else (),
            doubt=self._free(raised.id) if contests else "",
            changed=not self._current(raised.against, raised.digest),
            own=self.independence.raised_by_author(raised.keyid, raised.by),
            vouched=self.independence.vouched(raised.keyid),
        )

    def _ruled(self, given: RulingRecord, about: str) -> Ruled:
        """A ruling, and why it counts for nothing: who calls it answered had a hand in `about`."""
        because: tuple[str, ...] = ()
        if given.outcome == "answered":
            because = self.independence.missing(given.keyid, given.by, about)
            because += tuple(
                f"{response.by} responded to it in record {response.seq}"
                for response in self.responses.get(given.challenge, ())
                if self.independence.one_person(given.keyid, given.by, response.keyid, response.by)
            )
        return Ruled(
            record=given.seq,
            at=given.at,
            outcome=given.outcome,
            reason=given.reason,
            by=given.by,
            because="; ".join(because),
        )

    def _free(self, name: str) -> str:
        """The id of the doubt of a challenge: its own, unless the case has something of that name.

        What a file writes under the name neither answers the challenge nor is replaced by it.
        """
        ways = (name, f"{name}.challenge")
        found = next((way for way in ways if way not in self.taken), None)
        count = 2
        while found is None:
            way = f"{name}.challenge-{count}"
            found, count = (None, count + 1) if way in self.taken else (way, count)
        self.taken.add(found)
        return found


def bears_on(case: Case, elements: Mapping[str, Element], element: str | None) -> tuple[str, ...]:
    """The elements that are in doubt while a challenge against `element` stands.

    Itself, if it can be true or false. Otherwise what is read in it, what it conditions, covers or
    blocks; the root, if that is nothing or if the case no longer has the element: neither a new
    name nor a deletion answers a challenge.
    """
    if element is None:
        return (case.root,)
    found = elements[element]
    several: Mapping[type, Callable[[], tuple[str, ...]]] = {
        Context: lambda: _readers(case, element),
        Justification: lambda: _readers(case, element),
        Hazard: lambda: found.covered_by,  # type: ignore[union-attr]
        Problem: lambda: found.blocks,  # type: ignore[union-attr]
        Monitor: lambda: _conditioned(case, element),
    }
    if type(found) not in several:
        # That every run is in the record holds for the root, wherever it is written.
        return (element, case.root) if element == REGISTRY_COMPLETE else (element,)
    named = (target_of(case, name) for name in several[type(found)]())
    there = dict.fromkeys(name for name in named if name is not None)
    flat: dict[str, None] = {}
    for name in there:
        flat |= dict.fromkeys((name,) if type(elements[name]) not in several else (case.root,))
    return tuple(flat) or (case.root,)


def _readers(case: Case, context: str) -> tuple[str, ...]:
    return tuple(n for n, e in case.elements.items() if context in getattr(e, "context", ()))


def _conditioned(case: Case, monitor: str) -> tuple[str, ...]:
    found = case.elements[monitor]
    assumed = tuple(n for n, e in case.elements.items() if getattr(e, "monitor", None) == monitor)
    return (*found.conditions, *assumed)  # type: ignore[union-attr]


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
