"""How the debate about a path is played by those who search the graph, and what it costs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from safetycase.methods.oversight.domains.reachability import Graph, Reader, Search, search

__all__ = ["Debater", "Line", "play_line", "worth"]


@dataclass(slots=True)
class Debater:
    """Searches from a vertex the first time it has to, and counts its look-ups."""

    graph: Graph
    reader: Reader = field(init=False)
    done: dict[int, Search] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reader = Reader(self.graph)

    def path(self, u: int, v: int, most: int) -> Search | None:
        """The search from u, if it finds v within `most` steps."""
        found = self.done.get(u)
        if found is None:
            found = self.done[u] = search(self.reader, u)
        steps = found.steps[v]
        return found if steps is not None and steps <= most else None

    def middle(self, u: int, v: int, left: int) -> int:
        """The midpoint of a shortest path of at most 2^left steps; u, a lie, if there is none."""
        found = self.path(u, v, 2**left)
        if found is None:
            return u
        for _ in range(((found.steps[v] or 0) + 1) // 2):
            before = found.before[v]
            v = u if before is None else before
        return v

    def doubts_first(self, u: int, middle: int, left: int) -> bool:
        """Whether no path of half the length leads to the midpoint; else the second half is it."""
        return self.path(u, middle, 2 ** (left - 1)) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A debate as it went: the step the judge was asked about, and what each side looked up."""

    u: int
    v: int
    proponent: int
    opponent: int


def play_line(graph: Graph) -> Line:
    """Both sides as `Debater` plays them; each searches from the source to know its claim."""
    proponent, opponent = Debater(graph), Debater(graph)
    u, v = 0, graph.vertices - 1
    for side in (proponent, opponent):
        side.path(u, v, graph.vertices)
    for left in range(graph.halvings, 0, -1):
        middle = proponent.middle(u, v, left)
        u, v = (u, middle) if opponent.doubts_first(u, middle, left) else (middle, v)
    return Line(u=u, v=v, proponent=proponent.reader.look_ups, opponent=opponent.reader.look_ups)


def worth(graph: Graph, free: str = "", *, silent: bool = False) -> float:
    """What whoever claims the path gets (1 or −1) if the `free` side, `1` or `2`, replies best.

    The rest is played by `Debater`. With `silent`, the planted flaw, the claimant also says which
    half is doubted, and says it best.
    """
    both = Debater(graph)

    @cache
    def left_worth(left: int, u: int, v: int) -> float:
        if left == 0:
            return 1.0 if graph.edge(u, v) else -1.0
        every = range(graph.vertices) if free == "1" or silent else (both.middle(u, v, left),)
        return max(after(left, u, middle, v) for middle in every)

    def after(left: int, u: int, middle: int, v: int) -> float:
        halves = ((u, middle), (middle, v))
        if silent:
            return max(left_worth(left - 1, *half) for half in halves)
        if free == "2":
            return min(left_worth(left - 1, *half) for half in halves)
        chosen = halves[0] if both.doubts_first(u, middle, left) else halves[1]
        return left_worth(left - 1, *chosen)

    return left_worth(graph.halvings, 0, graph.vertices - 1)
