"""Random graphs and portfolios, and brute force to compare with."""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from safetycase.agenda.multilinear import compile_formula
from safetycase.agenda.portfolio import Shots, worth
from safetycase.confidence.bounds import Bounds
from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Builder, Graph


def exactly(number: float) -> Bounds:
    return Bounds(low=number, high=number)


def holds(graph: Graph, root: int, state: Mapping[int, bool]) -> bool:
    truth: dict[int, bool] = {}
    for node in graph.below([root]):
        parts = [truth[p] for p in graph.parts[node]]
        op = graph.ops[node]
        if op == EVENT:
            truth[node] = state[node]
        elif op == ALL:
            truth[node] = all(parts)
        elif op == ANY:
            truth[node] = any(parts)
        elif op == NOT:
            truth[node] = not parts[0]
        else:
            truth[node] = sum(parts) >= graph.k[node]
    return truth[root]


def states(events: Sequence[int]) -> Iterator[dict[int, bool]]:
    for outcome in itertools.product((False, True), repeat=len(events)):
        yield dict(zip(events, outcome, strict=True))


def by_enumeration(graph: Graph, root: int, point: Sequence[float]) -> float:
    events = graph.events([root])
    total = 0.0
    for state in states(events):
        if holds(graph, root, state):
            weight = 1.0
            for event in events:
                weight *= point[event] if state[event] else 1 - point[event]
            total += weight
    return total


def random_tree(draw: random.Random, events: int, *, count: bool = False) -> tuple[Graph, int]:
    """A read-once tree of AND and OR, with some gates "two of" if `count`."""
    build = Builder()
    pool = [build.event(f"e{k}") for k in range(events)]
    draw.shuffle(pool)
    while len(pool) > 1:
        size = min(len(pool), draw.randint(2, 3))
        parts, pool = pool[:size], pool[size:]
        if count and size == 3 and draw.random() < 0.3:
            pool.append(build.at_least(2, parts))
        else:
            pool.append((build.all if draw.random() < 0.5 else build.any)(parts))
    return build.freeze(), pool[0]


def random_dag(
    draw: random.Random, events: int, gates: int, *, negate: bool = False
) -> tuple[Graph, int]:
    """A graph whose gates take any earlier nodes as parts."""
    build = Builder()
    pool = [build.event(f"e{k}") for k in range(events)]
    for _ in range(gates):
        parts = draw.sample(pool, min(len(pool), draw.randint(2, 3)))
        kind = draw.random()
        if negate and kind > 0.85:
            pool.append(build.negate(parts[0]))
        elif kind < 0.2:
            pool.append(build.at_least(2, parts))
        else:
            pool.append((build.all if kind < 0.55 else build.any)(parts))
    return build.freeze(), pool[-1]


def random_shots(
    draw: random.Random, events: Sequence[int], *, costs: Sequence[float] = (1.0, 1.0, 2.0)
) -> tuple[Shots, ...]:
    return tuple(
        Shots(
            id=f"s{event}",
            event=event,
            solvable=exactly(draw.uniform(0.1, 1.0)),
            each_shot=exactly(draw.uniform(0.05, 0.9)),
            cost=draw.choice(costs),
            already=draw.choice((0.0, 0.0, 0.1)),
        )
        for event in events
    )


def best_by_enumeration(graph: Graph, root: int, shots: Sequence[Shots], budget: float) -> float:
    """The best value of any allocation, at the lower ends; families of several entries apart."""
    counts = [range(int(budget // bet.cost) + 1) for bet in shots]
    allocations = [
        chosen
        for chosen in itertools.product(*counts)
        if sum(n * bet.cost for n, bet in zip(chosen, shots, strict=True)) <= budget
    ]
    if any(bet.family for bet in shots):
        return max(
            worth(graph, root, shots, dict(zip([b.id for b in shots], chosen, strict=True))).low
            for chosen in allocations
        )
    points = np.tile(np.array(graph.low), (len(allocations), 1))
    for row, chosen in enumerate(allocations):
        for bet, n in zip(shots, chosen, strict=True):
            hit = bet.solvable.low * (1 - (1 - bet.each_shot.low) ** n)
            points[row, bet.event] = 1 - (1 - bet.already) * (1 - hit)
    return float(compile_formula(graph, root).many(points).max())
