"""Schemes for combining confidence that the literature has criticised, as short references.

They are peers to compare with and no part of the product. A scheme over a graph takes the chance
(or the opinion) of every event and gives the number it would put on a node; the others combine a
few numbers, because the scheme is no more than that. Sources stand with each.

The critique: Graydon & Holloway 2017, Safety Science 92:53 (NASA/TM-2016-219195); Zadeh 1984, AI
Magazine 5(3):81, on Dempster's rule; Ferson et al. 2004, SAND2004-3072, on assumed independence.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Graph

T = TypeVar("T")
Mass = Mapping[frozenset[str], float]


def at_least_k(k: int, chances: Sequence[float]) -> float:
    """P(at least k of independent events): the Poisson-binomial tail by convolution."""
    law = [1.0]
    for p in chances:
        law = [
            (law[i] * (1 - p) if i < len(law) else 0.0) + (law[i - 1] * p if i else 0.0)
            for i in range(len(law) + 1)
        ]
    return math.fsum(law[max(k, 0) :])


# Schemes over a graph


def product(graph: Graph, node: int, chances: Mapping[int, float]) -> float:
    """Multiply at every node, as if its parts were independent.

    The spreadsheet's rule; noisy-AND and noisy-OR without leak (Pearl 1988, ch. 4); the rule of
    a diverse block in Bloomfield & Rushby 2026, arXiv:2604.00034.
    """

    def rule(op: int, k: int, parts: Sequence[float]) -> float:
        if op == ALL:
            return math.prod(parts)
        return 1 - math.prod(1 - p for p in parts) if op == ANY else at_least_k(k, parts)

    return _walk(graph, node, chances, rule, lambda p: 1 - p)


def weakest_link(graph: Graph, node: int, chances: Mapping[int, float]) -> float:
    """Min of premises, max of alternatives, k-th best else (Zadeh 1965, Inf. Control 8:338)."""

    def rule(op: int, k: int, parts: Sequence[float]) -> float:
        wanted = {ALL: len(parts), ANY: 1}.get(op, k)
        if wanted <= 0:
            return 1.0
        return sorted(parts, reverse=True)[wanted - 1] if wanted <= len(parts) else 0.0

    return _walk(graph, node, chances, rule, lambda p: 1 - p)


def averaging(graph: Graph, node: int, chances: Mapping[int, float]) -> float:
    """The mean of the parts at every node: a checklist with equal weights."""

    def rule(op: int, _k: int, parts: Sequence[float]) -> float:
        return math.fsum(parts) / len(parts) if parts else float(op == ALL)

    return _walk(graph, node, chances, rule, lambda p: 1 - p)


def sum_of_doubts(graph: Graph, node: int, chances: Mapping[int, float]) -> float:
    """Doubts add at every `all` and the best leg counts at every `any`: Fréchet, node by node.

    Sound (Fréchet 1935, Fund. Math. 25:379), but a shared event is charged once per path. Only
    for graphs without negation and k of n.
    """

    def rule(op: int, _k: int, parts: Sequence[float]) -> float:
        if op not in (ALL, ANY):
            raise ValueError("no rule for k of n")
        return max(parts, default=0.0) if op == ANY else max(0.0, 1 - sum(1 - p for p in parts))

    def refuse(_: float) -> float:
        raise ValueError("no rule for a negation")

    return _walk(graph, node, chances, rule, refuse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """Belief, disbelief and uncertainty, which add up to 1, and a base rate."""

    b: float
    d: float
    u: float
    a: float = 0.5

    @property
    def expected(self) -> float:
        """The projected probability b + a u."""
        return self.b + self.a * self.u

    def __invert__(self) -> Opinion:
        return Opinion(b=self.d, d=self.b, u=self.u, a=1 - self.a)


def opinion(low: float, high: float) -> Opinion:
    """The opinion whose belief and plausibility are `low` and `high`."""
    return Opinion(b=low, d=1 - high, u=high - low)


def sl_and(x: Opinion, y: Opinion) -> Opinion:
    """Binomial multiplication (Jøsang 2016, Subjective Logic, ch. 7)."""
    rest = 1 - x.a * y.a
    return Opinion(
        b=x.b * y.b + ((1 - x.a) * y.a * x.b * y.u + x.a * (1 - y.a) * x.u * y.b) / rest,
        d=x.d + y.d - x.d * y.d,
        u=x.u * y.u + ((1 - y.a) * x.b * y.u + (1 - x.a) * x.u * y.b) / rest,
        a=x.a * y.a,
    )


def sl_or(x: Opinion, y: Opinion) -> Opinion:
    """Binomial comultiplication, the dual of multiplication (Jøsang 2016, ch. 7)."""
    return ~sl_and(~x, ~y)


def sl_discount(trust: Opinion, x: Opinion) -> Opinion:
    """What a source of the given trust makes of `x` (Jøsang 2016, ch. 14)."""
    p = trust.expected
    return Opinion(b=p * x.b, d=p * x.d, u=1 - p * (x.b + x.d), a=x.a)


def sl_cumulative(x: Opinion, y: Opinion) -> Opinion:
    """Cumulative fusion of two opinions with some uncertainty (Jøsang 2016, ch. 12)."""
    k = x.u + y.u - x.u * y.u
    return Opinion(
        b=(x.b * y.u + y.b * x.u) / k, d=(x.d * y.u + y.d * x.u) / k, u=x.u * y.u / k, a=x.a
    )


def sl_averaging(x: Opinion, y: Opinion) -> Opinion:
    """Averaging fusion of two opinions with some uncertainty (Jøsang 2016, ch. 12)."""
    k = x.u + y.u
    return Opinion(
        b=(x.b * y.u + y.b * x.u) / k, d=(x.d * y.u + y.d * x.u) / k, u=2 * x.u * y.u / k, a=x.a
    )


_SURE, _NEVER = Opinion(b=1.0, d=0.0, u=0.0), Opinion(b=0.0, d=1.0, u=0.0)


def subjective_logic(graph: Graph, node: int, opinions: Mapping[int, Opinion]) -> Opinion:
    """Multiply at `all`, comultiply at `any` (Herd et al. 2026, arXiv:2605.22213, for cases)."""

    def rule(op: int, k: int, parts: Sequence[Opinion]) -> Opinion:
        if op in (ALL, ANY):
            k = len(parts) if op == ALL else 1
        if k <= 0:
            return _SURE
        if k > len(parts):
            return _NEVER
        with_first = sl_and(parts[0], rule(-1, k - 1, parts[1:])) if k > 1 else parts[0]
        return with_first if k == len(parts) else sl_or(with_first, rule(-1, k, parts[1:]))

    return _walk(graph, node, opinions, rule, lambda x: ~x)


def dempster_shafer(graph: Graph, node: int, opinions: Mapping[int, Opinion]) -> Opinion:
    """Necessary premises multiply belief, alternative ones are pooled by Dempster's rule.

    The argument types of Cyra & Górski 2011, Rel. Eng. Syst. Safety 96:26. Legs in total
    conflict, where the rule is not defined, count as believed to neither side.
    """

    def rule(op: int, k: int, parts: Sequence[Opinion]) -> Opinion:
        if op == ANY and parts:
            return reduce(dempster, parts)
        k = {ALL: len(parts), ANY: 1}.get(op, k)
        belief = at_least_k(k, [x.b for x in parts])
        return opinion(belief, max(belief, at_least_k(k, [1 - x.d for x in parts])))

    return _walk(graph, node, opinions, rule, lambda x: ~x)


def dempster(x: Opinion, y: Opinion) -> Opinion:
    """Dempster's rule on the frame {true, false}."""
    conflict = x.b * y.d + x.d * y.b
    if conflict >= 1:
        return Opinion(b=0.0, d=0.0, u=1.0)
    k = 1 / (1 - conflict)
    u = k * x.u * y.u
    b = k * (x.b * y.b + x.b * y.u + x.u * y.b)
    return Opinion(b=b, d=max(0.0, 1 - b - u), u=u, a=x.a)


def _walk(
    graph: Graph,
    node: int,
    events: Mapping[int, T],
    rule: Callable[[int, int, Sequence[T]], T],
    negate: Callable[[T], T],
) -> T:
    value: dict[int, T] = {}
    for i in graph.below([node]):
        parts = [value[p] for p in graph.parts[i]]
        if graph.ops[i] == EVENT:
            value[i] = events[i]
        else:
            value[i] = (
                negate(parts[0]) if graph.ops[i] == NOT else rule(graph.ops[i], graph.k[i], parts)
            )
    return value[node]


# Schemes over a few numbers


def dempster_on_sets(x: Mass, y: Mass) -> dict[frozenset[str], float]:
    """Dempster's rule on any finite frame (Shafer 1976, ch. 3); conflict is divided away."""
    found: dict[frozenset[str], float] = {}
    for (a, p), (b, q) in itertools.product(x.items(), y.items()):
        if both := a & b:
            found[both] = found.get(both, 0.0) + p * q
    whole = math.fsum(found.values())
    return {s: m / whole for s, m in found.items()}


def evidential_reasoning(beliefs: Sequence[float], weights: Sequence[float]) -> float:
    """The belief in "yes" of the evidential reasoning rule on the grades yes and no.

    Yang & Xu 2002, IEEE Trans. SMC-A 32(3):289, as used on safety cases by Nair, Walkinshaw &
    Kelly 2014, SAFECOMP Workshops. Weights are scaled to add up to 1.
    """
    scale = math.fsum(weights)
    yes, no, rest = 0.0, 0.0, 1.0  # assigned to each grade, and not yet assigned
    for belief, weight in zip(beliefs, weights, strict=True):
        w = weight / scale
        y, n, r = w * belief, w * (1 - belief), 1 - w
        k = 1 / (1 - yes * n - no * y)
        yes, no, rest = (
            k * (yes * y + yes * r + rest * y),
            k * (no * n + no * r + rest * n),
            k * rest * r,
        )
    return yes / (1 - rest)


def baconian(eliminated: int, doubts: int) -> float:
    """The share of the listed doubts that are eliminated (Weinstock, Goodenough & Klein 2013)."""
    return eliminated / doubts


def product_of(values: Sequence[float]) -> float:
    """The product of a list of confidences."""
    return math.prod(values)


def weakest_of(values: Sequence[float]) -> float:
    """The least of a list of confidences."""
    return min(values)


def noisy_or(chances: Sequence[float], *, leak: float = 0.0) -> float:
    """A cause is enough unless inhibited, each independently (Pearl 1988, ch. 4)."""
    return 1 - (1 - leak) * math.prod(1 - p for p in chances)


def uniform_prior(passes: int, trials: int) -> float:
    """The mean of a Beta(1, 1) prior after the trials: Laplace's rule of succession."""
    return (passes + 1) / (trials + 2)


def restricted_primal(cuts: Sequence[frozenset[int]], doubts: Mapping[int, float]) -> float:
    """The optimum of the packing over *some* of its cut sets: what a solver that is stopped early
    holds in its hands. Less than the worst doubt, so reading it as a bound is unsound."""
    from scipy.optimize import linprog

    rows = [[float(i in cut) for cut in cuts] for i in doubts] + [[1.0] * len(cuts)]
    found = linprog([-1.0] * len(cuts), A_ub=rows, b_ub=[*doubts.values(), 1.0])
    return float(-found.fun)
