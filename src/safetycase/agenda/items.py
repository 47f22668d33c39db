"""Every open, contested or insufficient part of a case as an item somebody can work on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from safetycase.agenda.library import Entry, Kind, shipped
from safetycase.agenda.open import OpenItem, agenda
from safetycase.agenda.shots import standing
from safetycase.argument.graph import blockers, path_in, supporting, ways_down
from safetycase.argument.model import Assumption, Case, Defeater, Evidence, Problem, Prospects
from safetycase.assess.records import Assessment
from safetycase.ledger.fold import ShotRecord

__all__ = ["Item", "items_of"]

_MOST_ITEMS, _LARGEST_COST = 10**15, 1e300


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to work on.

    `what` is what it is in the case (problem, undeveloped claim, open assumption, undefeated
    doubt, planned evidence, evidence), `kind` what would solve it: a theorem or argument
    (`theory`), a benchmark that runs (`evaluation`), data (`dataset`), or a way of doing
    something (`method`); `kind_stated` whether the case or the library says so. `path` leads from
    the root, `blocks` are the parts it holds up, `tried` the attempts the case file tells of,
    `shots` those in the record. `command` runs the benchmark; `proxy` says what to run where there
    is none. `cost` is that of one shot in units of the budget, None if nobody stated it.
    """

    id: str
    what: str
    kind: Kind
    kind_stated: bool
    says: str
    closed_when: str
    blocks: tuple[str, ...]
    path: tuple[str, ...]
    carries: bool
    place: str
    status: str
    proxy: str | None = None
    command: str | None = None
    who: str | None = None
    cost: float | None = None
    prospects: Prospects | None = None
    tried: tuple[str, ...] = ()
    shots: tuple[ShotRecord, ...] = ()
    instance_of: str | None = None
    entry: Entry | None = None


def items_of(
    assessment: Assessment,
    shots: Iterable[ShotRecord] = (),
    library: Mapping[str, Entry] | None = None,
) -> tuple[Item, ...]:
    """The items of a case, in the order of `agenda.open`: nothing here ranks by value."""
    known = shipped() if library is None else library
    by_item: dict[str, list[ShotRecord]] = {}
    for shot in shots:
        by_item.setdefault(shot.item, []).append(shot)
    return tuple(
        _item(assessment, each, tuple(by_item.get(each.id, ())), known)
        for each in (*agenda(assessment), *_assumptions(assessment))
    )


def _assumptions(assessment: Assessment) -> Iterable[OpenItem]:
    """Assumptions that give no support now and that no problem speaks for."""
    case = assessment.case
    blocked, carrying = blockers(case), set(supporting(case, [case.root]))
    ways = ways_down(case)
    for name, element in case.elements.items():
        state = assessment.states.get(name)
        if isinstance(element, Assumption) and state and state.truth != "true":
            if name in blocked:
                continue
            path = path_in(ways, name)
            yield OpenItem(
                id=name,
                kind="open assumption",
                says=element.says,
                closed_when="somebody answers for it until a date ahead, or an argument shows it",
                blocks=path[-2:-1],
                path=path,
                carries=name in carrying,
            )


def _item(
    assessment: Assessment,
    part: OpenItem,
    shots: tuple[ShotRecord, ...],
    library: Mapping[str, Entry],
) -> Item:
    case = assessment.case
    element = case.elements.get(part.id)
    problem = element if isinstance(element, Problem) else None
    entry = library.get(problem.instance_of or "") if problem else None
    stated = (problem.kind if problem else None) or (entry.kind if entry else None)
    prospects = problem.prospects if problem else None
    return Item(
        id=part.id,
        what=part.kind,
        kind=stated or _kind(case, part),
        kind_stated=stated is not None,
        says=part.says,
        closed_when=part.closed_when,
        blocks=part.blocks,
        path=part.path,
        carries=part.carries,
        place=str(case.span(part.id if element else part.id.partition(".")[0])),
        status=standing(shots),
        proxy=part.proxy or (entry.proxy if entry else None),
        command=_command(case, part),
        who=problem.who if problem else None,
        cost=prospects.cost if prospects else _cost(element),
        prospects=prospects,
        tried=part.shots,
        shots=shots,
        instance_of=problem.instance_of if problem else None,
        entry=entry,
    )


def _kind(case: Case, part: OpenItem) -> Kind:
    """What would solve an item where nobody says: by what it is, or by what it blocks."""
    own = case.elements.get(part.id)
    if isinstance(own, Evidence):
        return "theory" if own.type == "theorem" else "evaluation"
    names = part.blocks if part.kind == "problem" else (part.id,)
    elements = [case.elements.get(name) for name in names]
    if any(isinstance(element, Evidence) for element in elements):
        return "method"
    doubts = [element for element in elements if isinstance(element, Defeater)]
    if any(isinstance(case.elements.get(doubt.against), Evidence) for doubt in doubts):
        return "evaluation"
    return "theory"


def _command(case: Case, part: OpenItem) -> str | None:
    """The command that runs the benchmark of an item, if something executes it."""
    for name in (part.id, *(part.blocks if part.kind == "problem" else ())):
        element = case.elements.get(name)
        if isinstance(element, Evidence) and element.method is not None:
            return f"safetycase run --only {name}"
    return None


def _cost(element: object) -> float | None:
    """What one run of a leaf costs, where its plan says: what is spent once and per item.

    None also for what is no cost: a negative one (`C107`), or one too large to be added up.
    """
    plan = element.plan if isinstance(element, Evidence) else None
    if plan is None or (plan.cost_per_item is None and plan.cost_fixed is None):
        return None
    items = float(min(plan.n or 0, _MOST_ITEMS))  # a whole number may be too large for a float
    cost = (plan.cost_fixed or 0.0) + items * (plan.cost_per_item or 0.0)
    return cost if 0 <= cost <= _LARGEST_COST else None
