"""The truth by brute force: every world of up to ten events, and the best law over them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linprog

from safetycase.confidence.caps import Cap
from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Builder, Graph


def holds(graph: Graph, world: dict[int, bool]) -> list[bool]:
    """The value of every node, its own two-valued evaluation; events not given are false."""
    value: list[bool] = []
    for i, op in enumerate(graph.ops):
        parts = [value[p] for p in graph.parts[i]]
        if op == EVENT:
            value.append(world.get(i, False))
        elif op == ALL:
            value.append(all(parts))
        elif op == ANY:
            value.append(any(parts))
        elif op == NOT:
            value.append(not parts[0])
        else:
            value.append(sum(parts) >= graph.k[i])
    return value


def worlds(graph: Graph, node: int) -> list[dict[int, bool]]:
    events = graph.events([node])
    return [
        dict(zip(events, bits, strict=True))
        for bits in itertools.product([False, True], repeat=len(events))
    ]


def largest_failure(graph: Graph, node: int, caps: Sequence[Cap] = ()) -> float | None:
    """max P(not node) over all laws; None if no law fits the intervals and the caps."""
    everything = worlds(graph, node)
    fails = np.array([not holds(graph, w)[node] for w in everything], dtype=float)
    rows, ends = [np.zeros(len(fails))], [0.0]
    for event in graph.events([node]):
        true = np.array([w[event] for w in everything], dtype=float)
        rows += [true, -true]
        ends += [graph.high[event], -graph.low[event]]
    for cap in caps:
        a, b = cap.events
        if a in everything[0] and b in everything[0]:
            rows.append(np.array([not (w[a] or w[b]) for w in everything], dtype=float))
            ends.append(cap.limit)
    result = linprog(
        -fails, A_ub=np.array(rows), b_ub=ends, A_eq=np.ones((1, len(fails))), b_eq=[1.0]
    )
    return -result.fun if result.status == 0 else None


def random_graph(seed: int, *, monotone: bool, shared: bool = False) -> tuple[Graph, int]:
    """A graph of at most seven events; with `shared` its parts overlap a lot."""
    rng = random.Random(seed)
    builder = Builder()
    nodes: list[int] = []
    for i in range(rng.randint(3, 7) if shared else rng.randint(1, 7)):
        low = rng.choice([0.6, 0.8, 0.9, 0.95, rng.random(), *([] if shared else [0.0, 1.0])])
        high = rng.choice([1.0, 1.0, low, min(1.0, low + 0.1)])
        nodes.append(builder.event(f"e{i}", low, high))
    for _ in range(rng.randint(6, 25) if shared else rng.randint(1, 12)):
        near = nodes[-8:]
        parts = [
            rng.choice(near if rng.random() < 0.5 else nodes) for _ in range(rng.randint(1, 4))
        ]
        kind = rng.random()
        if not monotone and kind < 0.25:
            nodes.append(builder.negate(parts[0]))
        elif kind < 0.55:
            nodes.append(builder.all(parts))
        elif kind < 0.8:
            nodes.append(builder.any(parts))
        else:
            nodes.append(builder.at_least(rng.randint(0, len(parts) + 1), parts))
    return builder.freeze(), nodes[-1]


def graphs(*, monotone: bool | None = None) -> st.SearchStrategy[tuple[Graph, int]]:
    """Random graphs with a node to ask about."""
    kinds = st.booleans() if monotone is None else st.just(monotone)
    return st.builds(
        lambda seed, kind, shared: random_graph(seed, monotone=kind, shared=shared),
        st.integers(0, 10**9),
        kinds,
        st.booleans(),
    )


def two_of_three(low: float = 0.9) -> tuple[Graph, int]:
    """Two of three, written with shared events so that no local rule is exact."""
    builder = Builder()
    a, b, c = (builder.event(name, low) for name in "abc")
    pairs = [builder.all(pair) for pair in ((a, b), (a, c), (b, c))]
    top = builder.any(pairs, "top")
    return builder.freeze(), top
