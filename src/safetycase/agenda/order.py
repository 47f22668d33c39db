"""In what order to run experiments until a claim is settled, at the least expected cost.

Tests are run one after another, and only as long as the root is not decided. For tests that must
all pass, ascending cost/(1 − p) is optimal: what is cheap and likely to fail comes first. For
tests of which one must pass, ascending cost/p (Mitten 1960, J. Industrial Engineering 11; survey:
Ünlüyurt 2004, Discrete Applied Mathematics 142:189). For an AND of ORs or an OR of ANDs, each
block is one test with its own expected cost and chance (Ben-Dov 1981, Management Science 27).
Deeper, the rule is only a rule of thumb, and the record says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Graph

__all__ = ["Experiment", "Order", "best_cost", "order"]

_MOST_EXACT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A test of an event: it holds with `probability`; finding out costs `cost`, above 0."""

    probability: float
    cost: float

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(f"{self.probability!r} is no probability")
        if not 0 < self.cost < math.inf:
            raise ValueError(f"a test costs {self.cost!r}; it must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Events in the order of testing; a test that can no longer matter is skipped.

    `expected_cost`, in the unit of the costs, and `probability`, that the root holds, take tests
    as independent. `optimal` if no strategy, adaptive ones included, has a smaller expected cost
    by a theorem; `why` says which rule was used.
    """

    events: tuple[int, ...]
    expected_cost: float
    probability: float
    optimal: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A tested part: its order, expected cost and chance; `depth` of alternation, 0 for an event.

    `plain` says that it is made of AND and OR alone.
    """

    events: tuple[int, ...]
    cost: float
    chance: float
    depth: int
    op: int = EVENT
    plain: bool = True
    inner: tuple[_Block, ...] = ()


def order(graph: Graph, root: int, tests: Mapping[int, Experiment]) -> Order:
    """The order by the ratio rule for deciding `root` through `tests` (event to experiment).

    An event without a test is taken as given: true if its interval reaches above 0. `ValueError`
    if a tested event is used more than once or negated: the rule needs a tree.
    """
    blocks: dict[int, _Block | bool] = {}
    nodes = graph.below([root])
    uses = dict.fromkeys(nodes, 0)
    for node in nodes:
        for part in graph.parts[node]:
            uses[part] += 1
    for node in nodes:
        block = _block(graph, node, blocks, tests)
        if not isinstance(block, bool) and uses[node] > 1:
            raise ValueError(f"`{graph.names[node]}` is used more than once: there is no order")
        blocks[node] = block
    top = blocks[root]
    if isinstance(top, bool):
        top = _Block(events=(), cost=0.0, chance=float(top), depth=0)
    optimal = top.plain and top.depth <= 2
    return Order(
        events=top.events,
        expected_cost=top.cost,
        probability=top.chance,
        optimal=optimal,
        why=_why(top),
    )


def best_cost(graph: Graph, root: int, tests: Mapping[int, Experiment]) -> float:
    """The least expected cost of any strategy that decides `root`, for at most ten tests.

    Dynamic programming over what is known of each test (3^n states). Events without a test are
    taken as in `order`; parts may be shared.
    """
    chosen = [e for e in graph.events([root]) if e in tests]
    if len(chosen) > _MOST_EXACT:
        raise ValueError(f"{len(chosen)} tests are too many; at most {_MOST_EXACT}")
    nodes = graph.below([root])

    @cache
    def cost(known: tuple[bool | None, ...]) -> float:
        truth: dict[int, bool | None] = dict(zip(chosen, known, strict=True))
        for node in nodes:
            if node not in truth:
                truth[node] = _truth(graph, node, truth)
        if truth[root] is not None:
            return 0.0
        return min(branch(known, k) for k in range(len(chosen)) if known[k] is None)

    def branch(known: tuple[bool | None, ...], k: int) -> float:
        test = tests[chosen[k]]
        total = test.cost
        for outcome, chance in ((True, test.probability), (False, 1 - test.probability)):
            if chance:
                total += chance * cost((*known[:k], outcome, *known[k + 1 :]))
        return total

    return cost((None,) * len(chosen))


def _block(
    graph: Graph, node: int, blocks: Mapping[int, _Block | bool], tests: Mapping[int, Experiment]
) -> _Block | bool:
    op = graph.ops[node]
    if op == EVENT:
        test = tests.get(node)
        if test is None:
            return graph.high[node] > 0
        return _Block(events=(node,), cost=test.cost, chance=test.probability, depth=0)
    given = [blocks[part] for part in graph.parts[node]]
    tested = [b for b in given if not isinstance(b, bool)]
    if op == NOT:
        if tested:
            raise ValueError(f"`{graph.names[node]}` negates a tested event: there is no order")
        return not given[0]
    need = {ALL: len(given), ANY: 1, AT_LEAST: graph.k[node]}[op] - sum(b is True for b in given)
    if need <= 0 or need > len(tested):
        return need <= 0
    if len(tested) == 1:
        return tested[0]
    if need in (1, len(tested)):
        return _line(tested, ALL if need == len(tested) else ANY)
    return _count(tested, need)


def _line(parts: Sequence[_Block], op: int) -> _Block:
    """Parts of which all, or one, must hold: by the ratio, until one fails, or holds."""
    parts = _flat(parts, op)
    ranked = sorted(parts, key=lambda b: _ratio(b.cost, _ending(b, op)))
    cost, going_on = 0.0, 1.0
    for part in ranked:
        cost += going_on * part.cost
        going_on *= 1 - _ending(part, op)
    return _Block(
        events=tuple(e for part in ranked for e in part.events),
        cost=cost,
        chance=going_on if op == ALL else 1 - going_on,
        depth=1 + max(part.depth for part in ranked),
        op=op,
        inner=tuple(ranked),
        plain=all(part.plain for part in ranked),
    )


def _count(parts: Sequence[_Block], need: int) -> _Block:
    """At least `need` of the parts: by cost alone, until it is settled."""
    ranked = sorted(parts, key=lambda b: b.cost)
    cost, held = 0.0, {0: 1.0}
    chance = 0.0
    for done, part in enumerate(ranked, 1):
        cost += sum(held.values()) * part.cost
        after: dict[int, float] = {}
        for count, weight in held.items():
            for now, p in ((count + 1, part.chance), (count, 1 - part.chance)):
                if now >= need:
                    chance += weight * p
                elif now + len(ranked) - done >= need:
                    after[now] = after.get(now, 0.0) + weight * p
        held = after
    return _Block(
        events=tuple(e for part in ranked for e in part.events),
        cost=cost,
        chance=chance,
        depth=1 + max(part.depth for part in ranked),
        op=AT_LEAST,
        plain=False,
    )


def _why(top: _Block) -> str:
    if not top.plain:
        return "cost alone where some number of parts must hold: a rule of thumb"
    if top.depth == 0:
        return "nothing to order"
    ratio = "cost/(1 − p)" if top.op == ALL else "cost/p"
    if top.depth == 1:
        return f"ascending {ratio}"
    if top.depth == 2:
        return f"ascending {ratio} of blocks, each in its own best order"
    return f"ascending {ratio} of blocks within blocks: a rule of thumb below two levels"


def _truth(graph: Graph, node: int, truth: Mapping[int, bool | None]) -> bool | None:
    """What is known of a gate: true, false, or nothing."""
    op = graph.ops[node]
    if op == EVENT:
        return graph.high[node] > 0
    parts = [truth[part] for part in graph.parts[node]]
    if op == NOT:
        return None if parts[0] is None else not parts[0]
    need = {ALL: len(parts), ANY: 1, AT_LEAST: graph.k[node]}[op]
    sure, possible = parts.count(True), len(parts) - parts.count(False)
    if sure >= need:
        return True
    return None if possible >= need else False


def _ending(part: _Block, op: int) -> float:
    """The chance that the part settles the gate."""
    return 1 - part.chance if op == ALL else part.chance


def _ratio(cost: float, settling: float) -> float:
    return cost / settling if settling else math.inf


def _flat(parts: Sequence[_Block], op: int) -> list[_Block]:
    """Parts of parts of the same kind are parts."""
    return [inner for part in parts for inner in (part.inner if part.op == op else (part,))]
