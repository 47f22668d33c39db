"""The core of GSN: one connected argument without circles (R08 to R16)."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.checks.gsn_core import GOALS, GSN
from safetycase.checks.indexed import Indexed, cycles
from safetycase.checks.judging import Hit, listed, name_of, path_of, shown
from safetycase.checks.registry import Rule

__all__ = ["RULES"]


@GSN.rule(
    "R08",
    "Circular support",
    clause="1:2.2.2",
    text="Nothing supports itself, however long the way round. Away elements count as what they "
    "cite, so a circle through modules is found as well.",
    message="support runs in a circle: A → B → A",
)
def circles(index: Indexed) -> Iterator[Hit]:
    graph: dict[str, list[str]] = {
        source: [link.target for link in links if link.target != source]
        for source, links in index.below.items()
    }
    for cited, parts in index.citations.items():
        for part in parts:
            graph.setdefault(part.id, []).append(cited)
    for loop in cycles(graph):
        path = path_of([name_of(index, name).strip("`") for name in loop])
        yield Hit(
            index.parts.get(loop[0]), f"support runs in a circle: {path}", "remove one of them"
        )


@GSN.rule(
    "R09",
    "Element that supports itself",
    clause="1:2.2.2",
    text="An element neither supports nor scopes itself.",
    message="SYMBOL `ID` refers to itself",
)
def itself(index: Indexed) -> Iterator[Hit]:
    for link in index.links:
        if link.source == link.target and link.kind != "challenges" and link.source in index.parts:
            part = index.parts[link.source]
            yield Hit(link, f"{shown(part)} is {link.kind} itself", "remove the relation")


@GSN.rule(
    "R10",
    "Undeveloped and yet supported",
    clause="1:2.1",
    text="The undeveloped mark says that a line of argument is still to come. Remove the mark, or "
    "the support.",
    message="SYMBOL `ID` is marked undeveloped and is supported",
)
def developed(index: Indexed) -> Iterator[Hit]:
    for part in index.parts.values():
        if part.undeveloped and part.id in index.below:
            yield Hit(
                part, f"{shown(part)} is marked undeveloped and is supported", "remove the mark"
            )


@GSN.rule(
    "R11",
    "Leaf without undeveloped mark",
    clause="1:2.1",
    text="A goal or strategy that nothing supports is unfinished; the mark says that the author "
    "knows it. Mark it undeveloped, support it, or mark a goal as supported by a contract.",
    message="goal or strategy `ID` has no support and is not marked undeveloped",
    severity="warning",
)
def leaves(index: Indexed) -> Iterator[Hit]:
    for part in index.of("goal", "strategy"):
        if part.id in index.below or part.undeveloped or part.by_contract or part.away:
            continue
        if part.id not in index.more:
            yield Hit(
                part,
                f"{shown(part)} has no support and is not marked undeveloped",
                "mark it undeveloped, or support it",
            )


@GSN.rule(
    "R12",
    "Relation to nothing",
    clause="1:2.1",
    text="Both ends of a relation are elements of the argument. A typing error is likely, or the "
    "element was removed.",
    message="`ID` is supported by `ID`, which is not there",
)
def ends(index: Indexed) -> Iterator[Hit]:
    parts = index.parts
    for link in index.links:
        if link.source not in parts:
            yield Hit(link, f"a relation starts at `{link.source}`, which is not there")
        if link.kind != "challenges" and link.target not in parts:
            yield Hit(
                link,
                f"{name_of(index, link.source)} is {link.kind} `{link.target}`, which is not there",
                "correct the id, or write the element",
            )


@GSN.rule(
    "R13",
    "Relation given twice",
    clause="1:2.1",
    text="The same relation between the same elements says nothing the second time.",
    message="`ID` is supported by `ID` twice",
    severity="warning",
)
def twice(index: Indexed) -> Iterator[Hit]:
    seen: set[tuple[str, str, str, str]] = set()
    for link in index.links:
        key = (link.kind, link.source, link.target, link.target_link)
        if key in seen:
            target = f"`{link.target_link}`" if link.target_link else name_of(index, link.target)
            yield Hit(link, f"{name_of(index, link.source)} is {link.kind} {target} twice")
        seen.add(key)


@GSN.rule(
    "R14",
    "Element that hangs loose",
    clause="1:2.2",
    text="Every element can be reached from a top goal: by support, context or challenge, through "
    "an away element or module reference, or from a claim point. What cannot be reached argues "
    "for nothing.",
    message="SYMBOL `ID` is not connected to a top goal",
)
def loose(index: Indexed) -> Iterator[Hit]:
    tops = [part.id for part in index.roots if part.type == "goal"]
    if not tops:
        return  # R15 says so
    reached, frontier = set(tops), set(tops)
    while frontier:
        found: set[str] = set()
        for name in frontier:
            for table in (index.below, index.scope):
                if links := table.get(name):
                    found.update([link.target for link in links])
            if name in index.against:
                found.update(link.source for link in index.against[name])
            for ways in (index.more, index.aside):
                if name in ways:
                    found.update(ways[name])
        frontier = found - reached
        reached |= found
    for name, part in index.parts.items():
        if name not in reached and name not in index.view:
            yield Hit(part, f"{shown(part)} is not connected to a top goal", "connect or remove it")


@GSN.rule(
    "R15",
    "Not one top goal",
    clause="1:2.2",
    text="An argument has one top goal. Several are a warning: each is then an argument of its "
    "own. None, or a top element that is no goal, is an error: nothing is claimed.",
    message="there is no top goal",
)
def top(index: Indexed) -> Iterator[Hit]:
    goals = [part for part in index.roots if part.type == "goal"]
    patterns = {name for name, info in index.modules.items() if info.pattern}
    goals = [part for part in goals if part.module not in patterns] or goals
    if len(goals) > 1:
        names = listed([part.name or part.id for part in goals])
        yield Hit(goals[1], f"there are {len(goals)} top goals: {names}", None, "warning")
    elif not goals and index.roots:
        part = index.roots[0]
        yield Hit(part, f"the top element is the {shown(part)}, not a goal", "state what it shows")
    elif not goals:
        yield Hit(None, "there is no top goal", "state the claim that the argument is for")


@GSN.rule(
    "R16",
    "Strategy without a goal beneath",
    clause="1:2.1",
    text="A strategy explains how goals support the goal above it; without a goal beneath it and "
    "without the undeveloped mark it explains nothing.",
    message="strategy `ID` is supported, but by no goal",
    severity="warning",
)
def strategies(index: Indexed) -> Iterator[Hit]:
    for part in index.of("strategy"):
        links = index.supports(part.id)
        if links and not any(index.symbol.get(link.target) in GOALS for link in links):
            yield Hit(
                part, f"{shown(part)} is supported, but by no goal", "write the goals it joins"
            )


RULES: tuple[Rule, ...] = (
    circles,
    itself,
    developed,
    leaves,
    ends,
    twice,
    loose,
    top,
    strategies,
)
