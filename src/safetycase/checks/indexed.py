"""A structure with its look-ups made once, so that a whole profile costs linear time.

`Indexed` is a `Structure`: a rule written against `Structure` takes it as it is, and a rule that
needs look-ups asks `index_of`, which gives an `Indexed` back unchanged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from safetycase.argument.findings import Span
from safetycase.argument.structure import Link, Part, Structure

__all__ = ["CONTEXTUAL", "Indexed", "cycles", "index_of", "symbol_of"]

CONTEXTUAL = frozenset({"context", "assumption", "justification"})
_NO_LINKS: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed(Structure):
    """A structure and who is linked to whom.

    `below` and `above` hold the support links by source and by target, `scope` and `scoped` the
    context links; `challenges` all challenges, `against` those by challenged part and
    `against_link` those by the id of the challenged relation. `symbol` names the symbol of each
    part ("away goal" for a goal that cites); `citations` maps a cited id to the away parts.
    `contracts` are the names of the contract modules. `roots` are the parts that nothing refers
    to, contextual and away ones and challengers left out. `more` holds the ways by which an element
    continues that are no links of its own; `aside` the parts that speak of it: challengers of its
    relations and confidence arguments. `view` are the module references that only other modules
    refer to: they draw the view of modules and are no part of the argument itself.
    """

    below: Mapping[str, list[Link]] = field(default_factory=dict)
    above: Mapping[str, list[Link]] = field(default_factory=dict)
    scope: Mapping[str, list[Link]] = field(default_factory=dict)
    scoped: Mapping[str, list[Link]] = field(default_factory=dict)
    challenges: tuple[Link, ...] = ()
    against: Mapping[str, list[Link]] = field(default_factory=dict)
    against_link: Mapping[str, list[Link]] = field(default_factory=dict)
    link_ids: Mapping[str, Link] = field(default_factory=dict)
    by_type: Mapping[str, list[Part]] = field(default_factory=dict)
    symbol: Mapping[str, str] = field(default_factory=dict)
    citations: Mapping[str, list[Part]] = field(default_factory=dict)
    contracts: frozenset[str] = frozenset()
    roots: tuple[Part, ...] = ()
    more: Mapping[str, list[str]] = field(default_factory=dict)
    aside: Mapping[str, list[str]] = field(default_factory=dict)
    view: frozenset[str] = frozenset()

    def of(self, *types: str) -> Iterator[Part]:
        """The parts of these types, in file order within a type."""
        for kind in types:
            yield from self.by_type.get(kind, ())

    def supports(self, part: str) -> tuple[Link, ...] | list[Link]:
        """The support links that leave a part."""
        return self.below.get(part, _NO_LINKS)

    def in_contract(self, part: Part) -> bool:
        """Whether the part stands in a contract module."""
        return part.module in self.contracts

    def place(self, about: Part | Link | None) -> Span:
        """Where something is written, or the nearest place that is known."""
        if about is not None and about.span is not None:
            return about.span
        if isinstance(about, Link):
            source = self.parts.get(about.source)
            if source is not None and source.span is not None:
                return source.span
        return Span(file=self.source or "structure", line=1, column=1)


def symbol_of(part: Part) -> str:
    """The GSN symbol a part is drawn with, as the tables of permitted relations name it."""
    return f"away {part.type}" if part.away else part.type


def index_of(structure: Structure) -> Indexed:
    """The look-ups of a structure, in time linear in parts and links."""
    if isinstance(structure, Indexed):
        return structure
    tables = _link_tables(structure.links)
    by_type, citations, symbol = _part_tables(structure)
    inside = _parts_of_modules(structure, by_type)
    link_ids = {link.id: link for link in structure.links if link.id}
    view = _view(structure, by_type)
    more = _more_ways_down(structure, by_type, citations, tables["supported by"][0], inside, view)
    aside = _asides(structure, link_ids, inside)
    return Indexed(
        title=structure.title,
        parts=structure.parts,
        links=structure.links,
        points=structure.points,
        modules=structure.modules,
        tags=structure.tags,
        source=structure.source,
        below=tables["supported by"][0],
        above=tables["supported by"][1],
        scope=tables["in context of"][0],
        scoped=tables["in context of"][1],
        challenges=tuple(link for link in structure.links if link.kind == "challenges"),
        against=tables["challenges"][1],
        against_link=tables["relation"][1],
        link_ids=link_ids,
        by_type=by_type,
        symbol=symbol,
        citations=citations,
        contracts=frozenset(n for n, info in structure.modules.items() if info.contract),
        roots=_roots(structure, (more, aside), view),
        more=more,
        aside=aside,
        view=view,
    )


def _part_tables(
    structure: Structure,
) -> tuple[dict[str, list[Part]], dict[str, list[Part]], dict[str, str]]:
    """The parts by type, the away parts by what they cite, and the symbol of each part."""
    by_type: defaultdict[str, list[Part]] = defaultdict(list)
    citations: defaultdict[str, list[Part]] = defaultdict(list)
    symbol: dict[str, str] = {}
    for name, part in structure.parts.items():
        by_type[part.type].append(part)
        symbol[name] = part.type
        if part.away:
            symbol[name] = symbol_of(part)
            citations[part.away].append(part)
    return dict(by_type), dict(citations), symbol


_Table = dict[str, list[Link]]


def _link_tables(links: Iterable[Link]) -> dict[str, tuple[_Table, _Table]]:
    """Kind of link -> (by source, by target); challenges of relations stand under `relation`."""
    tables: dict[str, tuple[defaultdict[str, list[Link]], defaultdict[str, list[Link]]]] = {
        kind: (defaultdict(list), defaultdict(list))
        for kind in ("supported by", "in context of", "challenges", "relation")
    }
    for link in links:
        by_source, by_target = tables["relation" if link.target_link else link.kind]
        by_source[link.source].append(link)
        by_target[link.target_link or link.target].append(link)
    # Plain dicts from here on: to look for what is not there must not put it there.
    return {
        kind: (dict(by_source), dict(by_target)) for kind, (by_source, by_target) in tables.items()
    }


def _parts_of_modules(
    structure: Structure, by_type: Mapping[str, list[Part]]
) -> dict[str, list[str]]:
    """Module -> its parts, where some reference or claim point asks for it."""
    found: dict[str, list[str]] = {}
    if by_type.get("module") or by_type.get("contract") or structure.points:
        for part in structure.parts.values():
            found.setdefault(part.module, []).append(part.id)
    found.pop("", None)  # the main module has no name by which it could be meant
    return found


def _whole(module: str) -> str:
    """Stands for all parts of a module on a way down; no id begins with that character."""
    return f"\0{module}"


def _more_ways_down(
    structure: Structure,
    by_type: Mapping[str, list[Part]],
    citations: Mapping[str, list[Part]],
    below: Mapping[str, list[Link]],
    inside: Mapping[str, list[str]],
    view: frozenset[str],
) -> dict[str, list[str]]:
    """Part -> parts that continue it otherwise than by a link of its own.

    An away element goes on in what it cites, but the away goal that a contract supports continues
    the goal that it cites; a module reference goes on in that module, and an undeveloped element
    in the modules that extend it.
    """
    ways: dict[str, list[str]] = {}
    for part in (part for parts in citations.values() for part in parts):
        if part.type not in ("module", "contract"):
            info = structure.modules.get(part.module)
            upward = info is not None and info.contract and part.id in below
            lower, upper = (part.id, part.away) if upward else (part.away, part.id)
            ways.setdefault(upper, []).append(lower)
    for kind in ("module", "contract"):
        for part in by_type.get(kind, ()):
            named = part.away or part.name
            if named in inside and named != part.module and part.id not in view:
                ways.setdefault(part.id, []).append(_whole(named))
                ways[_whole(named)] = inside[named]
    for info in structure.modules.values():
        for developed, local in info.extends.items():
            ways.setdefault(developed, []).extend(local)
    return ways


def _asides(
    structure: Structure, link_ids: Mapping[str, Link], inside: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """Part -> challengers of its relations, and confidence arguments of its claim points.

    Who challenges an away element doubts what it cites, so that leads to the away element.
    """
    found: dict[str, list[str]] = {}
    for link in structure.links:
        target = structure.parts.get(link.target) if link.kind == "challenges" else None
        if target is not None and target.away:
            found.setdefault(target.away, []).append(target.id)
        if link.target_link and link.target_link in link_ids:
            found.setdefault(link_ids[link.target_link].source, []).append(link.source)
    for point in structure.points:
        places = [point.on_part] if point.on_part in structure.parts else []
        places += [link_ids[name].source for name in point.on_links if name in link_ids]
        module = point.argued_by.rpartition("[")[2].removesuffix("]")  # ACP1[Module]
        for place in places:
            part = structure.parts.get(place)
            if point.argued_by in structure.parts:
                found.setdefault(place, []).append(point.argued_by)
            elif module in inside and part is not None and part.module != module:
                found.setdefault(place, []).append(_whole(module))
                found[_whole(module)] = inside[module]
    return found


def _view(structure: Structure, by_type: Mapping[str, list[Part]]) -> frozenset[str]:
    """The module references that are linked to one another and to nothing else."""
    modules = {part.id for kind in ("module", "contract") for part in by_type.get(kind, ())}
    linked: set[str] = set()
    for link in structure.links if modules else ():
        if link.source in modules and link.target in modules:
            linked.update((link.source, link.target))
    used = {link.target for link in structure.links if linked and link.source not in modules}
    return frozenset(linked - used)


def _roots(
    structure: Structure, ways: tuple[Mapping[str, list[str]], ...], view: frozenset[str]
) -> tuple[Part, ...]:
    """The parts nothing leads to; a part that challenges hangs on what it challenges."""
    led_to = {name for table in ways for at, names in table.items() for name in names if name != at}
    led_to.update(
        [link.source if link.kind == "challenges" else link.target for link in structure.links]
    )
    return tuple(
        part
        for name, part in structure.parts.items()
        if name not in led_to and part.type not in CONTEXTUAL and not part.away and name not in view
    )


def cycles(graph: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Disjoint loops of a graph, the first name repeated at the end; linear, no recursion.

    Every strongly connected part of the graph that holds a loop yields at least one.
    """
    incoming: dict[str, int] = {}
    edges = {name: list(targets) for name, targets in graph.items()}
    for targets in edges.values():
        for target in targets:
            incoming[target] = incoming.get(target, 0) + 1
    # Peel off what no loop can reach: nearly always that is everything.
    free = [name for name in edges if name not in incoming]
    while free:
        for target in edges.pop(free.pop(), ()):
            incoming[target] -= 1
            if not incoming[target] and target in edges:
                free.append(target)
    done: set[str] = set()
    for start in edges:
        if start not in done:
            yield from _loops_from(start, edges, done)


def _loops_from(
    start: str, edges: Mapping[str, list[str]], done: set[str]
) -> Iterator[tuple[str, ...]]:
    at: dict[str, int] = {start: 0}
    trail = [start]
    stack = [iter(edges[start])]
    done.add(start)
    told: list[tuple[int, int]] = []  # where the trail runs through loops that were reported
    while stack:
        following = next(stack[-1], None)
        if following is None:
            stack.pop()
            del at[trail.pop()]
            while told and told[-1][0] >= len(trail):
                told.pop()
            if told:  # what the trail goes through next is another place
                told[-1] = told[-1][0], min(told[-1][1], len(trail) - 1)
        elif following in at:
            if not told or told[-1][1] < at[following]:
                told.append((at[following], len(trail) - 1))
                yield (*trail[at[following] :], following)
        elif following not in done and following in edges:
            done.add(following)
            at[following] = len(trail)
            trail.append(following)
            stack.append(iter(edges[following]))
