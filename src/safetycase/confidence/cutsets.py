"""The smallest sets of literals that decide a node: minimal cut sets and minimal path sets.

Sets are built from the events upward, with negations moved onto events, and cut off at a size;
no set of at most that size is lost by it, as a set is at least as large as its parts. In a graph
without negations what is found are exactly the minimal sets up to that size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Graph

__all__ = ["DecidingSets", "deciding_sets"]

_PAIRS = 100  # pairs of sets looked at in one step, for each set that may be kept


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidingSets:
    """Sets of (event, value) that force the node, none within another, smallest first.

    `complete` is false if there were more than could be kept: others of that size may exist.
    """

    sets: tuple[tuple[tuple[int, bool], ...], ...]
    complete: bool


def deciding_sets(
    graph: Graph, node: int, *, value: bool, size: int, limit: int = 2_000
) -> DecidingSets:
    """Minimal sets of at most `size` literals that make `node` have `value`.

    At most `limit` sets are kept at each node of the graph, the smallest first.
    """
    work = _Work(graph, size, limit)
    found = work.sets(node, value)
    ranked = sorted((len(s), sorted(s)) for s in found)
    return DecidingSets(
        sets=tuple(tuple((x >> 1, bool(x & 1)) for x in literals) for _, literals in ranked),
        complete=work.complete,
    )


class _Work:
    def __init__(self, graph: Graph, size: int, limit: int) -> None:
        self.graph, self.size, self.limit = graph, size, limit
        self.complete = True
        self.done: dict[tuple[int, bool], list[frozenset[int]]] = {}

    def sets(self, node: int, value: bool) -> list[frozenset[int]]:
        """The sets for the node, after those of everything below it."""
        for i, wanted in self._needed(node, value):
            op, parts = self.graph.ops[i], self.graph.parts[i]
            if op == EVENT:
                own = frozenset([2 * i + wanted])
                self.done[i, wanted] = [own] if self.size > 0 else []
                continue
            if op == NOT:
                self.done[i, wanted] = self.done[parts[0], not wanted]
                continue
            k = len(parts) if op == ALL else 1 if op == ANY else self.graph.k[i]
            needed = k if wanted else len(parts) - k + 1
            self.done[i, wanted] = self._count(needed, [self.done[part, wanted] for part in parts])
        return self.done[node, value]

    def _needed(self, node: int, value: bool) -> list[tuple[int, bool]]:
        """(node, value) pairs that are asked for, parts before wholes."""
        seen = {(node, value)}
        stack = [(node, value)]
        while stack:
            i, wanted = stack.pop()
            handed = not wanted if self.graph.ops[i] == NOT else wanted
            for part in self.graph.parts[i]:
                if (part, handed) not in seen:
                    seen.add((part, handed))
                    stack.append((part, handed))
        return sorted(seen)

    def _count(self, needed: int, parts: Sequence[list[frozenset[int]]]) -> list[frozenset[int]]:
        """Sets that bring at least `needed` of the parts about."""
        if needed <= 0:
            return [frozenset()]
        if needed > len(parts):
            return []
        if needed == 1:
            return self._minimal(s for part in parts for s in part)
        table: list[list[frozenset[int]]] = [[frozenset()], *([] for _ in range(needed))]
        for seen, part in enumerate(parts):
            left = len(parts) - seen - 1
            for j in range(min(needed, seen + 1), 0, -1):
                if needed - j <= left:  # otherwise the rest cannot bring it to `needed`
                    table[j] = self._minimal([*table[j], *self._joined(table[j - 1], part)])
        return table[needed]

    def _joined(
        self, ones: Sequence[frozenset[int]], others: Sequence[frozenset[int]]
    ) -> Iterator[frozenset[int]]:
        looked = 0
        for one in ones:
            looked += len(others)
            if looked > _PAIRS * self.limit:
                self.complete = False
                return
            for other in others:
                both = one | other
                if len(both) <= self.size and not any(x ^ 1 in both for x in other):
                    yield both

    def _minimal(self, sets: Iterable[frozenset[int]]) -> list[frozenset[int]]:
        """Without supersets, and no more than the limit."""
        kept: list[frozenset[int]] = []
        by_size: dict[int, set[frozenset[int]]] = {}
        for candidate in set(sets):
            by_size.setdefault(len(candidate), set()).add(candidate)
        present: set[frozenset[int]] = set()
        for size in sorted(by_size):
            smaller = list(present)
            for candidate in sorted(by_size[size], key=sorted):
                if not _covers(candidate, present, smaller):
                    kept.append(candidate)
                    if len(kept) > self.limit:
                        self.complete = False
                        return kept[: self.limit]
            present = set(kept)
        return kept


def _covers(
    candidate: frozenset[int], present: set[frozenset[int]], smaller: Sequence[frozenset[int]]
) -> bool:
    """Whether one of the smaller sets lies within the candidate."""
    if len(candidate) <= 4:
        items = sorted(candidate)
        for mask in range(1 << len(items)):
            if frozenset(x for i, x in enumerate(items) if mask >> i & 1) in present:
                return True
        return False
    return any(other <= candidate for other in smaller)
