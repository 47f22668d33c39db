"""Faults in what a leaf asks for: how long it counts, how much is tried, how surely."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safetycase.argument.model import Argument, Assumption, Evidence
from safetycase.testing.mutation.draft import Site
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.leaf_faults import leaf_sites
from safetycase.testing.mutation.records import Mutation, Plant

__all__ = ["DEMANDS"]

_DEMANDED = ("effort", "identity", "environment", "stale_when", "distribution", "prior")


def _validity(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        site = ground.leaf_site(name, "valid_for") if isinstance(element, Evidence) else None
        found = re.fullmatch(r"(\d+) (.+)", site.word) if site else None
        if site is None or found is None:
            continue
        longer = f"{int(found[1]) * 10} {found[2]}"
        yield Plant(
            about=name,
            says=f"{name} counts for {longer}, not {site.word}",
            texts=ground.draft.put((site, longer)),
        )
        yield Plant(about=name, says=f"{name} counts for ever", texts=ground.draft.drop(site))


def _plan(ground: Ground) -> Iterator[Plant]:
    for name, _, site in leaf_sites(ground, "plan", "n"):
        yield Plant(
            about=name,
            says=f"{name} plans one item, not {site.word}",
            broken=frozenset((name,)),
            texts=ground.draft.put((site, "1")),
        )


def _demands(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        for key in _DEMANDED if isinstance(element, Evidence) else ():
            site = ground.leaf_site(name, key)
            if site is not None:
                says = f"{name} no longer states its {key}"
                yield Plant(about=name, says=says, texts=ground.draft.drop(site))


def _attempts(ground: Ground) -> Iterator[Plant]:
    for name, element, site in leaf_sites(ground, "method"):
        plan = ground.leaf_site(name, "plan")
        if plan is None:
            texts = ground.draft.put((site, _beside(ground, name, site, "plan: {budget: 50}")))
        elif element.plan is not None and element.plan.budget is None and plan.text.endswith("}"):
            texts = ground.draft.put((plan, plan.text[:-1] + ", budget: 50}"))
        else:
            continue
        yield Plant(about=name, says=f"{name} may be tried 50 times", texts=texts)


def _beside(ground: Ground, name: str, site: Site, pair: str) -> str:
    """A value, and a further key beside its own in the same mapping."""
    del ground, name
    if not site.file.is_block(site.parent):
        return f"{site.text}, {pair}"
    key = site.parent.items[site.index - 1]
    return f"{site.text}\n{' ' * site.file.column(site.file.start(key))}{pair}"


def _lower_level(ground: Ground) -> Iterator[Plant]:
    for name, element, site in leaf_sites(ground, "method"):
        level = ground.leaf_site(name, "level")
        if element.level is None:
            texts = ground.draft.put((site, _beside(ground, name, site, "level: 0.5")))
        elif level is not None:
            texts = ground.draft.put((level, "0.5"))
        else:
            continue
        yield Plant(about=name, says=f"{name} is judged at a level of one half", texts=texts)


def _credence(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        site = ground.draft.at(name, "credence", "at_least")
        if site is None or not site.word:
            continue
        value = float(site.word)
        yield Plant(
            about=name,
            says=f"{name} is believed to {(1 + value) / 2:.6g}, not {site.word}",
            texts=ground.draft.put((site, f"{(1 + value) / 2:.6g}")),
        )
        del element


def _believe(ground: Ground) -> Iterator[Plant]:
    believed = "{at_least: 0.9999, owner: somebody, because: It is plain.}"
    for name, element in ground.case.elements.items():
        judged = isinstance(element, Argument | Evidence | Assumption)
        if judged and getattr(element, "credence", None) is None:
            texts = ground.draft.change(name, add={"credence": believed})
            if texts:
                says = f"somebody believes in {name} who gave no number before"
                yield Plant(about=name, says=says, texts=texts)


DEMANDS: tuple[Mutation, ...] = (
    Mutation(
        name="longer-validity",
        group="evidence",
        kind="loosens",
        plants="A result counts ten times as long, or for ever.",
        must="A comparison calls it a loosening.",
        sites=_validity,
    ),
    Mutation(
        name="fewer-items",
        group="evidence",
        kind="breaks",
        plants="A plan promises one item.",
        must="The leaf is stale.",
        sites=_plan,
    ),
    Mutation(
        name="drop-demand",
        group="evidence",
        kind="loosens",
        plants="A leaf stops stating the effort, identity, environment, distribution or triggers "
        "that it asks for, or what was believed beforehand.",
        must="A comparison calls it a loosening, or the leaf is stale.",
        sites=_demands,
    ),
    Mutation(
        name="raise-credence",
        group="evidence",
        kind="loosens",
        plants="A named judgement is halfway nearer to certainty.",
        must="A comparison calls it a loosening.",
        sites=_credence,
    ),
    Mutation(
        name="more-attempts",
        group="evidence",
        kind="loosens",
        plants="A leaf may be tried more often before its budget is used up.",
        must="A comparison calls it a loosening.",
        sites=_attempts,
    ),
    Mutation(
        name="lower-level",
        group="evidence",
        kind="loosens",
        plants="A leaf is judged at a level below what the decision asks for.",
        must="A comparison calls it a loosening; a result keeps the level that it was registered "
        "with.",
        sites=_lower_level,
    ),
    Mutation(
        name="add-credence",
        group="evidence",
        kind="loosens",
        plants="What nobody gave a number for is believed with near certainty.",
        must="A comparison calls it a loosening.",
        sites=_believe,
    ),
)
