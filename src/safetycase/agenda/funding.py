"""A budget split over parallel shots at the items of a case, and which numbers nobody stated.

The value of a split is the probability that every item the headline needs is solved, under the
stated prospects: `portfolio` computes it, exactly where the case is a tree. What is not funded
here (leaves to run, doubts to settle) is taken as done, unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from safetycase.agenda.items import Item
from safetycase.agenda.opengraph import OpenGraph
from safetycase.agenda.order import Experiment, order
from safetycase.agenda.planning import Planned, planned
from safetycase.agenda.portfolio import Allocation, Frontier, Shots, frontier
from safetycase.agenda.shots import left
from safetycase.argument.model import Chance
from safetycase.confidence.bounds import Bounds

__all__ = [
    "BUILT_IN",
    "CannotFund",
    "Funded",
    "Funding",
    "Outlook",
    "Point",
    "Sequenced",
    "Taken",
    "chance_of",
    "fund",
    "outlooks",
]

POINTS = 60
"""At most so many points of the frontier carry their upper end, which is computed one by one."""


class CannotFund(Exception):
    """A split cannot be computed; the message says why and what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What is taken for an item that nobody judged; `said` names where the numbers come from."""

    solvable: Chance
    each_shot: Chance
    cost: float
    said: str


BUILT_IN = Taken(
    solvable=Chance(at_least=0.1, at_most=0.9),
    each_shot=Chance(at_least=0.02, at_most=0.5),
    cost=1.0,
    said="built in, wide on purpose",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The chances an item is reckoned with.

    `solvable` is what its failed shots leave of `stated` (`failures` counts those of its family
    with what they were shots at). `owner` answers for the numbers, None where nobody stated them.
    """

    item: str
    stated: Chance
    solvable: Chance
    each_shot: Chance
    cost: float
    already: float = 0.0
    family: str | None = None
    failures: int = 0
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Funded:
    """The shots an item gets, what they cost, and the chance that they solve it."""

    item: str
    shots: int
    spent: float
    chance: Chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """With `budget` the value lies in `value` over the stated intervals; nothing beats `bound`."""

    budget: float
    value: Chance
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """One split of a budget.

    `value` is its worth at the lower and upper ends of all stated intervals, `without` that of
    spending nothing, and no split exceeds `bound` at the lower ends (`exact`: by construction).
    `alike` are the items reckoned with `taken` because nobody judged them, `done` those taken as
    done, `apart` those on which the headline does not depend. `assumed` names parts of the case
    that nobody assessed and that are taken to hold.
    """

    budget: float
    unit: float
    spent: float
    value: Chance
    without: Chance
    bound: float
    exact: bool
    funded: tuple[Funded, ...]
    frontier: tuple[Point, ...]
    outlooks: Mapping[str, Outlook]
    taken: Taken
    alike: tuple[str, ...]
    done: tuple[str, ...]
    apart: tuple[str, ...]
    assumed: tuple[str, ...]
    notes: tuple[str, ...]
    order: Sequenced


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequenced:
    """The funded items in the order of trying, as long as the headline is not decided.

    `expected_cost` counts one shot at each; `why` names the rule, or says why there is no order.
    """

    items: tuple[str, ...]
    expected_cost: float
    optimal: bool
    why: str


def outlooks(items: Sequence[Item], taken: Taken = BUILT_IN) -> Mapping[str, Outlook]:
    """The chances of each item, after the shots that failed.

    A failed shot counts against the family of its item, unless it names another one: that says
    nothing of this family. What members of one family state of `solvable` is widened to the
    whole of it, since they can all be solved that way or none of them.
    """
    kin: dict[str, list[Item]] = {}
    for item in items:
        kin.setdefault(_family(item), []).append(item)
    found: dict[str, Outlook] = {}
    for family, members in kin.items():
        stated = [m.prospects.solvable if m.prospects else taken.solvable for m in members]
        whole = Chance(
            at_least=min(c.at_least for c in stated), at_most=max(c.at_most for c in stated)
        )
        failed = [(_each(m, taken), _failures(m)) for m in members]
        rest = left(whole, failed)
        for member in members:
            prospects = member.prospects
            found[member.id] = Outlook(
                item=member.id,
                stated=whole,
                solvable=rest,
                each_shot=_each(member, taken),
                cost=taken.cost if member.cost is None else member.cost,
                already=prospects.already if prospects else 0.0,
                family=family if len(members) > 1 else None,
                failures=sum(count for _, count in failed),
                owner=prospects.owner if prospects else None,
            )
    return found


def chance_of(outlook: Outlook) -> float:
    """The chance of an item in the point model: the middle of its interval, after its shots."""
    middle = (outlook.solvable.at_least + outlook.solvable.at_most) / 2
    return outlook.already + (1 - outlook.already) * middle


def fund(
    items: Sequence[Item],
    given: OpenGraph,
    budget: float,
    *,
    taken: Taken = BUILT_IN,
    everything: bool = False,
) -> Funding:
    """Split `budget` over shots at the problems of a case (at every item, with `everything`).

    Raises `CannotFund` if the numbers do not allow it.
    """
    wanted = [i for i in items if (everything or i.what == "problem") and i.id in given.events]
    done = [i.id for i in items if i.id in given.events and i not in wanted]
    plan = planned(given, done)
    wanted = [i for i in wanted if i.id in plan.events]
    found = outlooks(wanted, taken)
    line, best, nothing = _solved(plan, found, budget)
    return Funding(
        budget=budget,
        unit=line.unit,
        spent=best.spent,
        value=_chance(best.value),
        without=_chance(nothing.value),
        bound=best.bound,
        exact=line.exact,
        funded=tuple(
            _funded(found[name], shots)
            for name, shots in sorted(best.shots, key=lambda s: -s[1] * found[s[0]].cost)
        ),
        frontier=_points(line),
        outlooks=found,
        taken=taken,
        alike=tuple(i.id for i in wanted if i.prospects is None),
        done=tuple(done),
        apart=tuple(
            i.id for i in items if (everything or i.what == "problem") and i.id not in plan.events
        ),
        assumed=plan.taken,
        notes=_notes(line, plan, wanted),
        order=_sequence(plan, found, [name for name, _ in best.shots]),
    )


def _sequence(plan: Planned, found: Mapping[str, Outlook], funded: Sequence[str]) -> Sequenced:
    """By the ratio rule, an item failing if it cannot be solved; the unfunded are not solved."""
    names = {plan.events[name]: name for name in funded}
    hopeless = set(plan.events.values()) - names.keys()
    graph = replace(
        plan.graph, high=tuple(0.0 if n in hopeless else h for n, h in enumerate(plan.graph.high))
    )
    tests = {
        event: Experiment(probability=chance_of(found[name]), cost=found[name].cost)
        for event, name in names.items()
    }
    try:
        best = order(graph, plan.root, tests)
    except ValueError as error:
        return Sequenced(items=(), expected_cost=0.0, optimal=False, why=str(error))
    return Sequenced(
        items=tuple(names[event] for event in best.events),
        expected_cost=best.expected_cost,
        optimal=best.optimal,
        why=best.why,
    )


def _solved(
    plan: Planned, found: Mapping[str, Outlook], budget: float
) -> tuple[Frontier, Allocation, Allocation]:
    free = next((o.item for o in found.values() if not o.cost > 0), None)
    if free is not None:
        raise CannotFund(f"a shot at `{free}` costs nothing; a split needs a cost above 0")
    shots = [
        Shots(
            id=o.item,
            event=plan.events[o.item],
            solvable=_bounds(o.solvable),
            each_shot=_bounds(o.each_shot),
            cost=o.cost,
            already=o.already,
            family=o.family,
        )
        for o in found.values()
    ]
    try:
        line = frontier(plan.graph, plan.root, shots, budget)
        return line, line.allocation(), line.allocation(0)
    except ValueError as error:
        raise CannotFund(str(error)) from error


def _points(line: Frontier) -> tuple[Point, ...]:
    last = len(line.value) - 1
    chosen = sorted({round(last * k / POINTS) for k in range(POINTS + 1)})
    points = []
    high = 0.0
    for units in chosen:
        value = line.allocation(units).value
        high = max(high, value.high)
        points.append(
            Point(
                budget=line.budget(units),
                value=Chance(at_least=line.value[units], at_most=max(high, line.value[units])),
                bound=line.bound[units],
            )
        )
    return tuple(points)


def _funded(outlook: Outlook, shots: int) -> Funded:
    return Funded(
        item=outlook.item,
        shots=shots,
        spent=shots * outlook.cost,
        chance=Chance(
            at_least=_hit(outlook, outlook.solvable.at_least, outlook.each_shot.at_least, shots),
            at_most=_hit(outlook, outlook.solvable.at_most, outlook.each_shot.at_most, shots),
        ),
    )


def _hit(outlook: Outlook, solvable: float, each_shot: float, shots: int) -> float:
    return outlook.already + (1 - outlook.already) * solvable * (1 - (1 - each_shot) ** shots)


def _notes(line: Frontier, plan: Planned, wanted: Sequence[Item]) -> tuple[str, ...]:
    notes = []
    if not line.whole_costs:
        notes.append(f"costs are rounded up to whole steps of {line.unit:g}")
    running = sum(s.outcome is None for i in wanted for s in i.shots)
    if running:
        notes.append(f"{running} shots are running; what they may bring is not counted")
    partial = sum(s.outcome == "partial" for i in wanted for s in i.shots)
    if partial:
        notes.append(f"{partial} shots solved a part; that moves no number")
    claimed = [i.id for i in wanted if any(s.outcome == "solved" for s in i.shots)]
    if claimed:
        notes.append(
            f"claimed solved and not yet in the case, so still reckoned as open: "
            f"{', '.join(claimed)}"
        )
    mixed = sorted({_family(i) for i in wanted if _differ(i, wanted)})
    if mixed:
        notes.append(
            f"stated differently within one family, so taken at its widest: {', '.join(mixed)}"
        )
    if plan.twice:
        notes.append(f"parts that help and hurt are taken as independent: {', '.join(plan.twice)}")
    return tuple(notes)


def _differ(item: Item, items: Sequence[Item]) -> bool:
    chance = item.prospects.solvable if item.prospects else None
    return any(
        _family(other) == _family(item)
        and other.prospects is not None
        and other.prospects.solvable != chance
        for other in items
        if other is not item
    )


def _family(item: Item) -> str:
    """The family of an item's stated prospects; without one the item is a family by itself."""
    named = item.prospects.family if item.prospects else None
    return f"family {named}" if named else f"item {item.id}"


def _failures(item: Item) -> int:
    """The failed shots at an item that count against its family."""
    named = item.prospects.family if item.prospects else None
    return sum(
        shot.outcome == "failed" and (shot.family is None or named is None or shot.family == named)
        for shot in item.shots
    )


def _each(item: Item, taken: Taken) -> Chance:
    return item.prospects.each_shot if item.prospects else taken.each_shot


def _bounds(chance: Chance) -> Bounds:
    return Bounds(low=chance.at_least, high=chance.at_most)


def _chance(bounds: Bounds) -> Chance:
    return Chance(at_least=bounds.low, at_most=bounds.high)
