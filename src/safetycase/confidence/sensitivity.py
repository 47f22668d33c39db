"""What would change a bound: which events flip it, which lift it, and what its gap is made of."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from safetycase.confidence.cutsets import deciding_sets
from safetycase.confidence.dependence import unknown_bound
from safetycase.confidence.frechet import at_least_low
from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Graph, Query, claim_node
from safetycase.confidence.literals import cheap_proof, doubt_of, signs_of
from safetycase.confidence.local import local
from safetycase.confidence.reference import reference

__all__ = [
    "Amplification",
    "Flip",
    "Flips",
    "GapSplit",
    "Lift",
    "amplification",
    "believed",
    "claim_amplification",
    "flips",
    "gap_split",
    "lift_to",
    "what_if",
]

Bound = Callable[[Graph, int], float]
Change = bool | tuple[float, float]
_STEP = 2.0**-20


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """Events that, with these values, make the node false whatever else holds.

    `doubt` is the most that they can do so together: the least of their doubts.
    """

    literals: tuple[tuple[int, bool], ...]
    doubt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """Flipping sets, the smallest first and among equals the most doubted; see `complete`."""

    sets: tuple[Flip, ...]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """Sets of literals that, once certain, lift the bound to the target.

    `reach` is the bound with everything certain. `sets` is empty if that misses the target, or
    holds the empty set if the bound is there already. `smallest` says that no smaller set exists;
    it is false if the search ran out of evaluations first. Then, and where it ran out among the
    smallest, other sets of that size may be missing.
    """

    sets: tuple[tuple[tuple[int, bool], ...], ...]
    bounds: tuple[float, ...]
    reach: float
    smallest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GapSplit:
    """Pl − Bel as a sum, each part being what its recomputation took off; in this order.

    1. `defeaters`: the open defeaters' events set to false.
    2. `imprecision`: then each event at the middle of its interval.
    3. `dependence`: then all events independent.
    4. `silence`: what is left, P(neither the support nor the rebuttal holds, or both).

    A part is negative where its recomputation widened the gap.
    """

    gap: float
    defeaters: float
    imprecision: float
    dependence: float
    silence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Amplification:
    """How a step hands the doubt of its premises on, nothing being known of their dependence.

    `critical` is λ_crit: the slope of the worst doubt of the conclusion in a doubt that all
    premises share, near no doubt (n for "all of n", 1 for "some of n", n/(n−k+1) for "k of n").
    `present` is that slope at the doubts the premises have now; 0 where the conclusion has lost
    all support already.
    """

    critical: float
    present: float
    doubt: float


def flips(graph: Graph, node: int, *, size: int = 3, limit: int = 200) -> Flips:
    """The smallest sets of events whose failure makes `node` false: minimal cut sets."""
    found = deciding_sets(graph, node, value=False, size=size, limit=10 * limit)
    sets = [Flip(literals=literals, doubt=_joint_doubt(graph, literals)) for literals in found.sets]
    sets.sort(key=lambda f: (len(f.literals), -f.doubt, f.literals))
    return Flips(sets=tuple(sets[:limit]), complete=found.complete and len(sets) <= limit)


def what_if(graph: Graph, changes: Mapping[int, Change]) -> Graph:
    """`graph` with events made true, made false or given another interval."""
    low, high = list(graph.low), list(graph.high)
    for event, change in changes.items():
        if not 0 <= event < len(graph) or graph.ops[event] != EVENT:
            raise ValueError(f"node {event} is no event")
        ends = (float(change),) * 2 if isinstance(change, bool) else change
        if not 0 <= ends[0] <= ends[1] <= 1:
            raise ValueError(f"[{ends[0]!r}, {ends[1]!r}] is no interval of probability")
        low[event], high[event] = ends
    return replace(graph, low=tuple(low), high=tuple(high))


def lift_to(
    graph: Graph,
    node: int,
    target: float,
    *,
    bound: Bound = unknown_bound,
    candidates: Collection[int] | None = None,
    evaluations: int = 2_000,
) -> Lift:
    """The smallest sets of events which, made certain, lift the bound on P(node) to `target`.

    "Certain" is true where the node rises in the event and false where it falls; an event that
    does both is tried either way. At most `evaluations` calls of `bound` are made.
    """
    search = _Lifting(graph, node, target, bound, evaluations)
    literals = search.literals(graph.events([node]) if candidates is None else candidates)
    reach = search.with_all(literals)
    if search.bound_with(()) >= target:
        return Lift(sets=((),), bounds=(search.bound_with(()),), reach=reach, smallest=True)
    if reach < target:
        return Lift(sets=(), bounds=(), reach=reach, smallest=True)
    sets, smallest = search.sets(literals)
    return Lift(
        sets=sets,
        bounds=tuple(search.bound_with(s) for s in sets),
        reach=reach,
        smallest=smallest,
    )


def believed(graph: Graph, query: Query, bound: Bound = unknown_bound) -> tuple[float, float]:
    """(Bel, Pl): the least P(φ and not ψ), and one less the least P(ψ and not φ)."""
    whole, node = claim_node(graph, query)
    low = bound(whole, node)
    if query.rebuttal is None:
        return low, 1.0
    whole, node = claim_node(graph, Query(support=query.rebuttal, rebuttal=query.support))
    return low, 1 - bound(whole, node)


def gap_split(
    graph: Graph,
    query: Query,
    *,
    defeaters: Collection[int] = (),
    bound: Bound = unknown_bound,
    seed: int = 0,
) -> GapSplit:
    """What Pl − Bel is made of; `defeaters` are the events of the open ones."""
    sides = [query.support] if query.rebuttal is None else [query.support, query.rebuttal]
    below = set(graph.events(sides))

    def gap(of: Graph) -> float:
        low, high = believed(of, query, bound)
        return high - low

    whole = gap(graph)
    quiet = what_if(graph, {d: False for d in defeaters if d in below})
    without = gap(quiet)
    middle = {e: (quiet.low[e] + quiet.high[e]) / 2 for e in below}
    sharp = what_if(quiet, {e: (p, p) for e, p in middle.items()})
    precise = gap(sharp)
    silence = _silence(sharp, query, seed)
    return GapSplit(
        gap=whole,
        defeaters=whole - without,
        imprecision=without - precise,
        dependence=precise - silence,
        silence=silence,
    )


def amplification(graph: Graph, node: int) -> Amplification:
    """λ_crit of the step at `node`, and its slope at the present doubts of its premises.

    The premises are taken as they stand: that two of them share an event is left out of account.
    """
    op, parts = graph.ops[node], graph.parts[node]
    if op in (EVENT, NOT):
        return Amplification(critical=1.0, present=1.0, doubt=1 - local(graph)[0][node])
    k = len(parts) if op == ALL else 1 if op == ANY else graph.k[node]
    lows = local(graph)[0]
    doubts = [1 - lows[p] for p in parts]
    worst = 1 - at_least_low(k, [1 - q for q in doubts])
    if k <= 0:
        return Amplification(critical=0.0, present=0.0, doubt=0.0)
    if k > len(parts):
        return Amplification(critical=math.inf, present=0.0, doubt=1.0)
    nudged = 1 - at_least_low(k, [max(0.0, 1 - q - _STEP) for q in doubts])
    return Amplification(
        critical=len(parts) / (len(parts) - k + 1),
        present=(nudged - worst) / _STEP,
        doubt=worst,
    )


def claim_amplification(graph: Graph, node: int, *, bound: Bound = unknown_bound) -> float:
    """The worst doubt of `node` for each unit of doubt that all its events share, near no doubt.

    Measured by `bound` where each event that supports the node is doubted by `2⁻²⁰`: with
    the packing of cut sets it is their greatest fractional packing; infinite if the node does
    not follow from its events.
    """
    signs = signs_of(graph, node)
    small = min(_STEP, 0.5 / max(1, len(signs)))
    ends: dict[int, Change] = {
        e: (1 - small if True in s else 0.0, small if False in s else 1.0)
        for e, s in signs.items()
        if len(s) == 1
    }
    ends |= {e: (0.0, 1.0) for e, s in signs.items() if len(s) == 2}
    doubt = 1 - bound(what_if(graph, ends), node)
    return math.inf if doubt > 0.75 else doubt / small


class _Lifting:
    def __init__(
        self, graph: Graph, node: int, target: float, bound: Bound, evaluations: int
    ) -> None:
        self.graph, self.node, self.target, self.bound = graph, node, target, bound
        self.left = evaluations
        self.known: dict[tuple[tuple[int, bool], ...], float] = {}

    def literals(self, candidates: Collection[int]) -> list[tuple[int, bool]]:
        """What can be made certain: first what a cheap proof rests on, the most doubted first."""
        signs = signs_of(self.graph, self.node)
        proof = cheap_proof(self.graph, self.node, lambda x: doubt_of(self.graph, x)) or ()
        found = [(e, v) for e in candidates for v in sorted(signs.get(e, ()))]
        ranked = sorted((x not in proof, -doubt_of(self.graph, x), x) for x in found)
        return [x for _, doubt, x in ranked if doubt < 0]

    def bound_with(self, literals: tuple[tuple[int, bool], ...]) -> float:
        if literals not in self.known:
            self.left -= 1
            changed = what_if(self.graph, dict(literals))
            self.known[literals] = self.bound(changed, self.node)
        return self.known[literals]

    def with_all(self, literals: Sequence[tuple[int, bool]]) -> float:
        """The bound with all of them certain; an event that acts both ways is taken as true."""
        return self.bound_with(tuple(sorted(dict(sorted(literals)).items())))

    def sets(
        self, literals: Sequence[tuple[int, bool]]
    ) -> tuple[tuple[tuple[tuple[int, bool], ...], ...], bool]:
        """All sets of the least size that reach the target; or the best that greed finds."""
        greedy = self.greedy(literals)
        for size in range(1, len(greedy)):
            found: list[tuple[tuple[int, bool], ...]] = []
            for chosen in itertools.combinations(literals, size):
                if self.left <= 0:
                    return (tuple(found) or (greedy,)), bool(found)
                if len({e for e, _ in chosen}) < size:
                    continue
                if self.bound_with(tuple(sorted(chosen))) >= self.target:
                    found.append(tuple(sorted(chosen)))
            if found:
                return tuple(found), True
        return (greedy,), True

    def greedy(self, literals: Sequence[tuple[int, bool]]) -> tuple[tuple[int, bool], ...]:
        """A set that reaches the target and from which no literal can be left out.

        The shortest beginning of the row that reaches the target, found by halving, is thinned
        out from its end. If evaluations run out, what is there then.
        """
        short, long = 0, len(literals)
        while long - short > 1 and self.left > 0:
            middle = (short + long) // 2
            if self.with_all(literals[:middle]) >= self.target:
                long = middle
            else:
                short = middle
        chosen: dict[int, bool] = dict(sorted(literals[:long]))
        for event, _ in reversed(literals[:long]):
            rest = {e: v for e, v in chosen.items() if e != event}
            if event in chosen and self.left > 0:
                reached = self.bound_with(tuple(sorted(rest.items()))) >= self.target
                chosen = rest if reached else chosen
        return tuple(sorted(chosen.items()))


def _joint_doubt(graph: Graph, literals: Sequence[tuple[int, bool]]) -> float:
    """The most that the literals can hold together."""
    return min((graph.high[e] if v else 1 - graph.low[e] for e, v in literals), default=1.0)


def _silence(graph: Graph, query: Query, seed: int) -> float:
    """P(neither or both of support and rebuttal) with independent events, at a point."""
    whole, node = claim_node(graph, query)
    supported = reference(whole, node, seed=seed).value
    if query.rebuttal is None:
        return 1 - supported
    whole, node = claim_node(graph, Query(support=query.rebuttal, rebuttal=query.support))
    return 1 - supported - reference(whole, node, seed=seed).value
