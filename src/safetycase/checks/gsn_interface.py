"""What a module says of itself, and the view of modules (R67 to R69)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safetycase.argument.structure import ModuleInfo, Part
from safetycase.checks.gsn_core import GSN
from safetycase.checks.gsn_modular import interface_scope, module_graph
from safetycase.checks.indexed import Indexed
from safetycase.checks.judging import Hit, listed, shown
from safetycase.checks.registry import Rule

__all__ = ["GROUPS", "RULES"]


@GSN.rule(
    "R67",
    "Contexts of an away goal not compared",
    clause="1:4.3.4",
    text="An away goal was argued under the contexts of its own module and is used under those of "
    "another. Somebody has to see that they agree; the record of it is the tag "
    "`gsn.contexts-agree` on the away goal (who, and why).",
    message="nobody recorded that the contexts of away goal `ID` agree",
    severity="warning",
    group="human review",
)
def contexts_agree(index: Indexed) -> Iterator[Hit]:
    away = [part for parts in index.citations.values() for part in parts if part.type == "goal"]
    if not away:
        return
    scoped = _under_scope(index)
    for part in away:
        users = {link.source for link in index.above.get(part.id, ())}
        if part.away in scoped and users & scoped and not part.tags.get("gsn.contexts-agree"):
            yield Hit(
                part,
                f"nobody recorded that the contexts of {shown(part)} and of `{part.away}` agree",
                "compare them, and record it in the tag `gsn.contexts-agree`",
            )


def _under_scope(index: Indexed) -> set[str]:
    """Every part at which some context or assumption holds."""
    symbols = {"context", "assumption", "away context", "away assumption"}
    found = {
        source
        for source, links in index.scope.items()
        if any(index.symbol.get(link.target) in symbols for link in links)
    }
    stack = list(found)
    while stack:
        for link in index.supports(stack.pop()):
            if link.target not in found:
                found.add(link.target)
                stack.append(link.target)
    return found


GROUPS: Mapping[str, str] = {
    "public-goals": "public goals",
    "needs-support": "goals that need support",
    "scope": "contexts, assumptions and justifications in scope of those",
    "public-artefacts": "public solutions and contexts",
    "references": "away elements and module or contract references",
}
"""Groups 2 to 6 of the default interface, by the end of their tag `gsn.interface.`."""


@GSN.rule(
    "R68",
    "Interface that is not complete",
    clause="1:4.6.3, 1:4.6.6",
    text="The default interface of a module states (1) its id, a description and its configuration "
    "(tag `gsn.configuration`), and lists (2) public goals, (3) goals that need support, (4) the "
    "contextual elements in scope of both, (5) public solutions and contexts, (6) away elements "
    "and references. Groups 2 to 6 may be written down (tags `gsn.interface.public-goals`, "
    "`needs-support`, `scope`, `public-artefacts`, `references`: ids separated by blanks); what is "
    "written must be what the module holds. A missing description or configuration is a warning. "
    "Ids stay unique when modules named in `gsn.promotes` are promoted into it.",
    message="the interface of `MODULE` lists `ID`, which it does not hold",
)
def interfaces(index: Indexed) -> Iterator[Hit]:
    held = _held(index)
    for name, info in index.modules.items():
        if not name or info.contract:
            continue
        groups = held.get(name, {})
        declared = [group for group in GROUPS if f"gsn.interface.{group}" in info.tags]
        if not declared and not groups.get("public-goals") and not groups.get("needs-support"):
            continue
        lacking = [
            word
            for word, there in (
                ("a description", info.title or info.brief),
                ("its configuration", info.tags.get("gsn.configuration")),
            )
            if not there
        ]
        if lacking:
            yield Hit(
                info,
                f"the interface of `{name}` lacks " + " and ".join(lacking),
                "describe the module, and state its version in `gsn.configuration`",
                "warning",
            )
        for group in declared:
            yield from _compared(info, group, groups.get(group, {}))
    yield from _promoted(index, held)


_Held = dict[str, dict[str, dict[str, None]]]


def _held(index: Indexed) -> _Held:
    """Module -> group -> names of the elements that the module holds of it."""
    found: _Held = {}
    for part in index.parts.values():
        groups: list[str] = []
        if part.type == "goal" and part.public:
            groups.append("public-goals")
        if part.by_contract:
            groups.append("needs-support")
        if part.public and part.type in ("solution", "context"):
            groups.append("public-artefacts")
        if part.away or part.type in ("module", "contract"):
            groups.append("references")
        for group in groups:
            _put(found, part, group)
    for scope, goal in interface_scope(index):
        if scope.module == goal.module:
            _put(found, scope, "scope")
    return found


def _put(found: _Held, part: Part, group: str) -> None:
    found.setdefault(part.module, {}).setdefault(group, {})[part.name or part.id] = None


def _compared(info: ModuleInfo, group: str, held: Mapping[str, None]) -> Iterator[Hit]:
    written = dict.fromkeys(info.tags[f"gsn.interface.{group}"].split())
    for name in written:
        if name not in held:
            yield Hit(
                info,
                f"the interface of `{info.name}` lists `{name}` under {GROUPS[group]}, where the "
                "module holds no such element",
            )
    left_out = [name for name in held if name not in written]
    if left_out:
        yield Hit(
            info,
            f"the interface of `{info.name}` leaves out {listed(left_out)} of its {GROUPS[group]}",
        )


def _promoted(index: Indexed, held: _Held) -> Iterator[Hit]:
    for name, info in index.modules.items():
        owner: dict[str, str] = {}
        promoted = info.tags.get("gsn.promotes", "").split()
        for module in (name, *promoted) if promoted else ():
            for group in ("public-goals", "needs-support", "public-artefacts"):
                for part in held.get(module, {}).get(group, {}):
                    first = owner.setdefault(part, module)
                    if first != module:
                        yield Hit(
                            info,
                            f"`{part}` of `{first}` and of `{module}` meet in the interface of "
                            f"`{name}`",
                            "rename one of them",
                        )


@GSN.rule(
    "R69",
    "View of modules that differs from their contents",
    clause="1:4",
    text="A relation drawn between modules stands for what is inside: a module is supported by "
    "another if an away goal, away solution or module reference supports something in it, and is "
    "in the context of another if one scopes something in it. Draw what is there, and only that.",
    message="module `A` is supported by `B` in the view and not in its contents",
    severity="warning",
)
def module_view(index: Indexed) -> Iterator[Hit]:
    drawn: dict[tuple[str, str, str], Part] = {}
    for link in index.links:
        source, target = index.parts.get(link.source), index.parts.get(link.target)
        if link.kind == "challenges" or source is None or target is None:
            continue
        if source.type == "module" and target.type == "module":
            drawn[(_named(source), link.kind, _named(target))] = source
    if not drawn:
        return
    inside = {
        (module, kind, other)
        for kind in ("supported by", "in context of")
        for module, others in module_graph(index, kind).items()
        for other in others
    }
    for relation, part in drawn.items():
        if relation not in inside:
            module, kind, other = relation
            yield Hit(part, f"module `{module}` is {kind} `{other}` in the view, not in contents")
    for module, kind, other in sorted(inside - set(drawn)):
        yield Hit(
            index.modules.get(module),
            f"module `{module}` is {kind} `{other}` in its contents, not in the view",
        )


def _named(part: Part) -> str:
    return part.away or part.name or part.id


RULES: tuple[Rule, ...] = (contexts_agree, interfaces, module_view)
