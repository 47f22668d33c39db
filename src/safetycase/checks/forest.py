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
    """Preorder numbers and parents, built in linear time without recursion.

    `first` numbers the elements in preorder and `last` is the last number beneath an element; a
    top element is its own parent.
    """

    def __init__(self, index: Indexed) -> None:
        self.first: dict[str, int] = {}
        self.parent: dict[str, str] = {}
        tops = [name for name in index.parts if name not in index.above]
        for top in (*tops, *index.parts):
            if top not in self.first:
                self._grow(index, top)
        size = dict.fromkeys(self.first, 1)
        for name in reversed(self.first):
            if self.parent[name] != name:
                size[self.parent[name]] += size[name]
        self.last = {name: number + size[name] - 1 for name, number in self.first.items()}
        self._jumps: tuple[dict[str, int], dict[str, str]] | None = None

    def _grow(self, index: Indexed, top: str) -> None:
        first, parts = self.first, index.parts
        stack = [(top, top)]
        while stack:
            name, parent = stack.pop()
            if name not in first:
                first[name] = len(first)
                self.parent[name] = parent
                targets = [link.target for link in index.supports(name)]
                stack += [(t, name) for t in reversed(targets) if t not in first and t in parts]

    def _climb(self) -> tuple[dict[str, int], dict[str, str]]:
        """Depths and jump pointers.

        A jump pointer lets two branches find where they meet in logarithmically many steps
        (Myers 1983, "An applicative random-access stack").
        """
        if self._jumps is None:
            depth: dict[str, int] = {}
            jump: dict[str, str] = {}
            for name in self.first:
                parent = self.parent[name]
                if parent == name:
                    depth[name], jump[name] = 0, name
                    continue
                depth[name], far = depth[parent] + 1, jump[parent]
                equal = depth[parent] - depth[far] == depth[far] - depth[jump[far]]
                jump[name] = jump[far] if equal else parent
            self._jumps = depth, jump
        return self._jumps

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
        (depth, jump), parent = self._climb(), self.parent
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
