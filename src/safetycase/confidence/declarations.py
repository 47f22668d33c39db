"""What is wrong with a declared dependence: by itself, and against the others."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from safetycase.confidence.graph import EVENT, Declaration, Graph
from safetycase.confidence.local import local

__all__ = ["contradictions", "faults"]

_TINY = 1e-9
_EVENTS = {"associated", "exclusive", "pairwise cap", "common cause"}
_FEWEST = {"contained": 2, "partition": 1, "associated": 2}


def faults(graph: Graph, declarations: Sequence[Declaration]) -> dict[str, str]:
    """Why a declaration cannot be used at all, by its id."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    taken: dict[int, str] = {}
    for declaration in declarations:
        reason = _fault(graph, declaration)
        if declaration.id in seen:
            reason = "two declarations have this name"
        seen.add(declaration.id)
        if reason is None and declaration.kind == "common cause":
            other = next((taken[e] for e in declaration.among if e in taken), None)
            if other is None:
                taken |= dict.fromkeys(declaration.among, declaration.id)
            else:
                reason = f"it shares an event with common cause `{other}`"
        if reason is not None:
            found[declaration.id] = reason
    return found


def contradictions(graph: Graph, declarations: Sequence[Declaration]) -> list[tuple[str, str]]:
    """(id, reason) for each declaration that cannot hold, or not together with the others.

    Intervals are taken at their stated ends: an event fails with the doubt 1 − low. What is
    found is a contradiction; that nothing is found is no proof that there is none.
    """
    wrong = faults(graph, declarations)
    usable = [d for d in declarations if d.id not in wrong]
    low, high = local(graph)
    found = list(wrong.items())
    for declaration in usable:
        found += ((declaration.id, r) for r in _alone(graph, declaration, high))
    found += _containments(graph, usable, low, high)
    for one, two in itertools.permutations(usable, 2):
        found += ((one.id, reason) for reason in _pair(graph, one, two, low, high))
    return found


def _fault(graph: Graph, declaration: Declaration) -> str | None:
    among, kind = declaration.among, declaration.kind
    names = graph.names
    if any(not 0 <= node < len(graph) for node in among):
        return "it names a node that the graph does not have"
    if len(set(among)) != len(among):
        return "it names a node twice"
    if len(among) < _FEWEST.get(kind, 2) or (kind == "contained" and len(among) != 2):
        return f"`{kind}` cannot hold among {len(among)}"
    gate = next((n for n in among if graph.ops[n] != EVENT), None) if kind in _EVENTS else None
    if gate is not None:
        return f"`{names[gate]}` is no single event"
    if kind in ("common cause", "pairwise cap") and declaration.number is None:
        return f"`{kind}` needs a number"
    if kind == "independent":
        return _overlap(graph, among, "rest on")
    if kind == "partition":
        if len(declaration.weights) != len(among):
            return f"{len(declaration.weights)} weights for {len(among)} cases"
        if abs(sum(declaration.weights) - 1) > _TINY:
            return f"its weights add up to {sum(declaration.weights):.6g} and not to 1"
        return _overlap(graph, among, "are cases that rest on")
    return None


def _overlap(graph: Graph, among: Sequence[int], verb: str) -> str | None:
    owner: dict[int, int] = {}
    for node in among:
        for event in graph.events([node]):
            if event in owner:
                one, two = graph.names[owner[event]], graph.names[node]
                return f"`{one}` and `{two}` both {verb} `{graph.names[event]}`"
            owner[event] = node
    return None


def _alone(graph: Graph, declaration: Declaration, high: Sequence[float]) -> Iterator[str]:
    """A cap that the intervals exceed by themselves."""
    if declaration.kind not in ("exclusive", "pairwise cap"):
        return
    cap = _cap(declaration)
    names = graph.names
    for i, j in itertools.combinations(declaration.among, 2):
        least = 1 - high[i] - high[j]
        if least > cap + _TINY:
            yield f"`{names[i]}` and `{names[j]}` fail together with at least {least:.4g}"
            return
    total = sum(1 - high[i] for i in declaration.among)
    if cap == 0 and total > 1 + _TINY:
        yield f"its events fail with {total:.4g} in all, which is more than 1"


def _containments(
    graph: Graph, usable: Sequence[Declaration], low: Sequence[float], high: Sequence[float]
) -> Iterator[tuple[str, str]]:
    """Along a chain of containments the probability cannot fall."""
    pairs = [d for d in usable if d.kind == "contained"]
    after: dict[int, list[int]] = {}
    for d in pairs:
        after.setdefault(d.among[0], []).append(d.among[1])
    for d in pairs:
        start = d.among[0]
        seen, stack = {start}, [d.among[1]]
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            stack += after.get(node, ())
            if low[start] > high[node] + _TINY:
                yield (
                    d.id,
                    f"`{graph.names[start]}` holds with at least {low[start]:.4g} and "
                    f"`{graph.names[node]}`, which it implies, with at most {high[node]:.4g}",
                )


def _pair(
    graph: Graph,
    one: Declaration,
    two: Declaration,
    low: Sequence[float],
    high: Sequence[float],
) -> Iterator[str]:
    """What `one` says that cannot be while `two` holds."""
    names = graph.names
    if one.kind in ("exclusive", "pairwise cap"):
        cap = _cap(one)
        for i, j in itertools.combinations(one.among, 2):
            least = _joint(graph, two, i, j, low, high)
            if least > cap + _TINY:
                yield (
                    f"`{names[i]}` and `{names[j]}` fail together with {least:.4g} "
                    f"by `{two.id}`, more than {cap:.4g}"
                )
                return
    if two.kind != "independent":
        return
    if one.kind == "common cause" and (one.number or 0) > 0:
        groups = _groups(graph, two)
        held = {groups[e] for e in one.among if e in groups}
        share = (one.number or 0) * min(1 - low[e] for e in one.among)
        if len(held) > 1 and share > 0:
            yield f"its events share a cause and are independent by `{two.id}`"
    if one.kind == "contained":
        groups = _groups(graph, two)
        a, b = ({groups.get(e, -1) for e in graph.events([n])} for n in one.among)
        apart = not a & b and -1 not in a | b
        if apart and low[one.among[0]] > 0 and high[one.among[1]] < 1:
            yield f"what implies and what is implied are independent by `{two.id}`"


def _joint(
    graph: Graph, by: Declaration, i: int, j: int, low: Sequence[float], high: Sequence[float]
) -> float:
    """How often events i and j fail together according to `by`, at the stated doubts; else 0."""
    if by.kind == "independent":
        groups = _groups(graph, by)
        if i in groups and j in groups and groups[i] != groups[j]:
            return (1 - low[i]) * (1 - low[j])
    if by.kind == "common cause" and i in by.among and j in by.among:
        return (by.number or 0) * min(1 - low[e] for e in by.among)
    if by.kind == "contained" and {i, j} == set(by.among):
        return 1 - high[by.among[1]]
    if by.kind == "associated" and i in by.among and j in by.among:
        return (1 - high[i]) * (1 - high[j])
    return 0.0


def _groups(graph: Graph, declaration: Declaration) -> Mapping[int, int]:
    return {e: n for n in declaration.among for e in graph.events([n])}


def _cap(declaration: Declaration) -> float:
    return 0.0 if declaration.kind == "exclusive" else declaration.number or 0.0
