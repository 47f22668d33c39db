"""What reading collects: elements, the nodes they stand in, references, and scopes of names."""

from __future__ import annotations

from collections.abc import Mapping
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

    __slots__ = ("nodes",)

    def __init__(self, nodes: Mapping[str, tuple[Collection, str]]) -> None:
        self.nodes = nodes

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
