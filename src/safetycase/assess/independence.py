"""Whether whoever signs off a part of an argument, or rules on it, had a hand in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from safetycase.argument.model import Assumption, Case, Dependence, Element, Monitor, Problem
from safetycase.checks.scope import Scopes
from safetycase.ledger.fold import History
from safetycase.ledger.names import folded
from safetycase.ledger.trust import Key

__all__ = ["Independence"]


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
        _keys, names = self._involved(element)
        people = self._people(keyid, by)
        answers = (f"{name} {names[key]}" for key, name in people.items() if key in names)
        return (*self._by_key(keyid, element), *answers)

    def own_work(self, keyid: str, by: str, element: str) -> tuple[str, ...]:
        """Why this key, in the name of `by`, would decide about work of its own.

        Less than `missing` asks: whoever answers for an assumption or takes the decision may well
        be who has to decide, but nobody who wrote the case or ran its evidence.
        """
        people = self._people(keyid, by)
        named = (name for name in people if name in self._named())
        says = (f"{people[name]} is named as an author of the case" for name in named)
        return (*self._by_key(keyid, element), *says)

    def raised_by_author(self, keyid: str, by: str) -> bool:
        """Whether an author of the case speaks: by a key, by another of its owner, or by name."""
        return bool(self.authors(keyid)) or bool(self._named() & set(self._people(keyid, by)))

    def one_person(self, keyid: str, by: str, other: str, other_by: str) -> bool:
        """Whether two keys, each in a name, have a key, an owner or a name in common."""
        same = bool(self._same(keyid) & self._same(other))
        return same or bool(self._people(keyid, by).keys() & self._people(other, other_by).keys())

    def vouched(self, keyid: str) -> bool:
        """Whether somebody stands behind the key: it is the first, or an author let it in."""
        key = self.keys.get(keyid)
        return key is not None and key.vouched

    def _by_key(self, keyid: str, element: str) -> Iterator[str]:
        """What this key, or another of its owner, did for the case and for the part."""
        key = self.keys.get(keyid)
        owner = key.owner if key else ""
        authors = self.authors(keyid)
        if any(k.keyid == keyid for k in authors):
            yield "the key that signed it is an author's too"
        elif authors:
            yield f"{owner} also holds the key {authors[0].short} of an author"
        keys, _names = self._involved(element)
        if keyid in keys:
            yield f"the key that signed it {keys[keyid]}"
        else:
            other = next((keys[k] for k in sorted(self._same(keyid)) if k in keys), None)
            if other:
                yield f"another key of {owner} {other}"

    def _people(self, keyid: str, by: str) -> dict[str, str]:
        """The owner of the key and the name under the record, by their folded names."""
        key = self.keys.get(keyid)
        owner = key.owner if key else ""
        return {folded(name): name for name in (owner, by) if folded(name)}

    def _named(self) -> frozenset[str]:
        return frozenset(folded(author.name) for author in self.case.header.authors)

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
