"""The core of GSN: elements and the relations permitted between them (R01 to R07).

Clauses are those of the GSN Community Standard v3 (SCSC-141C, 2021), written part:section.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import get_args

from safetycase.argument.structure import Link, Part, PartType
from safetycase.checks.indexed import CONTEXTUAL, Indexed
from safetycase.checks.judging import Hit, Profiled, shown
from safetycase.checks.registry import Rule

__all__ = ["CONTEXT", "GOALS", "GSN", "RULES", "SUPPORT", "TYPES"]

GSN = Profiled(profile="gsn-v3-strict", source="GSN v3")

TYPES = frozenset(get_args(PartType))
DEPRECATED = {
    "choice": "a choice stands on the relations of a strategy",
    "criterion": "state it as context or in the goal",
    "constraint": "state it as context or in the goal",
    "stakeholder": "state it as context",
    "problem": "state it as an undeveloped goal",
    "model": "state it as context",
}
_REFERENCES = frozenset({"module", "contract"})
GOALS = frozenset({"goal", "away goal"})

SUPPORT: Mapping[str, frozenset[str]] = {
    "goal": frozenset(
        {"goal", "strategy", "solution", "away goal", "away solution", "module", "contract"}
    ),
    "strategy": GOALS,
    "away goal": frozenset({"goal", "strategy", "away goal"}),
}
"""Permitted SupportedBy; an away goal is supported in a contract module only."""

CONTEXT: Mapping[str, frozenset[str]] = {
    "goal": frozenset(
        {
            "context",
            "assumption",
            "justification",
            "away goal",
            "away context",
            "away assumption",
            "away justification",
            "module",
        }
    ),
    "away goal": frozenset({"away context", "away assumption", "away justification"}),
}
"""Permitted InContextOf; a strategy as a goal, an away goal in a contract module only."""

_PREFIX = re.compile(r"(CG|CSn|G|Sn|S|C|A|J)[-_ ]?\d")
_PREFIXED = {
    "CG": "goal",
    "G": "goal",
    "CSn": "solution",
    "Sn": "solution",
    "S": "strategy",
    "C": "context",
    "A": "assumption",
    "J": "justification",
}


@GSN.rule(
    "R01",
    "Element without an id of its own",
    clause="1:2.1.2",
    text="Every element has an identifier that is unique in its module. Give each a name of its "
    "own; what stands in two places is one element with two relations, or an away element.",
    message="`ID` names N elements of module `MODULE`",
)
def ids(index: Indexed) -> Iterator[Hit]:
    seen: dict[tuple[str, str], str] = {}
    for part in index.parts.values():
        name = part.name or part.id
        if not name.strip():
            yield Hit(part, f"a {part.type} has no id", "give it a name")
        elif not part.away:
            first = seen.setdefault((part.module, name), part.id)
            if first != part.id:
                where = f" of module `{part.module}`" if part.module else ""
                yield Hit(part, f"`{name}` names two elements{where}", "rename one of them")


@GSN.rule(
    "R02",
    "Element without text",
    clause="1:2.3",
    text="Every goal, strategy, solution, context, assumption and justification carries a "
    "statement; an identifier alone says nothing that could be reviewed.",
    message="SYMBOL `ID` has no text",
)
def text(index: Indexed) -> Iterator[Hit]:
    for part in index.parts.values():
        if not part.text.strip() and part.type not in _REFERENCES:
            yield Hit(part, f"{shown(part)} has no text", "say what it states")


@GSN.rule(
    "R03",
    "Unknown or contradicted type",
    clause="1:2.1",
    text="The type is one of goal, strategy, solution, context, assumption, justification, module "
    "and contract reference. The symbols of the first editions (choice, criterion, constraint, "
    "stakeholder, problem, model) are gone. An id that begins with the letters of another type "
    "(`S1` for a goal) is a warning: it misleads whoever reads the references.",
    message="`ID` is a TYPE, which is no element of GSN",
)
def types(index: Indexed) -> Iterator[Hit]:
    for part in index.parts.values():
        name = part.name or part.id
        if part.type not in TYPES:
            hint = DEPRECATED.get(str(part.type), "use one of the types of the standard")
            yield Hit(part, f"`{name}` is a {part.type}, which is no element of GSN", hint)
        elif (match := _PREFIX.match(name)) and _PREFIXED[match[1]] != part.type:
            message = f"`{name}` is named like a {_PREFIXED[match[1]]} and is a {part.type}"
            yield Hit(part, message, "rename it, or correct its type", "warning")


def _ends(index: Indexed, table: Mapping[str, list[Link]]) -> Iterator[tuple[Link, Part, Part]]:
    """The links of a table whose ends both exist."""
    parts = index.parts
    for links in table.values():
        for link in links:
            source, target = parts.get(link.source), parts.get(link.target)
            if source is not None and target is not None:
                yield link, source, target


def _may(index: Indexed, source: Part, symbol: str) -> bool:
    """Whether the table judges this source; others are the business of R06, R07, R61, R69."""
    if source.type == "solution" or source.type in CONTEXTUAL:
        return False
    return symbol != "away goal" or index.in_contract(source)


@GSN.rule(
    "R04",
    "Support that GSN does not permit",
    clause="1:2.1",
    text="A goal is supported by goals, strategies, solutions, away goals, away solutions, module "
    "and contract references; a strategy by goals and away goals only; an away goal, in a contract "
    "module, by goals, strategies and away goals. A strategy that is supported by a solution or by "
    "another strategy leaves out the goal that stands between them: write that goal.",
    message="SYMBOL `ID` is supported by SYMBOL `ID`",
)
def support(index: Indexed) -> Iterator[Hit]:
    symbol = index.symbol
    for link, source, target in _ends(index, index.below):
        kind = symbol[source.id]
        if symbol[target.id] in SUPPORT.get(kind, ()) and kind != "away goal":
            continue
        if not _may(index, source, kind) or {source.type, target.type} <= _REFERENCES:
            continue
        if symbol[target.id] not in SUPPORT.get(kind, ()):
            yield Hit(link, f"{shown(source)} is supported by {shown(target)}", _way_out(kind))


def _way_out(kind: str) -> str:
    if kind == "strategy":
        return "write the goal that stands between them"
    return "a goal is supported by goals, strategies and solutions"


@GSN.rule(
    "R05",
    "Context that GSN does not permit",
    clause="1:2.1",
    text="Goals and strategies are in the context of contexts, assumptions, justifications, their "
    "away forms, away goals and module references. An away goal has context in a contract module "
    "only, and there only away context.",
    message="SYMBOL `ID` is in the context of SYMBOL `ID`",
)
def context(index: Indexed) -> Iterator[Hit]:
    symbol = index.symbol
    for link, source, target in _ends(index, index.scope):
        kind = symbol[source.id]
        if kind == "away goal":
            allowed = index.in_contract(source) and symbol[target.id] in CONTEXT["away goal"]
        elif kind in ("goal", "strategy"):
            allowed = symbol[target.id] in CONTEXT["goal"]
        elif kind in _REFERENCES and target.type in _REFERENCES:
            allowed = True
        else:
            allowed = source.type == "solution" or source.type in CONTEXTUAL  # R06, R07
        if not allowed:
            yield Hit(
                link,
                f"{shown(source)} is in the context of {shown(target)}",
                "attach it to the goal or strategy that it scopes",
            )


@GSN.rule(
    "R06",
    "Relation out of a solution",
    clause="1:2.1",
    text="A solution is a leaf: it refers to an artefact and rests on nothing else in the "
    "argument. What the artefact rests on is argued as a goal above it.",
    message="solution `ID` is supported by, or in the context of, SYMBOL `ID`",
)
def out_of_solution(index: Indexed) -> Iterator[Hit]:
    yield from _outgoing(index, ("solution",), "state it as a goal that the solution supports")


@GSN.rule(
    "R07",
    "Relation out of a contextual element",
    clause="1:2.1",
    text="A context, assumption or justification scopes others and is itself neither supported nor "
    "scoped. An assumption that needs support is a goal.",
    message="SYMBOL `ID` is supported by, or in the context of, SYMBOL `ID`",
)
def out_of_context(index: Indexed) -> Iterator[Hit]:
    yield from _outgoing(index, CONTEXTUAL, "make it a goal if it needs support")


def _outgoing(index: Indexed, types: tuple[str, ...] | frozenset[str], hint: str) -> Iterator[Hit]:
    for kind in sorted(types):
        for part in index.of(kind):
            for table in (index.below, index.scope):
                for link in table.get(part.id, ()):
                    target = index.parts.get(link.target)
                    what = shown(target) if target else f"`{link.target}`"
                    yield Hit(link, f"{shown(part)} is {link.kind} {what}", hint)


RULES: tuple[Rule, ...] = (
    ids,
    text,
    types,
    support,
    context,
    out_of_solution,
    out_of_context,
)
