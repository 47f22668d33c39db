"""Whether one policy asks for less than another: option by option, as a criterion is compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from safetycase.ledger.ordering import GRADES
from safetycase.ledger.recipe import IDENTITIES
from safetycase.ledger.vocabulary import SEVERITIES
from safetycase.review.policy import Clause, Mode, Policy

__all__ = ["weakened"]


def weakened(old: Policy, new: Policy) -> tuple[str, ...]:
    """What the new policy no longer asks for, or asks for less strictly, in words."""
    return tuple(_weakened(old, new))


def _weakened(old: Policy, new: Policy) -> Iterator[str]:
    modes: tuple[Mode, ...] = ("release", "merge")
    for mode in modes:
        now = {clause.name: clause for clause in new.of(mode)}
        for clause in old.of(mode):
            after = now.get(clause.name)
            if after is None or after.kind != clause.kind:
                yield f"{mode}: the clause {clause.name} is gone"
                continue
            for name, before, value in _looser(clause, after):
                yield f"{mode}: {name} of {clause.name} was {before} and is {value}"
    if old.record and new.record != old.record:
        yield f"the record was {old.record} and is {new.record or 'any'}"
    if old.authorities and set(new.authorities) - set(old.authorities):
        yield "more people may override"
    elif old.authorities and not new.authorities:
        yield "anybody may override"
    for name in ("verdict", "override"):
        was, is_now = (getattr(each, f"{name}_valid_for") for each in (old, new))
        if was is not None and (is_now is None or is_now.seconds > was.seconds):
            yield f"{'a verdict' if name == 'verdict' else 'an override'} lasts longer"


def _looser(old: Clause, new: Clause) -> Iterator[tuple[str, str, str]]:
    """The options that ask for less, or for something else, than before."""
    for item in dataclasses.fields(old.options):
        before, after = getattr(old.options, item.name), getattr(new.options, item.name)
        if before == after:
            continue
        if item.name == "on" and before and set(before) < set(after):
            continue  # more has to be signed than before
        if item.name == "by" and after and (not before or set(after) < set(before)):
            continue  # fewer may sign
        rank = _RANKS.get((old.kind, item.name))
        if rank is None or not rank(after) > rank(before):
            yield item.name, _words(before), _words(after)


def _words(value: Any) -> str:
    if value in (None, ()):
        return "not stated"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _least_of(words: tuple[str, ...]) -> Callable[[Any], float]:
    return lambda word: words.index(word)


_RANKS: Mapping[tuple[str, str], Callable[[Any], float]] = {
    # The milder the challenge that already blocks, the stricter the clause.
    ("no-open-challenge", "at_least"): lambda word: -tuple(SEVERITIES).index(word),
    ("review-asked", "at_least"): float,
    ("sign-off", "count"): float,
    ("sign-off", "external"): float,
    ("sign-off", "conditions"): _least_of(("allowed", "refused")),
    ("sign-off", "results"): _least_of(("any", "seen")),
    ("attempts-within", "at_most"): lambda most: float("-inf") if most is None else -float(most),
    ("ordering-grade", "at_least"): _least_of(GRADES),
    ("identity", "at_least"): _least_of(IDENTITIES),
    ("loosening-signed", "reviewers"): float,
    ("loosening-signed", "reviewers_if_full"): float,
    ("loosening-signed", "undecided"): _least_of(("shown", "signed")),
    ("loosening-signed", "reworded"): _least_of(("shown", "signed")),
}
"""How strict a value of an option is; options without a rank are never called stricter."""
