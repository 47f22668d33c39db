"""Is there a path? Directed graphs, with the answer by breadth-first search.

The source is vertex 0 and the target the last one. A path has at most 2^halvings edges; Savitch
1970 halves it until one edge is left, which is what a debate about it does.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Graph", "Reader", "Search", "random_graph", "reachable", "search"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """`edges[u]` holds bit v if there is an edge from u to v."""

    edges: tuple[int, ...]

    @property
    def vertices(self) -> int:
        """How many vertices there are."""
        return len(self.edges)

    @property
    def halvings(self) -> int:
        """The fewest k for which 2^k edges are enough for any simple path; at least 1."""
        return max(1, (self.vertices - 2).bit_length())

    def edge(self, u: int, v: int) -> bool:
        """Whether one step leads from u to v; staying where one is counts."""
        return u == v or self.edges[u] >> v & 1 == 1


@dataclass(slots=True)
class Reader:
    """A graph that counts how many of its entries were looked up."""

    graph: Graph
    look_ups: int = field(default=0)

    def edge(self, u: int, v: int) -> bool:
        """One look-up."""
        self.look_ups += 1
        return self.graph.edge(u, v)

    def next_to(self, u: int) -> Iterator[int]:
        """The vertices one step from u: one look-up for each vertex."""
        return (v for v in range(self.graph.vertices) if self.edge(u, v))


@dataclass(frozen=True, slots=True)
class Search:
    """Shortest paths from one vertex: `steps` to each and the vertex `before` it on the way.

    Both are None where there is no path, and `before` is at the source.
    """

    steps: tuple[int | None, ...]
    before: tuple[int | None, ...]


def search(reader: Reader, source: int) -> Search:
    """Breadth first: one look-up for each pair of a vertex that is reached and any vertex."""
    steps: list[int | None] = [None] * reader.graph.vertices
    before: list[int | None] = [None] * reader.graph.vertices
    steps[source], frontier, done = 0, [source], 0
    while frontier:
        done += 1
        reached = []
        for u in frontier:
            for v in reader.next_to(u):
                if steps[v] is None:
                    steps[v], before[v] = done, u
                    reached.append(v)
        frontier = reached
    return Search(tuple(steps), tuple(before))


def reachable(graph: Graph) -> bool:
    """Whether a path leads from the first vertex to the last: the closure of one set of bits."""
    seen, old = 1, 0
    while seen != old:
        old = seen
        for u, row in enumerate(graph.edges):
            if seen >> u & 1:
                seen |= row
    return seen >> (graph.vertices - 1) & 1 == 1


def random_graph(vertices: int, rng: random.Random, *, degree: float = 1.4) -> Graph:
    """Each edge is there with probability degree / (vertices − 1), on its own."""
    if vertices < 2:
        raise ValueError(f"{vertices} vertices: a path needs a source and a target")
    chance = min(1.0, degree / (vertices - 1))
    rows = tuple(
        sum(1 << v for v in range(vertices) if v != u and rng.random() < chance)
        for u in range(vertices)
    )
    return Graph(edges=rows)
