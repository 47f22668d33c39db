"""A graph in rows: every node below all of its parents, and one parent each to hang on."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["layered"]


def layered(count: int, edges: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """The row of every node, from 0, and its tree parent, -1 for the tops.

    An edge runs from parent to child. A node stands one row below its lowest parent and hangs
    on the first such parent. Edges that close a loop are left out. Takes linear time.
    """
    children: list[list[int]] = [[] for _ in range(count)]
    has_parent = [False] * count
    for parent, child in edges:
        if parent != child:
            children[parent].append(child)
            has_parent[child] = True
    starts = [n for n in range(count) if not has_parent[n]]
    order = _parents_first(children, [*starts, *range(count)])
    place = [0] * count
    for index, node in enumerate(order):
        place[node] = index
    rows, parents = [0] * count, [-1] * count
    for node in order:
        for child in children[node]:
            if place[child] > place[node] and rows[child] <= rows[node]:
                rows[child] = rows[node] + 1
    for parent, child in edges:  # the first of the lowest parents, in the order of the text
        if parents[child] < 0 and place[child] > place[parent] and rows[child] == rows[parent] + 1:
            parents[child] = parent
    return rows, parents


def _parents_first(children: Sequence[Sequence[int]], starts: Sequence[int]) -> list[int]:
    """Depth-first postorder, reversed; without loops every parent stands before its children."""
    done: list[int] = []
    seen = [False] * len(children)
    for start in starts:
        if seen[start]:
            continue
        seen[start] = True
        stack = [(start, iter(children[start]))]
        while stack:
            node, rest = stack[-1]
            child = next(rest, -1)
            if child < 0:
                stack.pop()
                done.append(node)
            elif not seen[child]:
                seen[child] = True
                stack.append((child, iter(children[child])))
    done.reverse()
    return done
