"""The rule about what a leaf plans to run: attempts, sizes, a budget, the effort it asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import get_args

from safetycase.argument.findings import Finding
from safetycase.argument.model import Access, Evidence, Plan
from safetycase.checks.subject import LeafFacts, Subject, finding
from safetycase.plugin.contract import Method
from safetycase.stats import Affine, Difference, Proportion, Smallest, Statistic

__all__ = ["impossible_plan"]

MOST = 10_000
"""The most attempts of one leaf that a plan may ask for: each is a record of its own."""

_LEAST: Mapping[str, int] = {"attempts": 1, "n": 1, "clusters": 1, "budget": 1, "exploratory": 0}


def impossible_plan(subject: Subject) -> Iterator[Finding]:
    """C139: a plan that nobody can carry out, or an effort that nothing can meet."""
    for name, leaf in subject.each(Evidence):
        facts = subject.leaves.get(name)
        again = _again(leaf, facts) if facts else ()
        for path, says, hint in (*_sizes(leaf.plan), *again, *_effort(leaf)):
            yield finding(subject, "C139", (name, *path), says, hint)


def _sizes(plan: Plan | None) -> Iterator[tuple[tuple[str, ...], str, str]]:
    if plan is None:
        return
    for field, least in _LEAST.items():
        value = getattr(plan, field)
        if value is not None and value < least:
            hint = f"write a whole number of at least {least}, or leave it out"
            yield ("plan", field), f"`{field}` is at least {least}, not {value}", hint
    for field in ("attempts", "budget", "exploratory"):
        value = getattr(plan, field)
        if value is not None and value > MOST:
            says = f"`{field}` is {value}; {MOST} runs of one leaf are the most"
            yield ("plan", field), says, "let one run measure more items instead"
    if plan.budget is not None and 0 < plan.budget < plan.attempts:
        says = f"a budget of {plan.budget} cannot pay for {plan.attempts} completed attempts"
        hint = "the budget counts every attempt, also those that fail; leave a few to spare"
        yield ("plan", "budget"), says, hint
    if plan.clusters is not None and plan.n is not None and plan.clusters > plan.n:
        says = f"{plan.n} items cannot stand in {plan.clusters} clusters"
        yield ("plan", "clusters"), says, "each cluster holds at least one item"


def _again(leaf: Evidence, facts: LeafFacts) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Another attempt at a model, or at a file, meets the items of the first once more."""
    method = facts.method
    if not isinstance(method, Method) or leaf.plan is None or leaf.plan.attempts < 2:
        return
    planned = f"{leaf.plan.attempts} attempts are planned, and `{method.name}` "
    if method.imports:
        says = (
            "reads here what was made elsewhere: the same files read again are no further attempt"
        )
        yield ("plan", "attempts"), planned + says, "plan one attempt, with all results as inputs"
        return
    if not method.needs_model:
        return
    for quantity, measure in leaf.reads.items():
        if measure in facts.best_case and _loose(facts.best_case[measure]):
            says = (
                f"counts `{quantity}` by items that it does not tell apart: they would be new ones"
            )
            hint = "plan one attempt with more items, or with epochs, which are counted by item"
            yield ("plan", "attempts"), planned + says, hint
            return


def _loose(statistic: Statistic) -> bool:
    """Whether pooling attempts takes the same items for new trials."""
    if isinstance(statistic, Affine):
        return _loose(statistic.of)
    if isinstance(statistic, Smallest):
        return any(map(_loose, statistic.of))
    return isinstance(statistic, Proportion | Difference)


def _effort(leaf: Evidence) -> Iterator[tuple[tuple[str, ...], str, str]]:
    for name, asked in leaf.effort.items():
        path = ("effort", name)
        if not _amount(asked):
            yield path, f"an effort is a number of at least 0 or a text, not {asked}", ""
        elif name == "access" and asked not in get_args(Access):
            says = f"`{asked}` is no access to a model"
            yield path, says, "one of " + ", ".join(get_args(Access))
        elif name == "attempts" and isinstance(asked, int | float):
            planned = leaf.plan.attempts if leaf.plan else 1
            if asked > planned:
                says = f"{asked:g} attempts are asked for and {planned} planned"
                yield path, says, "raise `attempts` of the plan"


def _amount(value: object) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return math.isfinite(value) and value >= 0
    return isinstance(value, str) and bool(value.strip())
