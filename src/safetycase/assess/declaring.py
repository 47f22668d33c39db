"""The declared dependences of a case as declarations between the nodes of its graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from safetycase.argument.model import Argument, Case, Defeater, Dependence, Element
from safetycase.argument.stated import nobody
from safetycase.assess.logic import Facts, standing
from safetycase.assess.network import Network
from safetycase.confidence.graph import Declaration

__all__ = ["Declared", "declared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The declarations that count, and of each other one why it does not."""

    declarations: tuple[Declaration, ...]
    set_aside: Mapping[str, str]


def declared(
    case: Case,
    facts: Facts,
    values: Mapping[str, bool | None],
    net: Network,
    *,
    today: date,
    refused: Collection[str],
) -> Declared:
    """What the case declares, as of `today`; `refused` are the elements with an error finding."""
    found: list[Declaration] = []
    aside: dict[str, str] = {}
    for name, element in case.elements.items():
        if not isinstance(element, Dependence):
            continue
        reason = _reason(element, facts, values, today, refused)
        nodes = [_node(element, facts.elements.get(m), m, net) for m in element.among]
        missing = [m for m, node in zip(element.among, nodes, strict=True) if node is None]
        if not reason and missing:
            reason = f"nothing rests on {missing[0]}"
        if reason:
            aside[name] = reason
            continue
        assert element.credence is not None
        number = element.beta if element.kind == "common cause" else element.at_most
        found.append(
            Declaration(
                id=name,
                kind=element.kind,
                among=tuple(node for node in nodes if node is not None),
                doubt=1 - element.credence.at_least,
                number=number,
                weights=element.weights,
            )
        )
    return Declared(declarations=tuple(found), set_aside=aside)


def _reason(
    element: Dependence,
    facts: Facts,
    values: Mapping[str, bool | None],
    today: date,
    refused: Collection[str],
) -> str:
    """Why a declaration adds nothing; empty if it counts."""
    if element.id in refused:
        return "a finding stands against it"
    if nobody(element.owner):
        return "nobody owns it"
    if element.credence is None or nobody(element.credence.owner):
        return "nobody says how far it is trusted"
    if element.expires is not None and element.expires < today:
        return f"it expired on {element.expires}"
    if element.id in facts.monitors:
        return f"its monitor {facts.monitors[element.id][0]} is not known to be quiet"
    attackers = standing(facts, values, element.id)
    return f"the doubt {attackers[0]} stands against it" if attackers else ""


def _node(kind: Dependence, member: Element | None, name: str, net: Network) -> int | None:
    """The node a declaration speaks of: a leaf's event, or for groups all that it rests on."""
    if kind.kind in ("independent", "partition"):
        return net.nodes.get(name)
    if isinstance(member, Argument):
        return net.index.get(f"{name}~warrant")
    if isinstance(member, Defeater):
        return net.index.get(f"{name}~raised", net.index.get(name))
    return net.index.get(name)
