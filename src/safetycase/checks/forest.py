"""The support of a structure as a spanning forest: who is above whom, and where branches meet.

What it says of ancestors is true but not complete: where an element supports several others, only
the way by which it was reached first counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from safetycase.checks.indexed import Indexed

__all__ = ["Forest"]


class Forest:
    """Preorder numbers, depths and jump pointers; built in linear time without recursion.

    A jump pointer lets two branches find where they meet in logarithmically many steps (Myers
    1983, "An applicative random-access stack").
    """

    def __init__(self, index: Indexed) -> None:
        self.first: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.parent: dict[str, str] = {}
        self.depth: dict[str, int] = {}
        self.jump: dict[str, str] = {}
        tops = [name for name in index.parts if name not in index.above]
        for top in (*tops, *index.parts):
            if top not in self.first:
                self._grow(index, top)

    def _grow(self, index: Indexed, top: str) -> None:
        self.parent[top] = self.jump[top] = top
        self.depth[top] = 0
        self.first[top] = len(self.first)
        stack = [(top, iter(index.supports(top)))]
        while stack:
            name, rest = stack[-1]
            link = next(rest, None)
            if link is None:
                self.last[name] = len(self.first) - 1
                stack.pop()
            elif link.target not in self.first and link.target in index.parts:
                self._hang(link.target, name)
                stack.append((link.target, iter(index.supports(link.target))))

    def _hang(self, name: str, parent: str) -> None:
        self.first[name] = len(self.first)
        self.parent[name] = parent
        self.depth[name] = self.depth[parent] + 1
        far = self.jump[parent]
        equal = self.depth[parent] - self.depth[far] == self.depth[far] - self.depth[self.jump[far]]
        self.jump[name] = self.jump[far] if equal else parent

    def nested(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """(lower, nearest upper) for each of `names` that stands beneath another of them."""
        known = [name for name in dict.fromkeys(names) if name in self.first]
        open_ones: list[str] = []
        for name in sorted(known, key=self.first.__getitem__):
            while open_ones and self.last[open_ones[-1]] < self.first[name]:
                open_ones.pop()
            if open_ones:
                yield name, open_ones[-1]
            open_ones.append(name)

    def meet(self, one: str, other: str) -> str | None:
        """The lowest element that both stand beneath, or None."""
        depth, jump, parent = self.depth, self.jump, self.parent
        if depth[one] < depth[other]:
            one, other = other, one
        while depth[one] > depth[other]:
            one = jump[one] if depth[jump[one]] >= depth[other] else parent[one]
        while one != other:
            if parent[one] == one and parent[other] == other:
                return None
            if jump[one] != jump[other]:
                one, other = jump[one], jump[other]
            else:
                one, other = parent[one], parent[other]
        return one

    def meetings(self, names: Iterable[str]) -> set[str]:
        """Every element at which the ways up from two of `names` meet.

        Neighbours in preorder are enough: the meeting of any two is that of some neighbours
        between them.
        """
        order = sorted(set(names), key=self.first.__getitem__)
        found = {self.meet(a, b) for a, b in pairwise(order)}
        return {name for name in found if name is not None}
