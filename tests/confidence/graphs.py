"""Random graphs, and answers by looking at every world."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence

from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Builder, Graph

World = tuple[bool, ...]


def random_graph(
    seed: int, *, events: int = 5, gates: int = 6, negations: bool = True
) -> tuple[Graph, int]:
    """A graph of a few events whose gates reuse events and gates; and its last node."""
    rng = random.Random(seed)
    builder = Builder()
    nodes = []
    for i in range(events):
        ends = sorted(rng.choice([0, 0.2, 0.5, 0.7, 0.9, 0.97, 1, rng.random()]) for _ in range(2))
        nodes.append(builder.event(f"e{i}", ends[0], rng.choice([ends[1], 1.0])))
    for _ in range(gates):
        parts = [
            rng.choice(nodes[-8:] + nodes[:events]) for _ in range(rng.choice([1, 2, 2, 3, 4]))
        ]
        kind = rng.randrange(8)
        if kind == 0 and negations:
            nodes.append(builder.negate(parts[0]))
        elif kind <= 3:
            nodes.append(builder.all(parts))
        elif kind <= 5:
            nodes.append(builder.any(parts if rng.random() > 0.03 else []))
        else:
            nodes.append(builder.at_least(rng.randint(0, len(parts) + 1), parts))
    return builder.freeze(), nodes[-1]


def truth(graph: Graph, world: Mapping[int, bool]) -> list[bool]:
    """The value of every node when the events have the values in `world`."""
    values: list[bool] = []
    for i, op in enumerate(graph.ops):
        parts = [values[p] for p in graph.parts[i]]
        if op == EVENT:
            values.append(world.get(i, False))
        elif op == NOT:
            values.append(not parts[0])
        else:
            need = {ALL: len(parts), ANY: 1, AT_LEAST: graph.k[i]}[op]
            values.append(sum(parts) >= need)
    return values


def worlds(events: Sequence[int]) -> Iterator[dict[int, bool]]:
    for bits in itertools.product((False, True), repeat=len(events)):
        yield dict(zip(events, bits, strict=True))


def independent(graph: Graph, node: int, chance: Mapping[int, float]) -> float:
    """P(node) by adding up the worlds in which it is true."""
    events = graph.events([node])
    return math.fsum(
        math.prod(chance[e] if v else 1 - chance[e] for e, v in world.items())
        for world in worlds(events)
        if truth(graph, world)[node]
    )
