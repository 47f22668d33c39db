"""A structure as gsn2x sees it: kinds, sorted references, extensions, roots and reachability.

gsn2x sorts ids and references by code point, lets a module develop undeveloped elements of
another one (`extends`), and counts a challenger as a child of what it challenges.
"""

from __future__ import annotations

import functools
import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from safetycase.argument.findings import Span
from safetycase.argument.structure import ClaimPoint, ModuleInfo, Part, Structure

__all__ = [
    "ARROW",
    "EXTENDS",
    "RELATIONS_DEFEATED",
    "UNKNOWN_TYPE",
    "Extension",
    "Index",
    "extensions",
    "index_of",
    "kind_of",
    "kind_of_id",
    "no_collection",
]

ARROW = " -> "
EXTENDS = "extends"
RELATIONS_DEFEATED = "defeatedRelation"
UNKNOWN_TYPE = "sc.type"

_ONE_LETTER = {"G": "Goal", "A": "Assumption", "J": "Justification"}
_PLAIN = {
    "goal": "Goal",
    "strategy": "Strategy",
    "solution": "Solution",
    "context": "Context",
    "assumption": "Assumption",
    "justification": "Justification",
}


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the collector of cycles quiet: a large argument is millions of objects and no cycle."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def kind_of_id(name: str) -> str:
    """The element kind that the prefix of an id stands for, or the empty text."""
    first = name[:1]
    if first == "S":
        return "Solution" if name[1:2] == "n" else "Strategy"
    if first == "C":
        if name[1:2] == "G":
            return "CounterGoal"
        return "CounterSolution" if name[1:3] == "Sn" else "Context"
    return _ONE_LETTER.get(first, "")


def kind_of(part: Part) -> str:
    """The gsn2x kind of a part; empty for what gsn2x has no kind for."""
    if part.tags and part.tags.get(UNKNOWN_TYPE) == "unknown":
        return ""
    kind = _PLAIN.get(part.type, "")
    if part.counter and (kind == "Goal" or kind == "Solution"):
        return "Counter" + kind
    return kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One entry of `extends`: elements of `module`, each with the local ones that develop it."""

    module: str
    develops: tuple[tuple[str, tuple[str, ...]], ...]


def extensions(structure: Structure, info: ModuleInfo) -> tuple[Extension, ...]:
    """What the module `info` develops elsewhere, in the order in which gsn2x looks at it.

    The record keeps the ids alone; where the named module is not that of the element, the reader
    left the whole entry under the tag `extends`.
    """
    kept = info.tags.get(EXTENDS)
    if kept is not None:
        try:
            entries = [
                Extension(
                    module=module,
                    develops=tuple((name, tuple(local)) for name, local in sorted(lines.items())),
                )
                for module, lines in json.loads(kept)
            ]
        except (ValueError, TypeError, AttributeError):
            entries = []
        return tuple(entries)
    blocks: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for name, local in sorted(info.extends.items()):
        part = structure.parts.get(name)
        blocks.setdefault(part.module if part else "", []).append((name, local))
    return tuple(Extension(module=m, develops=tuple(lines)) for m, lines in blocks.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The lookups that the rules share. References are sorted; `ids` are in gsn2x's order.

    `challenges` holds pairs: (target, "") for an element, (left, right) for a relation that is
    named by its ends, as in `X -> Y`.
    """

    structure: Structure
    ids: tuple[str, ...]
    kinds: Mapping[str, str]
    supported: Mapping[str, Sequence[str]]
    context: Mapping[str, Sequence[str]]
    challenges: Mapping[str, Sequence[tuple[str, str]]]
    challenged: frozenset[str]
    modules: frozenset[str]
    points: Mapping[str, Sequence[tuple[ClaimPoint, Sequence[str]]]]

    def module_name(self, module: str) -> str:
        """What gsn2x calls a module: its name, or its file if it has none."""
        return module or self.structure.source

    def span(self, name: str) -> Span:
        """The place of an element, or the start of the first file."""
        part = self.structure.parts.get(name)
        return part.span if part and part.span else self.start()

    def reference_span(self, name: str, other: str) -> Span:
        """The place where an element refers to another one, or the element's."""
        return _link_spans(_Same(self.structure)).get((name, other)) or self.span(name)

    def start(self) -> Span:
        """The start of the first file, for what concerns the whole."""
        return Span(file=self.structure.source or "argument", line=1, column=1)

    def module_span(self, module: str) -> Span:
        """The place of a module."""
        info = self.structure.modules.get(module)
        return info.span if info and info.span else self.start()

    def developers(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        """The module that develops each undeveloped element, and with what; the first one wins."""
        found: dict[str, tuple[str, tuple[str, ...]]] = {}
        for name in sorted(self.structure.modules):
            for ext in extensions(self.structure, self.structure.modules[name]):
                for target, local in ext.develops:
                    part = self.structure.parts.get(target)
                    if part and part.module == ext.module and part.undeveloped:
                        found.setdefault(target, (name, local))
        return found

    def developed(self) -> Mapping[str, Sequence[str]]:
        """`supported` after every valid extension."""
        return _developed(_Same(self.structure))[0]

    def roots(self) -> Sequence[str]:
        """The elements that nothing refers to and that challenge nothing, sorted."""
        return _developed(_Same(self.structure))[1]

    def challengers_of(self) -> dict[str, list[str]]:
        """The challengers by what they aim at; for a relation, by its first end."""
        found: dict[str, list[str]] = {}
        for name, targets in self.challenges.items():
            for left, _ in targets:
                found.setdefault(left, []).append(name)
        return found


def index_of(structure: Structure) -> Index:
    """The index of a structure; the last one is kept, since each rule asks for it."""
    return _cached(_Same(structure))


class _Same:
    """A structure compared by identity: its mappings cannot be hashed."""

    __slots__ = ("structure",)

    def __init__(self, structure: Structure) -> None:
        self.structure = structure

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.structure is self.structure

    def __hash__(self) -> int:
        return id(self.structure)


@functools.lru_cache(maxsize=1)
def _cached(same: _Same) -> Index:
    structure = same.structure
    supported: dict[str, list[str]] = {}
    context: dict[str, list[str]] = {}
    challenges: dict[str, list[tuple[str, str]]] = {}
    ends = {link.id: (link.source, link.target) for link in structure.links if link.id}
    for link in structure.links:
        if link.kind == "supported by":
            supported.setdefault(link.source, []).append(link.target)
        elif link.kind == "in context of":
            context.setdefault(link.source, []).append(link.target)
        elif link.target_link:
            left, _, right = link.target_link.partition(ARROW)
            aim = (left, right) if right else ends.get(link.target_link, (left, ""))
            challenges.setdefault(link.source, []).append(aim)
        else:
            challenges.setdefault(link.source, []).append((link.target, ""))
    for lists in (supported, context):
        for references in lists.values():
            references.sort()
    return Index(
        structure=structure,
        ids=tuple(sorted(structure.parts)),
        kinds={name: kind_of(part) for name, part in structure.parts.items()},
        supported=supported,
        context=context,
        challenges=challenges,
        challenged=frozenset(
            left for targets in challenges.values() for left, right in targets if not right
        ),
        modules=frozenset(structure.modules) | {p.module for p in structure.parts.values()},
        points=_points(structure),
    )


@functools.lru_cache(maxsize=1)
def _developed(same: _Same) -> tuple[Mapping[str, Sequence[str]], Sequence[str]]:
    """The support after every extension, and the roots of the argument that it makes."""
    index = _cached(same)
    added = {target: local for target, (_, local) in index.developers().items()}
    supported = {**index.supported, **added} if added else index.supported
    used: set[str] = set(index.challenges)
    used.update(*supported.values(), *index.context.values())
    return supported, [name for name in index.ids if name not in used]


@functools.lru_cache(maxsize=1)
def _link_spans(same: _Same) -> dict[tuple[str, str], Span]:
    """The places of the links; looked up only where something is wrong."""
    return {(link.source, link.target): link.span for link in same.structure.links if link.span}


def _points(structure: Structure) -> dict[str, list[tuple[ClaimPoint, Sequence[str]]]]:
    """The claim points by the element that carries them, each with the ids it names."""
    ends = {link.id: (link.source, link.target) for link in structure.links if link.id}
    found: dict[str, list[tuple[ClaimPoint, Sequence[str]]]] = {}
    for point in sorted(structure.points, key=lambda p: p.id):
        owner, named = point.on_part, [point.on_part] if point.on_part else []
        for link in point.on_links:
            source, target = ends.get(link, (link.partition(ARROW)[0], link.partition(ARROW)[2]))
            owner = owner or source
            named.append(target if source == owner else source)
        found.setdefault(owner, []).append((point, named))
    return found
