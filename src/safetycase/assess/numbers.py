"""The confidence of every closed claim; what is not closed gets a reason instead of a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from safetycase.argument.findings import Finding
from safetycase.argument.model import Case
from safetycase.assess.calculating import covered
from safetycase.assess.declaring import Declared, declared
from safetycase.assess.formulas import Formulas
from safetycase.assess.logic import Facts, solve
from safetycase.assess.network import Network, network
from safetycase.confidence.bounds import Bounds
from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT
from safetycase.confidence.local import local
from safetycase.stats import Statistic

if TYPE_CHECKING:
    from safetycase.confidence.claims import Weighed

__all__ = ["Grounds", "Numbers", "closed_parts", "numbers", "weigh"]


def closed_parts(net: Network) -> frozenset[str]:
    """The elements that what is known can show, or show to fail; the others get no number.

    What is open (stale, dangling, unowned, blocked, a mandatory doubt without an answer) closes
    nothing; an open leg beside a closed one takes nothing from it.
    """
    graph, opened = net.graph, set(net.opened.values())
    true: list[bool] = []  # closed events are enough to show it
    false: list[bool] = []  # and these to show that it fails
    for i, op in enumerate(graph.ops):
        parts = graph.parts[i]
        if op == EVENT:
            yes = no = i not in opened
        elif op == ALL:
            yes, no = all(true[p] for p in parts), not parts or any(false[p] for p in parts)
        elif op == ANY:
            yes, no = not parts or any(true[p] for p in parts), all(false[p] for p in parts)
        elif op == AT_LEAST:
            k, n = graph.k[i], len(parts)
            yes = sum(true[p] for p in parts) >= min(k, n)
            no = sum(false[p] for p in parts) >= n - min(k, n) + 1
        else:
            yes, no = false[parts[0]], true[parts[0]]
        true.append(yes)
        false.append(no)
    shown = {name for name, node in net.nodes.items() if true[node]}
    for name, query in net.queries.items():
        if query.rebuttal is not None and true[query.rebuttal] and true[query.support]:
            shown.add(name)
    return frozenset(shown)


def numbers(net: Network, closed: frozenset[str]) -> dict[str, Bounds]:
    """Layer 1 for every closed element: [Bel, Pl] of claims, bounds of support elsewhere.

    Sound and computed in linear time; the root gets the sharper layers (`weigh`).
    """
    lows, highs = local(net.graph)
    found: dict[str, Bounds] = {}
    for name in closed:
        node = net.nodes[name]
        low, high = lows[node], highs[node]
        query = net.queries.get(name)
        if query is not None:
            against = (0.0, 0.0)
            if query.rebuttal is not None:
                against = (lows[query.rebuttal], highs[query.rebuttal])
            low = max(low, lows[query.support] - against[1], 0.0)
            high = 1 - max(0.0, against[0] - highs[query.support])
        found[name] = Bounds(low=min(low, high), high=high)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What the numbers are computed from: the facts, and of each fresh leaf interval and counts."""

    facts: Facts
    leaves: Mapping[str, tuple[float, float]]
    statistics: Mapping[str, Mapping[str, Statistic]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The truth of every element, the graph of the case, and the bounds of what is closed.

    `root` is what the sharper layers say of the root claim, None where layer 1 is exact and while
    the root is not closed.
    """

    grounds: Grounds
    values: Mapping[str, bool | None]
    network: Network
    declared: Declared
    bounds: Mapping[str, Bounds]
    root: Weighed | None


def _shares(net: Network, claim: str) -> bool:
    """Whether some part of a claim's support and rebuttal is used more than once."""
    query, graph = net.queries[claim], net.graph
    tops = [query.support] if query.rebuttal is None else [query.support, query.rebuttal]
    seen = set(tops)
    for node in graph.below(tops):
        for part in graph.parts[node]:
            if part in seen:
                return True
            seen.add(part)
    return False


def weigh(case: Case, grounds: Grounds, now: datetime, findings: tuple[Finding, ...]) -> Numbers:
    """Decide every element, then bound it: layer 1 everywhere, the sharper layers at the root."""
    facts = grounds.facts
    values = dict(solve(facts))
    formulas = Formulas(facts, values, grounds.leaves, covered(facts, values, grounds.statistics))
    net = network(facts.elements, formulas)
    refused = {f.subject for f in findings if f.severity == "error" and f.subject}
    given = declared(case, facts, values, net, today=now.date(), refused=refused)
    closed = closed_parts(net)
    bounds = numbers(net, closed)
    root = None
    if case.root in closed and (given.declarations or _shares(net, case.root)):
        # Where nothing is shared layer 1 is exact, and the solvers need not even be imported.
        from safetycase.confidence.claims import weigh_claim

        root = weigh_claim(net.graph, net.queries[case.root], given.declarations)
        bounds[case.root] = Bounds(low=root.bel, high=root.pl)
    return Numbers(
        grounds=grounds, values=values, network=net, declared=given, bounds=bounds, root=root
    )
