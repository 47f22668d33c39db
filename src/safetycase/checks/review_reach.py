"""What reaches what in an argument, for the review rules: each a single pass, loops included.

`order` has parents before their parts everywhere below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from safetycase.argument.graph import conclusion_of, rule_of, supports_of
from safetycase.argument.model import Argument, Assumption, Case, Claim, Defeater, Evidence, Family

__all__ = ["alignment_alone", "downward", "sandbagging_covered"]

_SANDBAGGING = re.compile(
    r"sand-?bag|\bhid(?:e|es|ing) (?:an? |its |the |this )?(?:abilit|capabilit)", re.IGNORECASE
)
_SEARCHED = 2000
Against = Mapping[str, tuple[str, ...]]


def downward(case: Case) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Every element, parents first, and the parent through which each was first reached.

    From the root, then from what nothing rests on, then from loops of support.
    """
    concluded = conclusion_of(case)
    tops = [case.root, *(n for n in case.elements if n not in concluded), *case.elements]
    finished: list[str] = []
    parents: dict[str, str] = {}
    seen: set[str] = set()
    for top in tops:
        if top in seen or top not in case.elements:
            continue
        seen.add(top)
        stack: list[tuple[str, Iterator[str]]] = [(top, iter(supports_of(case.elements[top])))]
        while stack:
            name, parts = stack[-1]
            part = next(parts, None)
            if part is None:
                finished.append(name)
                stack.pop()
            elif part in case.elements and part not in seen:
                seen.add(part)
                parents[part] = name
                stack.append((part, iter(supports_of(case.elements[part]))))
    return tuple(reversed(finished)), parents


def sandbagging_covered(
    case: Case, order: Sequence[str], parents: Mapping[str, str], against: Against
) -> frozenset[str]:
    """The elements with a no-sandbagging element beside them, or answering a doubt about them.

    A premise covers the others of its step and all below them, unless one leg is enough there.
    """
    shows = _shows_no_sandbagging(case, order)
    beside: dict[str, frozenset[str]] = {
        name: frozenset(p for p in supports_of(e) if p in shows)
        for name in order
        if isinstance(e := case.elements[name], Argument) and rule_of(e) in ("all", "calculate")
    }
    covered: set[str] = set()
    for name in order:
        parent = parents.get(name, "")
        siblings = beside.get(parent, frozenset())
        if (
            parent in covered
            or name in shows
            or len(siblings) > (name in siblings)
            or _answered(case, name, shows, against)
        ):
            covered.add(name)
    return frozenset(covered)


def _shows_no_sandbagging(case: Case, order: Sequence[str]) -> set[str]:
    """Elicitation, a claim or assumption on sandbagging, and every claim that rests on one."""
    shows: set[str] = set()
    for name in reversed(order):
        element = case.elements[name]
        if isinstance(element, Evidence):
            found = element.type == "elicitation"
        elif isinstance(element, Claim | Assumption):
            found = bool(_SANDBAGGING.search(f"{name}\n{element.says[:_SEARCHED]}"))
        else:
            found = False
        parts = supports_of(element)
        single_leg = isinstance(element, Argument) and rule_of(element) == "any"
        if found or (parts and not single_leg and any(part in shows for part in parts)):
            shows.add(name)
    return shows


def _answered(case: Case, name: str, shows: set[str], against: Against) -> bool:
    return any(
        answer in shows
        for defeater in against.get(name, ())
        if isinstance(d := case.elements[defeater], Defeater)
        for answer in d.answered_by
    )


def family_argued(claim: Claim) -> Family | None:
    """The family of a claim; alignment by training is alignment, with a bar of its own (C140)."""
    return "alignment" if claim.argues == "alignment by training" else claim.argues


def alignment_alone(case: Case, order: Sequence[str]) -> frozenset[str]:
    """Claims and steps that can be supported by alignment arguments and assumptions alone."""
    alone: set[str] = set()
    for name in reversed(order):
        element = case.elements[name]
        if isinstance(element, Claim):
            own = family_argued(element)
            if own == "alignment" or (own is None and element.by in alone):
                alone.add(name)
        elif isinstance(element, Argument) and _step_alone(case, element, alone):
            alone.add(name)
    return frozenset(alone)


def _step_alone(case: Case, step: Argument, alone: set[str]) -> bool:
    aligned = sum(premise in alone for premise in step.premises)
    free = sum(isinstance(case.elements.get(p), Assumption) for p in step.premises)
    rule = rule_of(step)
    wanted = {"any": 1, "k of n": step.k or len(step.premises)}.get(rule, len(step.premises))
    return aligned > 0 and (rule == "any" or aligned + free >= wanted)
