"""What shots at open problems could do: the stated prospects, and the graph they act on.

A problem is an event of a graph. Shots at it follow one *approach*: the approach can work at all
with chance r, and each shot then succeeds with chance s, independently of the others. Approaches
of one *family* share r: they all can work, or none can.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from safetycase.agenda.simplify import simplify
from safetycase.confidence.bounds import Bounds
from safetycase.confidence.graph import ALL, AT_LEAST, EVENT, NOT, Builder, Graph

__all__ = ["Grid", "Model", "Shots", "grid", "model"]


_MOST_UNITS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shots:
    """Shots that can be bought at the event `event` (a node of the graph) by one approach.

    P(m shots) = p₀ + (1 − p₀)·r·(1 − (1 − s)^m) with p₀ = `already`, the chance that the problem
    is solved without any; r in `solvable`; s in `each_shot`. `cost` is the cost of one shot, in
    the unit of the budget. Several entries for one event are different ways to solve it; they
    state the same `already`. Entries of one `family` state the same `solvable`.
    """

    id: str
    event: int
    solvable: Bounds
    each_shot: Bounds
    cost: float
    already: float = 0.0
    family: str | None = None

    def __post_init__(self) -> None:
        for name, interval in (("solvable", self.solvable), ("each_shot", self.each_shot)):
            if not 0 <= interval.low <= interval.high <= 1:
                raise ValueError(f"`{self.id}`: `{name}` is no interval of chance: {interval}")
        if not 0 <= self.already <= 1:
            raise ValueError(f"`{self.id}`: already {self.already!r} is no chance")
        if not (self.cost > 0 and math.isfinite(self.cost)):
            raise ValueError(f"`{self.id}`: a shot costs {self.cost!r}; it must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The graph with each problem taken apart into what money moves and what it does not.

    `bets[node]` is the shots that make the event `node` hold, with `already` and `solvable` as
    they act there; `low` and `high` are the chances of the other events, oriented so that `low`
    is the bad end for the root.
    """

    graph: Graph
    root: int
    bets: dict[int, Shots]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The budget in whole units of `step`; `ratios[i]` is a unit over the i-th cost.

    `exact` if every cost that can be paid is a whole number of units: then nothing is lost by
    counting in them.
    """

    step: Fraction
    units: int
    ratios: tuple[Fraction, ...]
    budget: Fraction
    exact: bool

    def bought(self, index: int, units: int) -> int:
        """How many shots `units` pay for."""
        return math.floor(units * self.ratios[index])

    def bought_by_each(self, index: int) -> list[int]:
        """How many shots each number of units pays for."""
        over, under = self.ratios[index].as_integer_ratio()
        return [b * over // under for b in range(self.units + 1)]

    def at_most_by_each(self, index: int) -> list[int]:
        """The most shots that cost less than one unit more than each number of units.

        An allocation of shots within the budget, each cost rounded down to units, is one of
        units within the budget: with these it has all its shots.
        """
        over, under = self.ratios[index].as_integer_ratio()
        most = math.floor(self.budget / self.step * self.ratios[index])
        return [min(most, ((b + 1) * over - 1) // under) for b in range(self.units + 1)]


def grid(costs: Sequence[float], budget: float, most_units: int) -> Grid:
    """The coarsest grid on which all `costs` are whole; `budget`/`most_units` if it is too fine.

    `ValueError` for a budget that is negative, infinite or nan, and for more than 20 000 units.
    """
    if not (budget >= 0 and math.isfinite(budget)):
        raise ValueError(f"a budget of {budget!r} is no amount")
    if not 1 <= most_units <= _MOST_UNITS:
        raise ValueError(f"a grid of {most_units} units; 1 to {_MOST_UNITS} are possible")
    whole, exact = Fraction(repr(float(budget))), [Fraction(repr(float(c))) for c in costs]
    affordable = [c for c in exact if c <= whole]
    common = math.lcm(1, *(c.denominator for c in affordable))
    step = Fraction(math.gcd(*(int(c * common) for c in affordable)), common) or whole
    is_exact = whole <= step * most_units
    if not is_exact:
        step = whole / most_units
    step = step or Fraction(1)
    return Grid(
        step=step,
        units=math.floor(whole / step),
        ratios=tuple(step / c for c in exact),
        budget=whole,
        exact=is_exact,
    )


def model(graph: Graph, root: int, shots: Sequence[Shots]) -> Model:
    """Put `shots` into the graph below `root`.

    `ValueError` if they contradict each other, name no event, or act under a negation, where
    solving a problem would do harm.
    """
    _check(graph, shots)
    sides = _sides(graph, root)
    by_event: dict[int, list[Shots]] = {}
    for bet in shots:
        by_event.setdefault(bet.event, []).append(bet)
    sharing = _families_at_large(shots)
    build = _Building(graph, sharing)
    new: dict[int, int] = {}
    for node in graph.below([root]):
        if node in by_event:
            if sides[node] != 1:
                raise ValueError(f"`{graph.names[node]}` is funded but stands under a negation")
            new[node] = build.problem(node, by_event[node])
        elif graph.ops[node] == EVENT:
            new[node] = build.fixed(node, sides[node])
        else:
            new[node] = build.gate(node, [new[p] for p in graph.parts[node]])
    return build.finish(new[root])


class _Building:
    """A graph in the making, with what its events are."""

    def __init__(self, graph: Graph, sharing: frozenset[str]) -> None:
        self.old = graph
        self.new = Builder()
        self.sharing = sharing
        self.families: dict[str, int] = {}
        self.bets: dict[int, Shots] = {}
        self.ends: dict[int, tuple[float, float]] = {}

    def fixed(self, node: int, side: int) -> int:
        low, high = self.old.low[node], self.old.high[node]
        if side == 0 and low < high:
            raise ValueError(
                f"`{self.old.names[node]}` stands on both sides of a negation and has an "
                "interval: give it one number"
            )
        return self._event(f"e{node}", *((low, high) if side >= 0 else (high, low)))

    def gate(self, node: int, parts: list[int]) -> int:
        op, name = self.old.ops[node], f"g{node}"
        if op == NOT:
            return self.new.negate(parts[0], name)
        if op == AT_LEAST and 1 < self.old.k[node] < len(parts):
            return self.new.at_least(self.old.k[node], parts, name)
        if op == AT_LEAST and self.old.k[node] <= 0:
            return self.new.all([], name)
        if op == AT_LEAST and self.old.k[node] > len(parts):
            return self.new.any([], name)
        every = op == ALL or (op == AT_LEAST and self.old.k[node] == len(parts))
        return self.new.all(parts, name) if every else self.new.any(parts, name)

    def problem(self, node: int, bets: list[Shots]) -> int:
        """An event that several approaches can make hold; `already` acts once."""
        ways: list[int] = []
        already = bets[0].already
        grouped: dict[str | None, list[Shots]] = {}
        for bet in bets:
            grouped.setdefault(bet.family if bet.family in self.sharing else None, []).append(bet)
        for bet in grouped.pop(None, []):
            ways.append(self._bet(bet, already, bet.solvable))
            already = 0.0
        for family, members in grouped.items():
            certain = Bounds(low=1.0, high=1.0)
            hits = [self._bet(bet, 0.0, certain) for bet in members]
            hit = hits[0] if len(hits) == 1 else self.new.any(hits, f"h{node}.{family}")
            viable = self._family(str(family), members[0].solvable)
            ways.append(self.new.all([viable, hit], f"w{node}.{family}"))
        if already:
            ways.append(self._event(f"a{node}", already, already))
        return ways[0] if len(ways) == 1 else self.new.any(ways, f"p{node}")

    def finish(self, root: int) -> Model:
        known = {n: low == 1 for n, (low, high) in self.ends.items() if low == high in (0, 1)}
        graph, top, places = simplify(self.new.freeze(), root, known)
        ends = {places[n]: pair for n, pair in self.ends.items() if n in places}
        return Model(
            graph=graph,
            root=top,
            bets={places[n]: bet for n, bet in self.bets.items() if n in places},
            low=tuple(ends.get(i, (0.0, 0.0))[0] for i in range(len(graph))),
            high=tuple(ends.get(i, (0.0, 0.0))[1] for i in range(len(graph))),
        )

    def _event(self, name: str, low: float, high: float) -> int:
        node = self.new.event(name)
        self.ends[node] = (low, high)
        return node

    def _bet(self, bet: Shots, already: float, solvable: Bounds) -> int:
        node = self.new.event(f"b{len(self.bets)}")
        self.bets[node] = Shots(
            id=bet.id,
            event=bet.event,
            solvable=solvable,
            each_shot=bet.each_shot,
            cost=bet.cost,
            already=already,
            family=bet.family,
        )
        return node

    def _family(self, family: str, solvable: Bounds) -> int:
        if family not in self.families:
            name = f"f{len(self.families)}"
            self.families[family] = self._event(name, solvable.low, solvable.high)
        return self.families[family]


def _check(graph: Graph, shots: Sequence[Shots]) -> None:
    """Refuse what contradicts itself."""
    ids = Counter(bet.id for bet in shots)
    families: dict[str, Shots] = {}
    events: dict[int, Shots] = {}
    for bet in shots:
        if ids[bet.id] > 1:
            raise ValueError(f"two entries are named `{bet.id}`")
        if not 0 <= bet.event < len(graph) or graph.ops[bet.event] != EVENT:
            raise ValueError(f"`{bet.id}` is for node {bet.event}, which is no event")
        first = events.setdefault(bet.event, bet)
        if first.already != bet.already:
            raise ValueError(f"`{first.id}` and `{bet.id}` differ in `already` of one event")
        if bet.family is not None:
            kin = families.setdefault(bet.family, bet)
            if kin.solvable != bet.solvable:
                raise ValueError(f"`{kin.id}` and `{bet.id}` of one family differ in `solvable`")


def _families_at_large(shots: Sequence[Shots]) -> frozenset[str]:
    """The families with more than one entry: the others are a matter of that entry alone."""
    counts = Counter(bet.family for bet in shots if bet.family is not None)
    return frozenset(family for family, count in counts.items() if count > 1)


def _sides(graph: Graph, root: int) -> dict[int, int]:
    """1 for a node that helps the root when it holds, −1 if it hurts, 0 if it may do either."""
    found = {root: {1}}
    for node in reversed(graph.below([root])):
        turn = -1 if graph.ops[node] == NOT else 1
        for part in graph.parts[node]:
            found.setdefault(part, set()).update(turn * side for side in found[node])
    return {node: side.pop() if len(side) == 1 else 0 for node, side in found.items()}
