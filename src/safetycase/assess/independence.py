"""Whether whoever signs off a part of an argument had a hand in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from safetycase.argument.model import Assumption, Case, Dependence, Element, Monitor, Problem
from safetycase.checks.scope import Scopes
from safetycase.ledger.fold import History
from safetycase.ledger.trust import Key

__all__ = ["Independence", "folded"]


def folded(name: str) -> str:
    """A name as it is compared: without regard to case and white space."""
    return " ".join(name.casefold().split())


class Independence:
    """Who wrote, ran and answers for which part of a case, by its record."""

    def __init__(self, case: Case, history: History, scopes: Scopes) -> None:
        self.case, self.history, self.scopes = case, history, scopes
        self.keys = {key.keyid: key for key in history.keys}
        self._found: dict[str, tuple[Mapping[str, str], Mapping[str, str]]] = {}

    def missing(self, keyid: str, by: str, element: str) -> tuple[str, ...]:
        """Why a signature over `element` by this key, in the name of `by`, is not independent.

        Empty if it is. One clause per rule: the key is an author's, it or another of its owner
        registered or ran evidence in the part that was signed, or a person named answers for part
        of it, wrote it or takes the decision.
        """
        key = self.keys.get(keyid)
        owner = key.owner if key else ""
        own = self._same(keyid)
        found: list[str] = []
        authors = self.authors(keyid)
        if any(k.keyid == keyid for k in authors):
            found.append("the key that signed it is an author's too")
        elif authors:
            found.append(f"{owner} also holds the key {authors[0].short} of an author")
        keys, names = self._involved(element)
        if keyid in keys:
            found.append(f"the key that signed it {keys[keyid]}")
        else:
            other = next((keys[k] for k in sorted(own) if k in keys), None)
            if other:
                found.append(f"another key of {owner} {other}")
        people = {folded(name): name for name in (owner, by) if folded(name)}
        found += [f"{name} {names[key]}" for key, name in people.items() if key in names]
        return tuple(found)

    def authors(self, keyid: str) -> tuple[Key, ...]:
        """The keys of an author that belong to whoever holds this key; it may be among them."""
        keys = (self.keys[each] for each in sorted(self._same(keyid)) if each in self.keys)
        return tuple(key for key in keys if "author" in key.roles)

    def _same(self, keyid: str) -> frozenset[str]:
        """The key and all others of its owner."""
        key = self.keys.get(keyid)
        name = folded(key.owner) if key else ""
        others = (k.keyid for k in self.keys.values() if name and folded(k.owner) == name)
        return frozenset((keyid, *others))

    def _involved(self, element: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """What each key and each named person did for the part under `element`."""
        if element not in self._found:
            scope = self.scopes.names(element)
            self._found[element] = self._keys(frozenset(scope)), dict(self._names(scope))
        return self._found[element]

    def _keys(self, scope: frozenset[str]) -> Mapping[str, str]:
        """What each key did for the part.

        What was run under a name that the case no longer has may have been part of it: a new name
        makes nobody independent.
        """
        found: dict[str, str] = {}
        inside: dict[int, str] = {}
        for registered in self.history.registrations:
            gone = registered.evidence not in self.case.elements
            if gone or registered.evidence in scope or registered.claim in scope:
                inside[registered.seq] = registered.evidence
                found.setdefault(registered.keyid, f"registered {registered.evidence}")
        for attempt in self.history.attempts:
            if attempt.registration in inside:
                found.setdefault(attempt.keyid, f"ran {inside[attempt.registration]}")
        for signal in self.history.signals:
            if signal.monitor in scope:
                found.setdefault(signal.keyid, f"signed what {signal.monitor} reported")
        return found

    def _names(self, scope: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Folded names of people and what they did, the weightiest last."""
        for name in reversed(scope):
            for owner, what in _answer(self.case.elements[name]):
                yield folded(owner), f"{what} {name}"
        for author in self.case.header.authors:
            yield folded(author.name), "is named as an author of the case"
        yield folded(self.case.header.decision.owner), "takes the decision that the case is for"


def _answer(element: Element) -> Iterator[tuple[str, str]]:
    """Who answers for an element, and how the element says so."""
    credence: Any = getattr(element, "credence", None)
    if credence is not None:
        yield credence.owner, "judged how likely it is:"
    prior: Any = getattr(element, "prior", None)
    if prior is not None:
        yield prior.owner, "stated the prior of"
    if isinstance(element, Problem) and element.prospects is not None:
        yield element.prospects.owner, "judged the prospects of"
    if isinstance(element, Assumption | Dependence | Monitor) and element.owner:
        yield element.owner, "owns"
