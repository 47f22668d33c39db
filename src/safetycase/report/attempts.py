"""How often a leaf was tried, in sentences: beside its budget, and with what the order shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from safetycase.assess.records import LeafResult, Tally

__all__ = ["OUTSIDE", "attempts_told", "order_told", "outcomes_text"]

OUTSIDE: Final = "No record can show runs made outside it."

_ORDER: Final[Mapping[str, str]] = {
    "none": "that the criterion came before the result is not shown",
    "self": "the record itself says that the criterion came before the result; nobody else "
    "signed it before the run",
    "cosigned": "somebody else signed, before the run, that the criterion was there",
    "public": "somebody who publishes what they sign did so, before the run, for the criterion",
}


def outcomes_text(counts: Mapping[str, int]) -> str:
    """`5 completed · 2 failed`; `none` without attempts."""
    return " · ".join(f"{count} {word}" for word, count in counts.items()) or "none"


def attempts_told(leaf: LeafResult) -> Iterator[str]:
    """The attempts at a leaf by outcome beside its budget, those that never count apart."""
    tally = leaf.tally
    if tally is None:
        return
    yield f"Attempts: {_latest(tally)}."
    if tally.earlier:
        noun = "registration" if tally.earlier_registrations == 1 else "registrations"
        yield (f"At {tally.earlier_registrations} earlier {noun}: {outcomes_text(tally.earlier)}.")
    loose = sum(tally.exploratory.values())
    if loose:
        yield (
            f"Exploratory, which never count: {outcomes_text(tally.exploratory)} "
            f"(at most {tally.exploratory_allowed} on one recipe)."
        )


def order_told(leaf: LeafResult) -> str:
    """The ordering grade of a leaf and what it means; empty before a registration."""
    tally = leaf.tally
    if tally is None or tally.registration is None:
        return ""
    return f"Order: {tally.ordering} ({_ORDER.get(tally.ordering, 'not known here')})."


def _latest(tally: Tally) -> str:
    if tally.registration is None:
        wanted = f"{tally.planned} wanted, {tally.budget} allowed"
        return f"none is registered; {wanted}"
    spent = tally.budget - tally.left
    budget = f"{spent} of the {tally.budget} allowed"
    if tally.used_up:
        budget += ", so that its budget is used up"
    return f"{outcomes_text(tally.outcomes)}, of {tally.planned} wanted; {budget}"
