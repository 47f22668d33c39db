"""Places for boxes: layers by depth, each subtree in columns of its own, so nothing overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Place", "place"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Layer from the top and column from the left; a column may lie between two."""

    layer: int
    column: float


@dataclass(slots=True)
class _Layout:
    below: Mapping[str, Sequence[str]]
    beside: Mapping[str, Sequence[str]]
    free: int = 0
    parents: dict[str, list[str]] = field(default_factory=dict)
    sides: dict[str, list[str]] = field(default_factory=dict)
    layers: dict[str, int] = field(default_factory=dict)
    columns: dict[str, float] = field(default_factory=dict)

    def grow(self, root: str) -> None:
        """Give the tree from `root`, over what has no place yet, its columns."""
        self.layers[root] = 0
        stack: list[tuple[str, bool]] = [(root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                self.settle(node)
                continue
            deeper = self.claim(node, self.below, self.layers[node] + 1)
            level = self.claim(node, self.beside, self.layers[node])
            self.parents[node], self.sides[node] = deeper, level
            # What stands beside takes its columns after what is below, so it is pushed first.
            stack.extend((child, False) for child in reversed(level))
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(deeper))

    def claim(self, node: str, links: Mapping[str, Sequence[str]], layer: int) -> list[str]:
        """The neighbours that nobody has taken yet."""
        mine = [other for other in dict.fromkeys(links.get(node, ())) if other not in self.layers]
        self.layers |= dict.fromkeys(mine, layer)
        return mine

    def settle(self, node: str) -> None:
        """Above the middle of its children, or in the next free column."""
        children = self.parents[node]
        if children:
            ends = self.columns[children[0]], self.columns[children[-1]]
            self.columns[node] = (ends[0] + ends[1]) / 2
        else:
            self.columns[node] = float(self.free)
            self.free += 1


def place(
    nodes: Iterable[str], below: Mapping[str, Sequence[str]], beside: Mapping[str, Sequence[str]]
) -> dict[str, Place]:
    """A place for each node; two in one layer are at least one column apart.

    `below` gives what supports a node, `beside` what scopes or challenges it. Nodes that nothing
    leads to come first as roots, then what only loops reach. Linear in nodes and links.
    """
    listed = list(nodes)
    layout = _Layout(below=below, beside=beside)
    reached = {end for links in (below, beside) for ends in links.values() for end in ends}
    for node in [*(n for n in listed if n not in reached), *listed]:
        if node not in layout.layers:
            layout.grow(node)
    return {n: Place(layer=layout.layers[n], column=layout.columns[n]) for n in listed}
