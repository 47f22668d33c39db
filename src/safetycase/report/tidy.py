"""A tidy tree: how far to the right each node stands, in time linear in the number of nodes.

The algorithm is that of van der Ploeg 2014, "Drawing non-layered tidy trees in linear time"
(Software: Practice and Experience 44:12), with two changes: it uses no recursion, so that depth
is no limit, and a node reaches unequally far to the left and right of the axis that its parent
is centred on.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["tidy"]


def tidy(
    children: Sequence[Sequence[int]],
    bottoms: Sequence[float],
    lefts: Sequence[float],
    rights: Sequence[float],
) -> list[float]:
    """The axis of every node; node 0 is the root and every node has one parent.

    `bottoms` bound the nodes from below; a child begins where its parent ends. `lefts` and
    `rights` say how far a node reaches from its axis. Nodes do not overlap, parents are centred
    over the axes of their first and last child, and the order of children is kept.
    """
    tree = _Tree(children, bottoms, lefts, rights)
    order = _parents_first(children)
    for node in reversed(order):
        tree.place(node)
    return tree.axes(order)


def _parents_first(children: Sequence[Sequence[int]]) -> list[int]:
    order, stack = [], [0]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(children[node])
    return order


_NONE = -1
_Low = tuple[float, int, "_Low | None"]


class _Tree:
    """The working state, with the paper's names: positions and shifts relative to the parent.

    `prelim` and `mod` place a subtree, `shift` and `change` spread it over the siblings between,
    `tl` and `tr` thread the contours, `el` and `er` are the lowest nodes of a subtree on either
    side, `msel` and `mser` the sums of `mod` down to them.
    """

    def __init__(
        self,
        children: Sequence[Sequence[int]],
        bottoms: Sequence[float],
        lefts: Sequence[float],
        rights: Sequence[float],
    ) -> None:
        n = len(children)
        self.cs, self.bottom, self.left = children, bottoms, lefts
        self.width = [a + b for a, b in zip(lefts, rights, strict=True)]
        self.prelim, self.mod = [0.0] * n, [0.0] * n
        self.shift, self.change = [0.0] * n, [0.0] * n
        self.tl, self.tr = [_NONE] * n, [_NONE] * n
        self.el, self.er = list(range(n)), list(range(n))
        self.msel, self.mser = [0.0] * n, [0.0] * n

    def place(self, t: int) -> None:
        """Put the finished subtrees of `t` side by side and `t` above them."""
        cs = self.cs[t]
        if not cs:
            return
        low: _Low | None = (self.bottom[self.el[cs[0]]], 0, None)
        for i in range(1, len(cs)):
            lowest = self.bottom[self.er[cs[i]]]
            self._separate(cs, i, low)
            while low is not None and lowest >= low[0]:
                low = low[2]
            low = (lowest, i, low)
        first, last = cs[0], cs[-1]
        middle = (
            self.prelim[first]
            + self.mod[first]
            + self.left[first]
            + self.prelim[last]
            + self.mod[last]
            + self.left[last]
        ) / 2
        self.prelim[t] = middle - self.left[t]
        self.el[t], self.msel[t] = self.el[first], self.msel[first]
        self.er[t], self.mser[t] = self.er[last], self.mser[last]

    def _separate(self, cs: Sequence[int], i: int, low: _Low | None) -> None:
        """Move child `i` to the right until it is clear of all children before it."""
        right, left = cs[i - 1], cs[i]
        at_right, at_left = self.mod[right], self.mod[left]
        while right != _NONE and left != _NONE:
            if low is not None and self.bottom[right] > low[0]:
                low = low[2]
            overlap = (
                at_right + self.prelim[right] + self.width[right] - at_left - self.prelim[left]
            )
            if overlap > 0:
                at_left += overlap
                self._move(cs, i, low[1] if low else 0, overlap)
            end_right, end_left = self.bottom[right], self.bottom[left]
            if end_right <= end_left:
                right = self.cs[right][-1] if self.cs[right] else self.tr[right]
                if right != _NONE:
                    at_right += self.mod[right]
            if end_right >= end_left:
                left = self.cs[left][0] if self.cs[left] else self.tl[left]
                if left != _NONE:
                    at_left += self.mod[left]
        if right == _NONE and left != _NONE:
            self._thread_left(cs, i, left, at_left)
        elif left == _NONE and right != _NONE:
            self._thread_right(cs, i, right, at_right)

    def _move(self, cs: Sequence[int], i: int, since: int, by: float) -> None:
        """Move child `i`, and the children between `since` and it by a fair part of that."""
        child = cs[i]
        self.mod[child] += by
        self.msel[child] += by
        self.mser[child] += by
        between = i - since
        if between > 1:
            self.shift[cs[since + 1]] += by / between
            self.shift[child] -= by / between
            self.change[child] -= by - by / between

    def _thread_left(self, cs: Sequence[int], i: int, left: int, at_left: float) -> None:
        """The subtrees before `i` end higher: their left contour goes on in that of `i`."""
        first, child = cs[0], cs[i]
        end = self.el[first]
        self.tl[end] = left
        gap = at_left - self.mod[left] - self.msel[first]
        self.mod[end] += gap
        self.prelim[end] -= gap
        self.el[first], self.msel[first] = self.el[child], self.msel[child]

    def _thread_right(self, cs: Sequence[int], i: int, right: int, at_right: float) -> None:
        """Subtree `i` ends higher: its right contour goes on in that of the ones before."""
        child, before = cs[i], cs[i - 1]
        end = self.er[child]
        self.tr[end] = right
        gap = at_right - self.mod[right] - self.mser[child]
        self.mod[end] += gap
        self.prelim[end] -= gap
        self.er[child], self.mser[child] = self.er[before], self.mser[before]

    def axes(self, order: Sequence[int]) -> list[float]:
        """Absolute axes from the relative positions, parents first."""
        total = list(self.mod)
        found = [0.0] * len(total)
        for node in order:
            found[node] = self.prelim[node] + total[node] + self.left[node]
            moved = spread = 0.0
            for child in self.cs[node]:
                moved += self.shift[child]
                spread += moved + self.change[child]
                total[child] += total[node] + spread
        return found
