"""Modules: away elements, contracts, and what is public (R60 to R66)."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.structure import Part
from safetycase.checks.gsn_core import GSN
from safetycase.checks.indexed import CONTEXTUAL, Indexed, cycles
from safetycase.checks.judging import Hit, path_of, shown
from safetycase.checks.registry import Rule

__all__ = ["RULES", "interface_scope", "module_graph"]


@GSN.rule(
    "R60",
    "Away element that does not match what it cites",
    clause="1:4",
    text="An away element repeats an element of another module: it names it, that module is "
    "there, the element is public, and type and text are the same. A module reference names a "
    "module that is there.",
    message="away goal `ID` cites `ID`, which is not public",
)
def citations(index: Indexed) -> Iterator[Hit]:
    for cited, parts in index.citations.items():
        target = index.parts.get(cited)
        for part in parts:
            if part.type in ("module", "contract"):
                continue
            for problem in _mismatch(index, part, target):
                yield Hit(part, f"{shown(part)} cites `{part.away}`, {problem}")
    for part in index.of("module", "contract"):
        named = part.away or part.name or part.id
        if named not in index.modules:
            yield Hit(part, f"{shown(part)} refers to the module `{named}`, which is not there")


def _mismatch(index: Indexed, part: Part, target: Part | None) -> Iterator[str]:
    if target is None:
        yield "which is not there"
        return
    if target.module == part.module:
        yield "which is in the same module"
    elif target.module and target.module not in index.modules:
        yield f"in the module `{target.module}`, which is not there"
    if target.away:
        yield "which is an away element itself"
    elif not target.public and not index.in_contract(part):  # contracts: R62
        yield "which is not public"
    if target.type != part.type:
        yield f"which is a {target.type}"
    if part.text != target.text and part.text.split() != target.text.split():
        yield "and says something else"


@GSN.rule(
    "R61",
    "Away goal argued at home",
    clause="1:4.3.2",
    text="An away goal is supported where it is cited from, so nothing supports it here (outside a "
    "contract module). Likewise a goal that a contract supports is not supported in its own module "
    "as well.",
    message="away goal `ID` is supported here",
)
def argued_at_home(index: Indexed) -> Iterator[Hit]:
    for cited, parts in index.citations.items():
        for part in parts:
            if part.type != "goal" or part.id not in index.below:
                continue
            if not index.in_contract(part):
                yield Hit(part, f"{shown(part)} is supported here", "support it in its own module")
                continue
            home = index.parts.get(cited)
            if home is not None and home.id in index.below and not home.by_contract:
                yield Hit(
                    home,
                    f"{shown(home)} is supported here and through the contract `{part.module}`",
                    "keep one of the two",
                )


@GSN.rule(
    "R62",
    "Contract module that is more than a contract",
    clause="1:4.7.3",
    text="A contract module joins the interfaces of others: it has no public elements, no "
    "interface and no module or contract reference, and reaches other modules only by away "
    "elements that cite what those make public or want supported.",
    message="SYMBOL `ID` is public in the contract module `MODULE`",
)
def contracts(index: Indexed) -> Iterator[Hit]:
    for name in sorted(index.contracts):
        info = index.modules[name]
        if any(tag.startswith("gsn.interface.") for tag in info.tags):
            yield Hit(info, f"the contract module `{name}` declares an interface")
    for part in index.parts.values() if index.contracts else ():
        if not index.in_contract(part):
            continue
        where = f"in the contract module `{part.module}`"
        if part.public:
            yield Hit(part, f"{shown(part)} is public {where}")
        if part.type in ("module", "contract"):
            yield Hit(part, f"{shown(part)} stands {where}", "cite single elements")
        cited = index.parts.get(part.away)
        if cited is not None and not (cited.public or cited.by_contract):
            yield Hit(part, f"{shown(part)} {where} cites `{part.away}`, no interface element")
        for table in (index.below, index.scope):
            for link in table.get(part.id, ()):
                target = index.parts.get(link.target)
                if target is not None and target.module != part.module:
                    yield Hit(
                        link,
                        f"{shown(part)} {where} is {link.kind} {shown(target)} of another module",
                        "cite it by an away element",
                    )


@GSN.rule(
    "R63",
    "Wrong use of “to be supported by contract”",
    clause="1:4",
    text="The mark says that another module supports a goal through a contract. It stands on "
    "goals only, not beside the undeveloped mark, not where the goal is supported locally, and not "
    "in a contract module.",
    message="goal `ID` is to be supported by contract and is supported here",
)
def by_contract(index: Indexed) -> Iterator[Hit]:
    for part in index.parts.values():
        if not part.by_contract:
            continue
        said = f"{shown(part)} is to be supported by contract and"
        if part.type != "goal" or part.away:
            yield Hit(part, f"{said} is no goal of this module")
        if part.undeveloped:
            yield Hit(part, f"{said} is marked undeveloped", "keep one of the marks")
        if part.id in index.below:
            yield Hit(part, f"{said} is supported here", "remove the mark, or the support")
        if index.in_contract(part):
            yield Hit(part, f"{said} stands in a contract module")


@GSN.rule(
    "R64",
    "Public mark on what cannot be cited",
    clause="1:4",
    text="Goals, solutions, contexts, assumptions and justifications can be public; strategies, "
    "references and away elements cannot be cited from elsewhere.",
    message="strategy `ID` is public",
)
def public(index: Indexed) -> Iterator[Hit]:
    for part in index.parts.values():
        if part.public and (part.away or part.type in ("strategy", "module", "contract")):
            yield Hit(part, f"{shown(part)} is public", "remove the mark")


@GSN.rule(
    "R65",
    "Hidden scope of an interface goal",
    clause="1:4.6.3 (4)",
    text="Who relies on a public goal, or supports a goal through a contract, must see what it is "
    "read under: every context and assumption that holds there (on the goal or above it in its "
    "module) is public too; so is its own justification.",
    message="context `ID` holds at the public goal `ID` and is not public",
    severity="warning",
)
def hidden_scope(index: Indexed) -> Iterator[Hit]:
    for part, goal in interface_scope(index):
        if not part.public:
            yield Hit(
                part,
                f"{shown(part)} holds at the interface {shown(goal)} and is not public",
                "make it public",
            )


def interface_scope(index: Indexed) -> Iterator[tuple[Part, Part]]:
    """(contextual element, interface goal at which it holds), each element once."""
    reason = {part.id: part for part in index.of("goal") if part.public or part.by_contract}
    stack = list(reason)
    while stack:
        name = stack.pop()
        module = index.parts[name].module
        for link in index.above.get(name, ()):
            upper = index.parts.get(link.source)
            if upper is not None and upper.module == module and upper.id not in reason:
                reason[upper.id] = reason[name]
                stack.append(upper.id)
    told: set[str] = set()
    for name, goal in reason.items():
        for link in index.scope.get(name, ()):
            part = index.parts.get(link.target)
            if part is None or part.away or part.id in told:
                continue
            if part.type in CONTEXTUAL and (part.type != "justification" or name == goal.id):
                told.add(part.id)
                yield part, goal


def module_graph(index: Indexed, kind: str) -> dict[str, dict[str, None]]:
    """Module -> modules it is supported by (or in context of), from away elements and references.

    `kind` is `supported by` or `in context of`. Contract modules are left out: they join others
    and belong to neither.
    """
    graph: dict[str, dict[str, None]] = {}
    table = index.above if kind == "supported by" else index.scoped
    holders = [part for parts in index.citations.values() for part in parts]
    holders += [part for part in index.of("module") if not part.away]
    for part in holders:
        if part.type == "module":
            target = part.away or part.name or part.id
        else:
            cited = index.parts.get(part.away)
            target = cited.module if cited is not None else part.module
        users = {index.symbol.get(link.source) for link in table.get(part.id, ())}
        if target == part.module or index.in_contract(part):
            continue
        if users - {"module", "contract", None}:
            graph.setdefault(part.module, {})[target] = None
    return graph


@GSN.rule(
    "R66",
    "Circle of modules",
    clause="1:4",
    text="Modules support each other without a circle: by what they declare to use, and by the "
    "away goals, away solutions and module references that support something in them.",
    message="modules support each other in a circle: A → B → A",
)
def module_circles(index: Indexed) -> Iterator[Hit]:
    graph = module_graph(index, "supported by")
    files = {info.file: name for name, info in index.modules.items() if info.file}
    for name, info in index.modules.items():
        for used in info.uses:
            graph.setdefault(name, {})[files.get(used, used)] = None
    for loop in cycles(graph):
        path = path_of([name or "the main module" for name in loop])
        yield Hit(index.modules.get(loop[0]), f"modules support each other in a circle: {path}")


RULES: tuple[Rule, ...] = (
    citations,
    argued_at_home,
    contracts,
    by_contract,
    public,
    hidden_scope,
    module_circles,
)
