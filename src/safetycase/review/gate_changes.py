"""What a change does to a case, and who signed it: the difference of two versions, weighed.

`argument.diff` says of each change whether it loosens. Here everything that is gone is weaker, too,
and what can neither be called looser nor tighter is undecided, which is not the same as harmless.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, Literal

from safetycase.argument import model
from safetycase.argument.changes import Change, Difference
from safetycase.argument.graph import conclusion_of
from safetycase.assess.gated import Weighed
from safetycase.review.gate_facts import ACCEPTS, Facts, among, named, people, rejections
from safetycase.review.policy import Loosening

__all__ = ["means_of", "weigh"]

Means = Literal["weaker", "undecided", "shown", "tighter"]
_GONE: Final = frozenset({"claim", "argument", "evidence", "assumption", "hazard", "context"})
_UPSIDE_DOWN: Final = frozenset({"kind of element changed", "root changed"})
_NO_MEANING: Final = ("same meaning", "written otherwise", "stated otherwise", "reordered")
_NUMBER: Final = re.compile(r"[0-9]{1,18}(?:,[0-9]{3})*(?:\.[0-9]{1,18})?")
_WORDING: Final = frozenset({"reworded", "reason reworded"})
_HARMLESS: Final = frozenset(
    {
        "support added",
        "side support added",
        "side support removed",
        "side support replaced",
        "title changed",
        "modules changed",
        "marked as reconstructed",
        "no longer marked as reconstructed",
    }
)
"""What bears no weight, or is only more than there was; the record says what it is worth."""


def means_of(change: Change) -> Means:
    """What one change does to the case."""
    if change.kind in ("template", "module"):
        return "shown"  # what it does to elements is listed as changes of theirs
    if change.direction == "loosens" or change.what in _UPSIDE_DOWN:
        return "weaker"
    if change.direction == "tightens":
        return "tighter"
    if not change.field:
        gone = bool(change.before) and change.kind in _GONE
        return "weaker" if gone else "shown"
    if change.what in _WORDING or change.what in _HARMLESS or change.what.endswith(_NO_MEANING):
        return "shown"
    return "undecided"


def weigh(
    facts: Facts, was: model.Case, difference: Difference, options: Loosening
) -> tuple[Weighed, ...]:
    """Each change with what it does, who has to sign it, and who did."""
    return tuple(_weigh(facts, was, difference, options))


def _weigh(
    facts: Facts, was: model.Case, difference: Difference, options: Loosening
) -> Iterator[Weighed]:
    full = "full" in (was.header.maturity, facts.case.header.maturity)
    many = options.reviewers_if_full if full else options.reviewers
    above = _Above(was, facts.case, difference)
    cover = _Cover(facts, options.by)
    for change in _told_apart(difference.changes):
        means = means_of(change)
        needed = {
            "weaker": many,
            "undecided": int(options.undecided == "signed"),
            "shown": int(options.reworded == "signed" and change.what in _WORDING),
            "tighter": 0,
        }[means]
        if not needed:
            yield Weighed(change=change, means=means)
            continue
        anchor = above.of(change)
        signed, rejected, says = cover.of(anchor)
        yield Weighed(
            change=change,
            means=means,
            needed=needed,
            signed=signed,
            rejected=rejected,
            through=anchor,
            says=says,
        )


def _told_apart(changes: Sequence[Change]) -> Iterator[Change]:
    """The changes, new wording with other numbers in it told apart from new wording alone.

    A number that stands in prose alone, as in the reason why a margin suffices, is asked for by no
    criterion. What the prose says along with a judged change, of the same numbers, is only wording.
    """
    judged = {number for c in changes if means_of(c) != "shown" for number in _numbers(c)}
    for change in changes:
        if change.what in _WORDING and _numbers(change) - judged:
            yield dataclasses.replace(change, what=f"{change.what}, with other numbers")
        else:
            yield change


def _numbers(change: Change) -> frozenset[Decimal]:
    """The numbers that one of the two values of a change has, and the other has not."""
    before, after = (
        Counter(Decimal(number.replace(",", "")).normalize() for number in _NUMBER.findall(text))
        for text in (change.before, change.after)
    )
    return frozenset((before - after) + (after - before))


class _Above:
    """The element that has to be signed for a change: its own, or what is left above it."""

    def __init__(self, was: model.Case, now: model.Case, difference: Difference) -> None:
        self.was, self.now, self.renamed = was, now, difference.renamed
        self.rests = conclusion_of(was)
        self.cited = {
            name: holder
            for holder, element in was.elements.items()
            for name in getattr(element, "context", ())
        }

    def of(self, change: Change) -> str:
        """Header and root are signed with the root."""
        if change.kind == "header" or not change.element:
            return self.now.root
        if change.element in self.now.elements:
            return change.element
        name, seen = change.element, set[str]()
        while name not in seen:
            seen.add(name)
            name = self._up(name)
            if self.renamed.get(name, name) in self.now.elements:
                return self.renamed.get(name, name)
        return self.now.root

    def _up(self, name: str) -> str:
        """What an element of the old version was for."""
        element = self.was.elements.get(name)
        if isinstance(element, model.Defeater):
            return element.against
        if isinstance(element, model.Problem) and element.blocks:
            return element.blocks[0]
        if isinstance(element, model.Monitor) and element.conditions:
            return element.conditions[0]
        return self.rests.get(name) or self.cited.get(name) or self.was.root


class _Cover:
    """Who signed an element, by itself or as part of something that rests on it."""

    def __init__(self, facts: Facts, by: Sequence[str]) -> None:
        self.facts = facts
        known = facts.case.elements
        said = [s for s in facts.assessment.review.sign_offs if s.element in known]
        self.all = [s for s in said if among(facts, s, by)] if by else said
        self.under = {s.element: set(facts.scopes.names(s.element)) for s in said}
        self.every = said
        self.found: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {}

    def of(self, anchor: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """The names of the different people who accept it as it is, and of those who reject it.

        Last, why others do not count.
        """
        if anchor not in self.found:
            about = [s for s in self.all if anchor in self.under[s.element]]
            groups = people(self.facts, [s for s in about if s.counts])
            last: Sequence[str] = [
                named(self.facts, g[-1]) for g in groups if g[-1].verdict in ACCEPTS
            ]
            idle = [s for s in about if not s.counts and s.verdict in ACCEPTS]
            rejecting = rejections(
                self.facts, [s for s in self.every if anchor in self.under[s.element]]
            )
            names = tuple(named(self.facts, s) for s in rejecting)
            pairs = zip(names, rejecting, strict=True)
            why = [f"{name} rejects {s.element}: {s.says}" for name, s in pairs]
            why += [f"{s.by}: {s.because or 'signed an earlier version'}" for s in idle[-3:]]
            self.found[anchor] = tuple(last), names, "; ".join(why)
        return self.found[anchor]
