"""Random arguments in random worlds, where the truth is known: material for counting overclaims.

A world says of every event whether it holds; a law gives every one of the 2^n worlds a
probability. From the law come the chance of every event, which is all that a scheme is told, and
the true probability that the argument goes through, which is what the scheme is held to.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Builder, Graph

Kind = Literal["sparse", "clustered", "independent", "adversarial"]
KINDS: tuple[Kind, ...] = ("sparse", "clustered", "independent", "adversarial")
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One argument in one law.

    `chances[i]` is the exact probability of event i, `[low, high]` of the graph an interval that
    holds it (the point itself in every second trial), and `truth` the probability of `node`.
    `mass` is the law: the probability of each world.
    """

    graph: Graph
    node: int
    kind: Kind
    monotone: bool
    chances: Mapping[int, float]
    truth: float
    mass: tuple[float, ...]

    def probability(self, holds: Bools) -> float:
        """The true probability of a set of worlds."""
        return float(np.asarray(self.mass)[holds].sum())


def shape(generator: random.Random, *, events: int, gates: int, monotone: bool) -> Graph:
    """A random DAG: every gate takes two to four earlier nodes, the newest more often, and the
    last gate takes whatever nothing else has taken."""
    build = Builder()
    nodes = [build.event(f"e{i}") for i in range(events)]
    unused = set(nodes)
    for gate in range(gates):
        width = min(len(nodes), generator.randint(2, 4))
        parts = generator.sample(nodes, width)
        if gate == gates - 1:
            parts = sorted(unused) + [p for p in parts if p not in unused][:1]
        unused -= set(parts)
        if not monotone:
            parts = [build.negate(p) if generator.random() < 0.25 else p for p in parts]
        node = _gate(generator, build, parts)
        nodes.append(node)
        unused.add(node)
    return build.freeze()


def _gate(generator: random.Random, build: Builder, parts: list[int]) -> int:
    op = generator.choices(["all", "any", "k"], weights=[5, 3, 2])[0]
    if op == "k" and len(parts) > 2:
        return build.at_least(generator.randint(2, len(parts) - 1), parts)
    return build.any(parts) if op == "any" else build.all(parts)


def table(graph: Graph, node: int) -> Bools:
    """The truth of `node` in each of the 2^n worlds; bit i of a world is the i-th event."""
    events = [i for i, op in enumerate(graph.ops) if op == EVENT]
    worlds = np.arange(2 ** len(events))
    value: dict[int, Bools] = {e: (worlds >> at & 1).astype(bool) for at, e in enumerate(events)}
    for i in graph.below([node]):
        if graph.ops[i] == EVENT:
            continue
        parts = [value[p] for p in graph.parts[i]]
        counted = np.sum(parts, axis=0) if parts else np.zeros(len(worlds), dtype=int)
        if graph.ops[i] == NOT:
            value[i] = ~parts[0]
        else:
            needed = {ALL: len(parts), ANY: 1, AT_LEAST: graph.k[i]}[graph.ops[i]]
            value[i] = counted >= needed
    return value[node]


def law(generator: np.random.Generator, n: int, kind: Kind, holds: Bools) -> Floats:
    """A probability for each world. Events fail rarely, as the leaves of a real case do.

    sparse: few worlds carry the mass (Dirichlet with small weights). clustered: a handful of
    hidden states, in each of which the events are independent. adversarial: of all laws with the
    marginals of a sparse one, that which makes `holds` least likely.
    """
    worlds = np.arange(2**n)
    bits = (worlds[:, None] >> np.arange(n) & 1).astype(bool)
    if kind == "independent":
        return _independent(bits, generator.beta(8, 1.5, n))
    if kind == "clustered":
        states = int(generator.integers(2, 5))
        weights = generator.dirichlet(np.linspace(6, 0.5, states))
        found = np.zeros(len(worlds))
        for weight in weights:
            found += weight * _independent(bits, generator.beta(6, 0.6, n))
        return found
    # Worlds with few failures are likelier: the weight falls with the number of failed events.
    weights = generator.gamma(0.15 * 0.6 ** (n - bits.sum(axis=1)) + 1e-3)
    weights[-1] += generator.gamma(2.0)
    found = weights / weights.sum()
    return _worst_law(bits, found, holds) if kind == "adversarial" else found


def _independent(bits: Bools, chances: Floats) -> Floats:
    return np.asarray(np.where(bits, chances, 1 - chances).prod(axis=1))


def _worst_law(bits: Bools, start: Floats, holds: Bools) -> Floats:
    from scipy.optimize import linprog

    rows = np.vstack([bits.T.astype(float), np.ones(len(start))])
    found = linprog(holds.astype(float), A_eq=rows, b_eq=rows @ start, method="highs")
    if found.x is None:  # numerically infeasible: the law it started from will do
        return start
    mass = np.clip(found.x, 0, None)
    return np.asarray(mass / mass.sum())


def trial(seed: int, *, most_events: int = 8) -> Trial:
    """The trial of this number; the same number always gives the same trial."""
    generator, numbers = random.Random(seed), np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    monotone = generator.random() < 0.75
    n = generator.randint(3, most_events)
    bare = shape(generator, events=n, gates=generator.randint(2, 6), monotone=monotone)
    holds = table(bare, len(bare) - 1)
    mass = law(numbers, n, kind, holds)
    bits = np.arange(2**n)[:, None] >> np.arange(n) & 1
    chances = dict(enumerate(np.clip(mass @ bits, 0, 1).tolist()))
    widen = generator.random() < 0.5
    low, high = list(bare.low), list(bare.high)
    for i, p in chances.items():
        low[i] = max(0.0, p - widen * generator.random() * 0.1)
        high[i] = min(1.0, p + widen * generator.random() * 0.1)
    graph = Graph(
        names=bare.names,
        ops=bare.ops,
        parts=bare.parts,
        k=bare.k,
        low=tuple(low),
        high=tuple(high),
    )
    return Trial(
        graph=graph,
        node=len(graph) - 1,
        kind=kind,
        monotone=monotone,
        chances=chances,
        truth=float(mass[holds].sum()),
        mass=tuple(mass.tolist()),
    )


def trials(count: int, *, start: int = 0) -> Iterator[Trial]:
    """`count` trials, the kinds in turn."""
    return (trial(seed) for seed in range(start, start + count))


@dataclass(slots=True)
class Tally:
    """How often a scheme claimed more than the truth, by how much, and how much it left unsaid."""

    trials: int = 0
    overclaims: int = 0
    most: float = 0.0
    slack: float = 0.0

    def add(self, claimed: float, truth: float) -> None:
        """Count one claim."""
        self.trials += 1
        self.overclaims += claimed > truth + TOLERANCE
        self.most = max(self.most, claimed - truth)
        self.slack += max(0.0, truth - claimed)


Scheme = Callable[[Trial], float]


def tally(found: Iterable[Trial], schemes: Mapping[str, Scheme]) -> dict[str, Tally]:
    """Hold every scheme to the truth of every trial."""
    made = {name: Tally() for name in schemes}
    for one in found:
        for name, scheme in schemes.items():
            made[name].add(scheme(one), one.truth)
    return made
