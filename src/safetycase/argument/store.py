"""What reading collects: elements, the nodes they stand in, references, and scopes of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from safetycase.argument.findings import Span
from safetycase.argument.nodes import Collection, Node, span_of

__all__ = ["Places", "Reference", "Scope", "Store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How the names of one file become ids of the case.

    `prefix` is empty, `module/` or `INSTANCE/`; in a template the name of its root, `root`,
    stands for the instance itself, `instance`. `modules` are the names that reach across.
    """

    prefix: str = ""
    root: str = ""
    instance: str = ""
    modules: frozenset[str] = frozenset()

    def own(self, name: str) -> str:
        """The id of an element that this file names `name`."""
        if not self.prefix:
            return name
        return self.instance if name == self.root else self.prefix + name

    def refer(self, name: str) -> str:
        """The id that this file refers to by `name`."""
        if not self.prefix:
            return name
        if "/" in name and name.split("/", 1)[0] in self.modules:
            return name
        return self.own(name)


class Reference(NamedTuple):
    """One id that refers to an element: where it stands, and what kinds fit."""

    path: Any
    name: str
    ref: Any
    node: Node
    file: str


class Places:
    """Where things stand in the text, looked up in the nodes when somebody asks."""

    __slots__ = ("nodes", "references")

    def __init__(
        self,
        nodes: Mapping[str, tuple[Collection, str]],
        references: Sequence[Reference] = (),
    ) -> None:
        self.nodes = nodes
        self.references = references

    def named(self, name: str) -> Span | None:
        """Where the id `name` is written as an element's own."""
        found = self.nodes.get(name)
        return span_of(found[0].items[1], found[1]) if found and name else None

    def referring(self, name: str) -> tuple[Span, ...]:
        """Every place that refers to `name`."""
        return tuple(span_of(r.node, r.file) for r in self.references if r.name == name)

    def at(self, file: str, line: int, column: int) -> str | None:
        """The id that is written at a place of a file (1-based), its own or a reference."""
        for reference in self.references:
            if reference.file == file and _covers(reference.node, line, column):
                return reference.name
        for name, (node, where) in self.nodes.items():
            if where == file and len(node.items) > 1 and _covers(node.items[1], line, column):
                return name or None
        return None

    def find(self, path: tuple[str, ...]) -> Span | None:
        """The place of `(element id, key, ...)`, or of its nearest parent that has one."""
        found = self.nodes.get(path[0]) if path else None
        if found is None:
            return None
        node: Node = found[0]
        if len(path) == 1 and path[0]:
            return span_of(found[0].items[0], found[1])
        for key in path[1:]:
            inner = _step(node, key)
            if inner is None:
                break
            node = inner
        return span_of(node if node is not found[0] else found[0].items[0], found[1])


def _covers(node: Node, line: int, column: int) -> bool:
    start: Any = node.start_mark
    if start.line + 1 != line or type(node) is Collection:
        return False
    end: Any = node.end_mark
    return bool(start.column < column <= end.column + 1)


def _step(node: Node, key: str) -> Node | None:
    if type(node) is not Collection:
        return None
    if node.mapping:
        for name, value in node.pairs():
            if type(name) is not Collection and name.value == key:
                return value
        return None
    return node.items[int(key)] if key.isdigit() and int(key) < len(node.items) else None


@dataclass(slots=True, kw_only=True)
class Store:
    """Everything read so far; `nodes` and `kinds` are by full id, in file order."""

    elements: dict[str, Any] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, tuple[Collection, str]] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    uses: dict[str, Any] = field(default_factory=dict)

    def place(self, path: tuple[str, ...]) -> Span | None:
        """Where `path` stands."""
        return Places(self.nodes).find(path)

    def take(self, other: Store) -> None:
        """Add everything of another store; ids of different files never clash."""
        self.elements.update(other.elements)
        self.kinds.update(other.kinds)
        self.nodes.update(other.nodes)
        self.references += other.references
        self.uses.update(other.uses)
