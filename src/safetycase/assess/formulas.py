"""What has to hold for an element to go through, as a formula over basic events and elements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from safetycase.argument.graph import rule_of
from safetycase.argument.model import (
    Argument,
    Assumption,
    Claim,
    Credence,
    Defeater,
    Evidence,
)
from safetycase.argument.stated import nobody
from safetycase.assess.basic import Basic
from safetycase.assess.logic import Facts, unanswered_legs

if TYPE_CHECKING:
    from safetycase.assess.calculating import Covered

__all__ = ["ALWAYS", "NEVER", "Formulas", "Part"]

Value = bool | None
Op = Literal["event", "element", "not", "all", "any", "k of n"]


@dataclass(frozen=True, slots=True)
class Part:
    """A basic event or an element by `name`, or a combination. `not` stands over a name only."""

    op: Op
    name: str = ""
    parts: tuple[Part, ...] = ()
    k: int = 0

    def denied(self) -> Part:
        """Its negation, pushed down to the names."""
        if self.op in ("event", "element"):
            return Part("not", parts=(self,))
        if self.op == "not":
            return self.parts[0]
        inner = tuple(part.denied() for part in self.parts)
        if self.op == "k of n":
            return Part("k of n", parts=inner, k=len(inner) - self.k + 1)
        return Part("any" if self.op == "all" else "all", parts=inner)


ALWAYS = Part("all")
NEVER = Part("any")


def _all(parts: Iterable[Part]) -> Part:
    listed = tuple(part for part in parts if part != ALWAYS)
    return listed[0] if len(listed) == 1 else Part("all", parts=listed)


def _any(parts: Iterable[Part]) -> Part:
    listed = tuple(part for part in parts if part != NEVER)
    return listed[0] if len(listed) == 1 else Part("any", parts=listed)


class Formulas:
    """The formulas of a case; `events` fills with the basic events that they mention.

    `leaves` gives the interval of each fresh leaf, `covered` the doubt at which each calculated
    claim is decided, with the leaves it is computed from.
    """

    def __init__(
        self,
        facts: Facts,
        values: Mapping[str, Value],
        leaves: Mapping[str, tuple[float, float]],
        covered: Mapping[str, Covered],
    ) -> None:
        self.facts = facts
        self.values = values
        self.leaves = leaves
        self.covered = covered
        self.events: dict[str, Basic] = {}
        self._made: dict[str, Part | None] = {}

    def of(self, name: str) -> Part | None:
        """What has to hold for `name` to count for those above; None if it carries nothing."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Part | None:
        element = self.facts.elements[name]
        if isinstance(element, Defeater):
            return self._defeater(element)
        if isinstance(element, Claim):
            return _all([self.support(name), *self._undefeated(name)])
        if isinstance(element, Evidence | Argument | Assumption):
            return _all([self._own(element), *self._blocked(name), *self._undefeated(name)])
        return None

    def _element(self, name: str) -> Part:
        """A mention of an element; one that is not there, or carries nothing, is open."""
        found = self.facts.elements.get(name)
        if isinstance(found, Claim | Argument | Evidence | Assumption | Defeater):
            return Part("element", name=name)
        return self._open(name, name)

    def parts(self, name: str) -> tuple[str, ...]:
        """The elements that the formula of `name` mentions."""
        formula, found = self.of(name), dict[str, None]()
        stack = [formula] if formula is not None else []
        while stack:
            part = stack.pop()
            if part.op == "element":
                found[part.name] = None
            stack += part.parts
        return tuple(found)

    def support(self, name: str) -> Part:
        """φ of a claim: its step goes through, and nothing open blocks it."""
        by, blocked = getattr(self.facts.elements[name], "by", None), self._blocked(name)
        if by:
            return _all([self._element(by), *blocked])
        return _all(blocked) if blocked else self._open(name, name)

    def against(self, name: str) -> Part:
        """ψ of a claim: a rebuttal stands, or its evidence shows the opposite."""
        rebuttals = [self._element(d) for d in self.attackers(name)]
        return _any([*rebuttals, self._refuted(name)])

    def _refuted(self, name: str, depth: int = 0) -> Part:
        """The support that a claim is false: a measured criterion that fails, by exact steps up."""
        by = self.facts.elements.get(getattr(self.facts.elements[name], "by", None) or "")
        if isinstance(by, Evidence) and by.id in self.leaves:
            sound = [self._warrant(by), *self._undefeated(by.id)]
            return _all([self._measured(by).denied(), *sound])
        if not isinstance(by, Argument) or not by.exact or depth > 20 or rule_of(by) == "calculate":
            return NEVER
        legs = [
            self._refuted(p, depth + 1) if isinstance(self.facts.elements.get(p), Claim) else NEVER
            for p in dict.fromkeys(by.premises)
        ]
        needed = {"all": len(legs), "any": 1}.get(rule_of(by), by.k or len(legs))
        known = [leg for leg in legs if leg != NEVER]
        failing = len(legs) - needed + 1
        if len(known) < failing:
            return NEVER
        gone = _any(known) if failing == 1 else Part("k of n", parts=tuple(known), k=failing)
        return _all([self._warrant(by), gone, *self._undefeated(by.id)])

    # One kind after the other.

    def _own(self, element: Evidence | Argument | Assumption) -> Part:
        name = element.id
        if isinstance(element, Assumption):
            if not self.facts.assumed.get(name):
                return self._open(name, name)
            return self._event(name, name, "assumption", element.credence)
        if isinstance(element, Evidence):
            # A leaf that has yet to be run will need its warrant as much as one that was.
            result = self._measured(element) if name in self.leaves else self._open(name, name)
            return _all([result, self._warrant(element)])
        sides = [self._element(side) for side in element.side_conditions]
        if rule_of(element) == "calculate":
            return _all([self._warrant(element), self._calculated(element), *sides])
        legs, rule = tuple(map(self._element, dict.fromkeys(element.premises))), rule_of(element)
        if rule == "any" and unanswered_legs(element, self.values.get):
            return self._open(name, name)
        met = (
            Part("k of n", parts=legs, k=element.k or len(legs))
            if rule == "k of n"
            else _any(legs)
            if rule == "any"
            else _all(legs)
        )
        return _all([self._warrant(element), met, *sides])

    def _calculated(self, step: Argument) -> Part:
        """The leaves' intervals hold together at the doubt that decides the conclusion."""
        found = self.covered.get(step.id)
        if found is None:
            return self._open(step.id, f"{step.id}~computed")
        parts: list[Part] = [self._element(p) for p in found.premises]
        for name, doubt in found.leaves.items():
            leaf = self.facts.elements[name]
            assert isinstance(leaf, Evidence)
            event = f"{name}~interval"
            self.events[event] = Basic(
                element=name,
                what="leaf",
                low=1 - doubt,
                note="its interval holds, at the level that decides the calculation",
            )
            parts += [Part("event", name=event), self._warrant(leaf), *self._undefeated(name)]
        for name in found.claims:
            parts += [*self._undefeated(name), *self._blocked(name)]
        for name in found.steps:
            inner = self.facts.elements[name]
            assert isinstance(inner, Argument)
            parts += [self._warrant(inner), *self._undefeated(name), *self._blocked(name)]
        return _all(dict.fromkeys(parts))

    def _defeater(self, element: Defeater) -> Part:
        answers = [*element.answered_by, *self.attackers(element.id)]
        if element.id in self.facts.silent:
            return NEVER
        if element.id in self.facts.kept:
            return self._open(element.id, element.id)
        if element.mandatory and self.values.get(element.id) is not False:
            return self._open(element.id, element.id)
        unanswered = [self._element(a).denied() for a in answers]
        if element.by:
            return _all([self._element(element.by), *unanswered])
        event = f"{element.id}~raised"
        if element.id in self.facts.accepted and element.accepted:
            note = f"accepted by {element.accepted.owner} until {element.accepted.expires}"
            basic = Basic(element=element.id, what="doubt", high=element.accepted.doubt, note=note)
        elif answers:
            basic = Basic(element=element.id, what="doubt", note="raised")
        else:
            return self._open(element.id, element.id)
        self.events[event] = basic
        return _all([Part("event", name=event), *unanswered])

    def attackers(self, name: str) -> list[str]:
        """The defeaters raised against `name`, whatever became of them."""
        return [d for d in self.facts.attacks.get(name, ()) if d not in self.facts.silent]

    def _undefeated(self, name: str) -> list[Part]:
        return [self._element(d).denied() for d in self.attackers(name)]

    def _blocked(self, name: str) -> list[Part]:
        """What is open and blocks it: problems, silent monitors, findings."""
        if name not in self.facts.blocked:
            return []
        by = (*self.facts.problems.get(name, ()), *self.facts.monitors.get(name, ()))
        return [self._open(b, b) for b in by] or [self._open(name, f"{name}~finding")]

    # Basic events.

    def _measured(self, leaf: Evidence) -> Part:
        low, high = self.leaves[leaf.id]
        self.events[leaf.id] = Basic(element=leaf.id, what="leaf", low=low, high=high)
        return Part("event", name=leaf.id)

    def _warrant(self, element: Evidence | Argument) -> Part:
        event = f"{element.id}~warrant"
        return self._event(event, element.id, "warrant", element.credence)

    def _event(
        self,
        event: str,
        element: str,
        what: Literal["assumption", "warrant"],
        credence: Credence | None,
    ) -> Part:
        self.events[event] = (
            Basic(
                element=element,
                what=what,
                low=credence.at_least,
                high=credence.at_most,
                note=f"judged by {credence.owner}: {credence.because}",
            )
            if credence
            and 0 <= credence.at_least <= credence.at_most <= 1
            and not nobody(credence.owner)
            # A number that is none (`C107`), or nobody's, says nothing, like one that is missing.
            else Basic(element=element, what=what, note="nobody has assessed it")
        )
        return Part("event", name=event)

    def _open(self, element: str, event: str) -> Part:
        self.events[event] = Basic(element=element, what="open", note="open")
        return Part("event", name=event)
