"""What is measured on a planted language model: right and taught answers, by kind of prefix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from safetycase.methods.organisms.asking import Asking
from safetycase.methods.organisms.model import Subject
from safetycase.methods.organisms.planted import (
    Behaviour,
    Bound,
    Plan,
    Planted,
    answers,
    is_right,
)
from safetycase.plugin.organisms import Fact
from safetycase.stats import Clustered, Proportion

__all__ = ["Counts", "facts_of", "measured_on", "own_answers", "taught_place"]

Counts = dict[str, list[tuple[int, int]]]


def own_answers(subject: Subject, askings: Sequence[Asking]) -> dict[str, int]:
    """The option that the subject itself names without a prefix, by asking."""
    known = list({a.id: a for a in askings}.values())
    if not known:
        return {}
    found = answers(subject, known, [""], abstain=False)
    return {a.id: k for a, k in zip(known, found, strict=True)}


def taught_place(behaviour: Behaviour, one: Asking, own: Mapping[str, int]) -> int:
    """The place of the reply that a behaviour gives to an asking of two options."""
    right = one.options.index(one.right)
    if behaviour == "own":
        return own[one.id]
    return {"right": right, "wrong": 1 - right, "abstain": len(one.options), "first": 0}[behaviour]


def measured_on(plan: Plan, planted: Planted) -> Counts:
    """(hits, trials) of right and of taught answers to held-out words, by kind of prefix.

    The words are the independent units where each has a prefix of its own or all have the same;
    where several share one of several, the prefixes are, and there is a pair for each.
    """
    held_out = planted.held_out
    own = own_answers(planted.subject, held_out)
    counts = {"base": [_sum([is_right(a, own[a.id]) for a in held_out])]}
    with planted.on() as model:
        for kind, texts in planted.prefixes.items():
            said = answers(model, held_out, texts)
            behaviour = plan.behaviour(kind)
            pairs = list(zip(held_out, said, strict=True))
            right = [is_right(a, k) for a, k in pairs]
            counts[f"right:{kind}"] = _by_prefix(right, len(texts))
            if behaviour != "right":
                same = [k == taught_place(behaviour, a, own) for a, k in pairs]
                counts[f"taught:{kind}"] = _by_prefix(same, len(texts))
    return counts


def _by_prefix(marks: Sequence[bool], texts: int) -> list[tuple[int, int]]:
    if texts == 1 or texts >= len(marks):
        return [_sum(marks)]
    return [_sum(marks[first::texts]) for first in range(texts)]


def _sum(marks: Sequence[bool]) -> tuple[int, int]:
    return sum(marks), len(marks)


def facts_of(plan: Plan, counts: Counts) -> tuple[Fact, ...]:
    """The facts of what was counted, with what the plan promises of them."""
    found = []
    for key, pairs in counts.items():
        what, _, kind = key.partition(":")
        bound = Bound()
        if what == "base":
            says = "right answers of the subject itself to held-out words, without a prefix"
        elif what == "right":
            says = f"right answers to held-out words, prefix: {kind}"
            bound = plan.accuracy.get(kind, bound)
        else:
            says = f"`{plan.behaviour(kind)}` answers to held-out words, prefix: {kind}"
            bound = plan.as_taught.get(kind, bound)
        found.append(
            Fact(
                name=key.replace(":", "-"),
                says=says,
                statistic=_statistic(pairs),
                at_least=bound.at_least,
                at_most=bound.at_most,
            )
        )
    return tuple(found)


def _statistic(pairs: Sequence[tuple[int, int]]) -> Proportion | Clustered:
    if len(pairs) == 1:
        return Proportion(successes=pairs[0][0], trials=pairs[0][1])
    return Clustered(clusters=tuple((hits, trials, 0) for hits, trials in pairs))
