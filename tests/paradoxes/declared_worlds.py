"""Random laws that satisfy a declared dependence, so that what the declaration buys can be held
to the truth."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tests.paradoxes.worlds import Bools, Floats, shape, table

from safetycase.confidence.graph import Declaration, Graph, Kind

DECLARED: tuple[Kind, ...] = (
    "independent",
    "associated",
    "exclusive",
    "contained",
    "common cause",
    "pairwise cap",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredTrial:
    """An argument, a declaration that holds in the law, and the true probability of `node`."""

    graph: Graph
    node: int
    declaration: Declaration
    truth: float


def declared_trials(count: int, *, start: int = 0) -> Iterator[DeclaredTrial]:
    """`count` trials, the kinds of declaration in turn."""
    return (declared_trial(seed) for seed in range(start, start + count))


def declared_trial(seed: int) -> DeclaredTrial:
    """The trial of this number."""
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    kind = DECLARED[seed % len(DECLARED)]
    n = rng.randint(3, 6)
    among = tuple(rng.sample(range(n), 2 if kind == "contained" else rng.randint(2, n)))
    monotone = rng.random() < 0.75
    bare = shape(rng, events=n, gates=rng.randint(2, 5), monotone=monotone)
    bits = (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)
    number: float | None = None
    if kind == "common cause":
        number = rng.uniform(0, 0.5)
        mass = _conditional(numbers, bits, among, _beta_factor(numbers, among, number))
    elif kind == "independent":
        mass = _conditional(numbers, bits, among, _product(numbers, among))
    elif kind == "associated":
        mass = _conditional(numbers, bits, among, _associated(rng, numbers, among))
    else:
        mass = _sparse(numbers, bits)
        if kind == "exclusive":
            mass = _without(mass, (~bits[:, list(among)]).sum(axis=1) > 1)
        elif kind == "contained":
            mass = _without(mass, bits[:, among[0]] & ~bits[:, among[1]])
        else:
            pairs = itertools.combinations(among, 2)
            number = max(float(mass[~bits[:, i] & ~bits[:, j]].sum()) for i, j in pairs)
            number = min(1.0, number + 1e-12)
    chances = np.clip(mass @ bits, 0, 1).tolist()
    graph = Graph(
        names=bare.names,
        ops=bare.ops,
        parts=bare.parts,
        k=bare.k,
        low=(*chances, *bare.low[n:]),
        high=(*chances, *bare.high[n:]),
    )
    declaration = Declaration(id="D", kind=kind, among=among, doubt=0.0, number=number)
    truth = float(mass[table(graph, len(graph) - 1)].sum())
    return DeclaredTrial(graph=graph, node=len(graph) - 1, declaration=declaration, truth=truth)


def _sparse(numbers: np.random.Generator, bits: Bools) -> Floats:
    failed = (~bits).sum(axis=1)
    weights = numbers.gamma(0.15 * 0.6**failed + 1e-3)
    weights[-1] += numbers.gamma(2.0)
    return np.asarray(weights / weights.sum())


def _without(mass: Floats, forbidden: Bools) -> Floats:
    kept = np.where(forbidden, 0.0, mass)
    return np.asarray(kept / kept.sum())


Part = dict[tuple[bool, ...], float]


def _product(numbers: np.random.Generator, among: tuple[int, ...]) -> Part:
    chances = numbers.beta(8, 1.5, len(among))
    return {
        world: float(np.prod(np.where(world, chances, 1 - chances)))
        for world in itertools.product((False, True), repeat=len(among))
    }


def _beta_factor(numbers: np.random.Generator, among: tuple[int, ...], beta: float) -> Part:
    """Each event fails by the shared cause or by one of its own, all causes independent."""
    doubts = numbers.uniform(0.01, 0.3, len(among))
    shared = beta * float(doubts.min())
    own = 1 - (1 - doubts) / (1 - shared)
    found: Part = {}
    for world in itertools.product((False, True), repeat=len(among)):
        found[world] = (1 - shared) * float(np.prod(np.where(world, 1 - own, own)))
    found[(False,) * len(among)] += shared
    return found


def _associated(rng: random.Random, numbers: np.random.Generator, among: tuple[int, ...]) -> Part:
    """Increasing functions of independent bits are associated (Esary et al. 1967)."""
    count = 4
    chances = numbers.beta(6, 1.0, count)
    rules = [(rng.choice((any, all)), rng.sample(range(count), rng.randint(1, 3))) for _ in among]
    found: Part = {}
    for hidden in itertools.product((False, True), repeat=count):
        weight = float(np.prod(np.where(hidden, chances, 1 - chances)))
        world = tuple(rule(hidden[i] for i in taken) for rule, taken in rules)
        found[world] = found.get(world, 0.0) + weight
    return found


def _conditional(
    numbers: np.random.Generator, bits: Bools, among: tuple[int, ...], part: Part
) -> Floats:
    """The law whose events `among` follow `part`, while the others hang on them in any way."""
    mass = np.zeros(len(bits))
    for world, weight in part.items():
        same = np.all(bits[:, list(among)] == np.asarray(world), axis=1)
        mass[same] = weight * numbers.dirichlet(np.full(int(same.sum()), 0.2))
    return np.asarray(mass / mass.sum())
