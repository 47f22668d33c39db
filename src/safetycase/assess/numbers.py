"""The layer-1 bounds of a case: closed parts get a number, everything else a reason.

A claim's support is (some step's warrant) and (its premises) and not (its defeaters); its
rebuttal is the rebutting defeaters. Unassessed warrants and assumptions are [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping

from safetycase.argument.graph import rule_of
from safetycase.argument.model import (
    Argument,
    Assumption,
    Claim,
    Credence,
    Defeater,
    Evidence,
)
from safetycase.assess.logic import Facts, unanswered_legs
from safetycase.confidence.bounds import VACUOUS, Bounds, Node, propagate

__all__ = ["closed_parts", "numbers"]

Value = bool | None


def closed_parts(
    facts: Facts, values: Mapping[str, Value], fresh: frozenset[str]
) -> frozenset[str]:
    """The elements whose support is logically closed: nothing dangles, is stale or unanswered."""
    closed: set[str] = set()
    changed = True
    while changed:
        changed = False
        for name in reversed(list(facts.elements)):
            if name not in closed and _closed(name, facts, values, fresh, closed):
                closed.add(name)
                changed = True
    return frozenset(closed)


def _closed(
    name: str, facts: Facts, values: Mapping[str, Value], fresh: frozenset[str], closed: set[str]
) -> bool:
    element = facts.elements[name]
    if name in facts.blocked:
        return False
    for defeater in facts.attacks.get(name, ()):
        attack = facts.elements[defeater]
        assert isinstance(attack, Defeater)
        if attack.mandatory and values.get(defeater) is not False:
            return False
        if defeater not in closed and defeater not in facts.silent:
            return False
    if isinstance(element, Evidence):
        return name in fresh
    if isinstance(element, Assumption):
        return bool(facts.assumed.get(name))
    if isinstance(element, Claim):
        return element.by in closed
    if isinstance(element, Defeater):
        parts = [*element.answered_by, *([element.by] if element.by else [])]
        return name in facts.silent or all(part in closed for part in parts)
    if isinstance(element, Argument) and rule_of(element) == "calculate":
        return False  # a quantity is no event: its doubt composes by other rules
    if isinstance(element, Argument):
        return all(part in closed for part in (*element.premises, *element.side_conditions))
    return False


def numbers(
    facts: Facts,
    values: Mapping[str, Value],
    leaves: Mapping[str, Bounds],
    closed: frozenset[str],
) -> Mapping[str, Bounds]:
    """The bounds of every closed element; `VACUOUS` never hides a missing part."""
    nodes: dict[str, Node] = {}
    for name in closed:
        nodes.update(_nodes(name, facts, values, leaves))
    wanted = {name: node for name, node in nodes.items() if _whole(node, nodes)}
    found = propagate(wanted)
    return {name: found[name] for name in closed if name in found}


def _whole(node: Node, nodes: Mapping[str, Node]) -> bool:
    return all(part in nodes for part in node.parts)


def _credence(credence: Credence | None) -> Bounds:
    return Bounds(low=credence.at_least, high=credence.at_most) if credence else VACUOUS


def _nodes(
    name: str, facts: Facts, values: Mapping[str, Value], leaves: Mapping[str, Bounds]
) -> dict[str, Node]:
    element = facts.elements[name]
    made: dict[str, Node] = {}
    against = [d for d in facts.attacks.get(name, ()) if d not in facts.silent]
    if isinstance(element, Defeater):
        own = element.by or f"{name}~raised"
        made[f"{name}~raised"] = Node(op="leaf", interval=_doubt(element, facts))
        answers = [*element.answered_by, *against]
        for answer in answers:
            made[f"{name}~not {answer}"] = Node(op="not", parts=(answer,))
        made[name] = Node(op="all", parts=(own, *(f"{name}~not {a}" for a in answers)))
        return made
    for defeater in against:
        made[f"{name}~not {defeater}"] = Node(op="not", parts=(defeater,))
    undefeated = tuple(f"{name}~not {d}" for d in against)
    if isinstance(element, Claim):
        # The rebuttal is charged against support: Bel = min P(support and not rebuttal).
        assert element.by is not None
        if against:
            made[f"{name}~rebuttal"] = Node(op="any", parts=tuple(against))
            made[name] = Node(op="net", parts=(element.by, f"{name}~rebuttal"))
        else:
            made[name] = Node(op="all", parts=(element.by,))
        return made
    made[f"{name}~own"] = Node(op="leaf", interval=_own(element, leaves))
    parts: tuple[str, ...] = (f"{name}~own", *undefeated)
    if isinstance(element, Evidence):
        made[f"{name}~warrant"] = Node(op="leaf", interval=_credence(element.credence))
        parts = (*parts, f"{name}~warrant")
    if isinstance(element, Argument):
        rule = rule_of(element)
        made[f"{name}~premises"] = Node(
            op="all" if rule == "calculate" else rule,
            parts=element.premises,
            k=element.k or 0,
        )
        blocked = rule == "any" and unanswered_legs(element, values.get)
        parts = (*parts, f"{name}~premises", *element.side_conditions)
        if blocked:
            made[f"{name}~own"] = Node(op="leaf", interval=VACUOUS)
    made[name] = Node(op="all", parts=parts)
    return made


def _own(element: object, leaves: Mapping[str, Bounds]) -> Bounds:
    if isinstance(element, Evidence):
        return leaves.get(element.id, VACUOUS)
    if isinstance(element, Argument | Assumption):
        return _credence(element.credence)
    return VACUOUS


def _doubt(element: Defeater, facts: Facts) -> Bounds:
    if element.accepted and element.id in facts.accepted:
        return Bounds(low=0.0, high=element.accepted.doubt)
    return VACUOUS
