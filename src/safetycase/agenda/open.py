"""The open parts of a case as work: what blocks the root, and how one would know it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from safetycase.argument.graph import blockers, path_in, supporting, ways_down
from safetycase.argument.model import Claim, Defeater, Evidence, Problem
from safetycase.assess.records import Assessment, State

__all__ = ["OpenItem", "agenda"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """One thing to work on. `blocks` are the claims it holds up; `path` leads from the root."""

    id: str
    kind: str
    says: str
    closed_when: str
    blocks: tuple[str, ...]
    path: tuple[str, ...]
    proxy: str | None = None
    shots: tuple[str, ...] = ()
    carries: bool = True


def agenda(assessment: Assessment) -> tuple[OpenItem, ...]:
    """The open leaves: stated problems first, then undeveloped claims, doubts, and evidence.

    Within each kind, what carries the root comes before what is only shown in support, then
    what blocks more, then file order. (A ranking by value needs confidence bounds.)
    """
    case = assessment.case
    carrying = set(supporting(case, [case.root]))
    blocked, ways = blockers(case), ways_down(case)
    items: list[OpenItem] = []
    for name, element in case.elements.items():
        if isinstance(element, Problem):
            target = next((t for t in element.blocks if t in case.elements), case.root)
            items.append(
                OpenItem(
                    id=name,
                    kind="problem",
                    says=element.says,
                    closed_when=element.closed_when,
                    blocks=element.blocks,
                    path=path_in(ways, target),
                    proxy=element.proxy,
                    shots=element.shots,
                    carries=bool(carrying & set(element.blocks)),
                )
            )
        elif isinstance(element, Evidence) and element.method is None:
            closed = element.statistic or "a method executes it and its result meets the criterion"
            items.append(_item(name, "planned evidence", element.because, closed, carrying, ways))
        elif isinstance(element, Claim) and element.by is None and name not in blocked:
            items.append(
                _item(
                    name,
                    "undeveloped claim",
                    element.says,
                    "some argument or evidence supports it",
                    carrying,
                    ways,
                )
            )
    attacked: dict[str, list[str]] = {}
    for name, state in assessment.states.items():
        for attacker in state.attackers:
            attacked.setdefault(attacker, []).append(name)
    for name, state in assessment.states.items():
        if state.kind == "defeater" and state.truth != "false" and not _accepted(assessment, name):
            doubt, objection = assessment.states[name], assessment.review.doubt(name)
            bears_on = objection.targets if objection else ()
            items.append(
                OpenItem(
                    id=name,
                    kind="undefeated doubt",
                    says=_says(assessment, name),
                    closed_when=_closed_when(assessment, name, doubt),
                    blocks=tuple(attacked.get(name, ())) or bears_on,
                    path=_path(assessment, name, ways),
                    carries=name in carrying or "." in name or bool(carrying & {*bears_on}),
                )
            )
    for name, leaf in assessment.leaves.items():
        fresh = assessment.freshness[name]
        if fresh.word != "fresh" or leaf.outcome != "supports":
            said = str(fresh) if fresh.word != "fresh" else f"the result {leaf.outcome}"
            items.append(
                _item(
                    name,
                    "evidence",
                    f"{_says(assessment, leaf.claim)} ({said})",
                    f"`{leaf.criterion}` at level {leaf.level:.3f}",
                    carrying,
                    ways,
                )
            )
    order = ("problem", "undeveloped claim", "undefeated doubt", "planned evidence", "evidence")
    position = {name: i for i, name in enumerate(case.elements)}
    return tuple(
        sorted(
            items,
            key=lambda i: (
                order.index(i.kind),
                not i.carries,
                -len(i.blocks),
                position.get(i.id, 0),
            ),
        )
    )


def _closed_when(assessment: Assessment, name: str, doubt: State) -> str:
    challenge = assessment.challenges.get(name)
    if challenge is not None:
        records = ", ".join(map(str, challenge.alarms[:8]))
        return f"a reviewer resolves the alarm (record {records}), or what answers it holds"
    objection = assessment.review.doubt(name)
    if objection is not None:
        return f"a reviewer rules that challenge {objection.id} is answered"
    return doubt.reasons[0].says if doubt.reasons else "it is answered"


def _path(assessment: Assessment, name: str, ways: Mapping[str, str | None]) -> tuple[str, ...]:
    """The ids down to a doubt; one that no file states hangs below what it is against."""
    challenge = assessment.challenges.get(name)
    if challenge is not None and name not in ways:
        return (*path_in(ways, challenge.target), name)
    objection = assessment.review.doubt(name)
    if objection is not None and name not in ways:
        return (*path_in(ways, objection.targets[0]), name)
    return path_in(ways, name)


def _accepted(assessment: Assessment, name: str) -> bool:
    """Whether a doubt is accepted as residual, by name and in date."""
    doubt = assessment.case.elements.get(name)
    if not isinstance(doubt, Defeater) or doubt.accepted is None or doubt.mandatory:
        return False
    return doubt.accepted.expires >= assessment.at.date()


def _item(
    name: str,
    kind: str,
    says: str,
    closed: str,
    carrying: set[str],
    ways: Mapping[str, str | None],
) -> OpenItem:
    path = path_in(ways, name)
    return OpenItem(
        id=name,
        kind=kind,
        says=says,
        closed_when=closed,
        blocks=path[-2:-1],
        path=path,
        carries=name in carrying,
    )


def _says(assessment: Assessment, name: str) -> str:
    element = assessment.case.elements.get(name)
    said = getattr(element, "says", None)
    if said:
        return str(said)
    if name in assessment.challenges:
        return assessment.challenges[name].says
    objection = assessment.review.doubt(name)
    if objection is not None:
        return objection.says
    for leaf in assessment.leaves.values():
        for raised, text in leaf.raised:
            if raised == name:
                return text
    return name
